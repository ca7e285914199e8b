using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;
using Onnx;

namespace Emergence.Measuring.Instrumentation;

/// <summary>What to count, and over which part of a batch.</summary>
internal sealed record CountingOptions
{
    /// <summary>The counters of every layer.</summary>
    public required ImmutableArray<Counter> Counters { get; init; }

    /// <summary>What a node of a convolution is.</summary>
    public ConvNodes ConvNodes { get; init; } = ConvNodes.Units;

    /// <summary>Count only this many samples of each run, from the first on: the rest is padding. Null: all.</summary>
    public int? Rows { get; init; }

    /// <summary>
    /// Whether sums run in float32 over groups of samples, which the runs must then respect; else all of them in double.
    /// Ignored where <see cref="Rows"/> is given.
    /// </summary>
    public bool ByGroups { get; init; }

    /// <summary>
    /// Whether what is added up by groups leaves the graph as it is, one row of float32 for each group, to be added up in double
    /// outside. Else the graph adds the groups up too, which brings less back but takes the runtime longer.
    /// </summary>
    public bool GroupsOutside { get; init; }

    /// <summary>Whether every run is of one sample, so that nothing has to be added up over samples.</summary>
    public bool OneByOne { get; init; }

    /// <summary>
    /// Indices of the layers whose activations may come out whole, where <see cref="Counter.IsOrderless"/> counters are cheaper
    /// outside. Ignored where <see cref="Rows"/> is given.
    /// </summary>
    public ImmutableHashSet<int> OnHost { get; init; } = [];

    /// <summary>The batch under which the sizes of batch axes were traced.</summary>
    public int TracedBatch { get; init; } = 1;

    /// <summary>The tensor of logits to expose beside the counters (as double), or null.</summary>
    public string? Logits { get; init; }

    /// <summary>Thresholds under which the alive nodes of each single sample are counted; empty: none.</summary>
    public ImmutableArray<float> SampleThresholds { get; init; } = [];

    /// <summary>Indices of the layers of which it must be known which nodes are alive on a sample, not only how many.</summary>
    public ImmutableHashSet<int> SampleMasks { get; init; } = [];

    /// <summary>
    /// The input whose axis counts the samples of a run, which inside bodies cannot be told otherwise where one does not run;
    /// null: there is one.
    /// </summary>
    public (string Input, int Axis)? Batch { get; init; }

    /// <summary>Whether the model's own outputs stay; without them, what only they need is taken out.</summary>
    public bool KeepOutputs { get; init; }
}

/// <summary>The output that carries one counter of a layer: double, one value per node, in the order of the graph.</summary>
/// <param name="Counter">What is counted.</param>
/// <param name="Output">Its name.</param>
internal readonly record struct CounterOutput(Counter Counter, string Output)
{
    /// <summary>Given where the output is float32, one such row after the other, still to be added up: what they are multiplied
    /// with.</summary>
    public double? RowFactor { get; init; }
}

/// <summary>The outputs that carry one layer's counters.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Layout">How its axes become nodes.</param>
/// <param name="Extent">
/// Output with the shape of the tensor that is read, padding included (int64); of a layer inside a body, with the number of
/// samples of each node over all iterations (double, one element).
/// </param>
/// <param name="Counters">Each counter's output.</param>
internal sealed record LayerCounters(
    TracedLayer Layer, NodeLayout Layout, string Extent, ImmutableArray<CounterOutput> Counters)
{
    /// <summary>Whether it stands inside the body of an If, Loop or Scan.</summary>
    public bool IsInBody { get; init; }

    /// <summary>The output with the whole activations, float32, on which its counters are counted; null: none.</summary>
    public string? Activations { get; init; }

    /// <summary>What is counted of each single sample: one entry per threshold.</summary>
    public ImmutableArray<SampleCounters> Samples { get; init; } = [];

    /// <summary>Bytes of them all in one run.</summary>
    /// <param name="samples">Samples that count.</param>
    /// <param name="group">Samples of a group.</param>
    public long BytesBack(int samples, int group)
    {
        var inRows = Counters.Where(counter => counter.Output != Activations).ToLookup(counter => counter.RowFactor is not null);
        var elements = Layout.Axes.Where(axis => axis.Role != AxisRole.Batch)
            .Aggregate(1L, (elements, axis) => elements * axis.Size);
        var rows = inRows[true].Count() * (long)((samples + group - 1) / group);
        return (sizeof(double) * ((IsInBody ? 1 : Layout.Axes.Length) + ((long)inRows[false].Count() * Layout.Nodes)))
            + (sizeof(float) * elements * (rows + (Activations is null ? 0 : samples)))
            + (Samples.Sum(each => each.BytesOfSample(Layout.Nodes)) * samples);
    }

    /// <summary>
    /// The outputs in the order in which they are read: the extent, the activations, the counters, those of single samples.
    /// </summary>
    public IEnumerable<string> Outputs =>
        [Extent, .. Activations is null ? [] : (string[])[Activations],
            .. Counters.Select(counter => counter.Output).Where(output => output != Activations),
            .. Samples.SelectMany(sample => sample.Outputs)];
}

/// <summary>The outputs that tell, for each sample of a run, how much of one layer is alive under one threshold.</summary>
/// <param name="Alive">a: alive nodes (int32, one per sample).</param>
/// <param name="AliveChannels">α: channels with any alive position, laid out the same way; null where that is a.</param>
/// <param name="Borderline">Nodes that a change of 1e-4 may flip, laid out the same way.</param>
/// <param name="Mask">Which nodes are alive: bool, sample by sample, channel-major; null where it was not asked for.</param>
internal sealed record SampleCounters(string Alive, string? AliveChannels, string Borderline, string? Mask)
{
    /// <summary>Bytes of one sample, of a layer with this many nodes.</summary>
    public long BytesOfSample(int nodes) =>
        ((AliveChannels is null ? 2 : 3) * sizeof(int)) + (Mask is null ? 0 : (long)nodes * sizeof(bool));

    /// <summary>Those there are, in the order in which they are read.</summary>
    public IEnumerable<string> Outputs => ((string?[])[Alive, AliveChannels, Borderline, Mask]).OfType<string>();
}

/// <summary>A model whose outputs are counters.</summary>
/// <param name="Model">A changed copy of the model.</param>
/// <param name="Layers">In the order of the layers asked for.</param>
/// <param name="Logits">Output with the logits, as double, or null.</param>
internal sealed record InstrumentedModel(ModelProto Model, ImmutableArray<LayerCounters> Layers, string? Logits)
{
    /// <summary>The input that takes the ones of <see cref="SampleGroups"/>; null where none is needed.</summary>
    public string? Ones { get; init; }

    /// <summary>Bytes of the counters that one run brings back, the logits not among them.</summary>
    /// <param name="samples">Samples of the run that count, for what is counted of each single one.</param>
    /// <param name="group">Samples of a group.</param>
    public long BytesBack(int samples, int group) => Layers.Sum(layer => layer.BytesBack(samples, group));

    /// <summary>Where the outputs of each layer begin among <see cref="Outputs"/>.</summary>
    public ImmutableArray<int> FirstOutputs { get; } = Starts(Logits is null ? 0 : 1, Layers);

    /// <summary>Every output to ask for: the logits, then each layer's extent and counters.</summary>
    public ImmutableArray<string> Outputs { get; } =
    [
        .. Logits is null ? [] : (string[])[Logits],
        .. Layers.SelectMany(layer => layer.Outputs),
    ];

    private static ImmutableArray<int> Starts(int start, ImmutableArray<LayerCounters> layers)
    {
        var starts = ImmutableArray.CreateBuilder<int>(layers.Length);
        foreach (var layer in layers)
        {
            starts.Add(start);
            start += layer.Outputs.Count();
        }
        return starts.MoveToImmutable();
    }
}
