using System.Collections.Immutable;
using Emergence.Analyzer.Graphs;
using Onnx;

namespace Emergence.Analyzer.Instrumentation;

/// <summary>What to count, and over which part of a batch.</summary>
public sealed record CountingOptions
{
    /// <summary>The counters of every layer.</summary>
    public required ImmutableArray<Counter> Counters { get; init; }

    /// <summary>What a node of a convolution is.</summary>
    public ConvNodes ConvNodes { get; init; } = ConvNodes.Units;

    /// <summary>Count only the first so many samples of each run: the rest is padding. Null: all.</summary>
    public int? Rows { get; init; }

    /// <summary>The tensor of logits to expose beside the counters (as double), or null.</summary>
    public string? Logits { get; init; }

    /// <summary>Whether the model's own outputs stay; without them, what only they need is taken out.</summary>
    public bool KeepOutputs { get; init; }
}

/// <summary>The outputs that carry one layer's counters.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Layout">How its axes become nodes.</param>
/// <param name="Shape">Output with the shape of the tensor that is read, padding included (int64).</param>
/// <param name="Counters">Each counter's output: double, one value per node, in the order of the graph.</param>
public sealed record LayerCounters(
    TracedLayer Layer, NodeLayout Layout, string Shape, ImmutableArray<(Counter Counter, string Output)> Counters);

/// <summary>A model whose outputs are counters.</summary>
/// <param name="Model">A changed copy of the model.</param>
/// <param name="Layers">In the order of the layers asked for.</param>
/// <param name="Logits">Output with the logits, as double, or null.</param>
public sealed record InstrumentedModel(ModelProto Model, ImmutableArray<LayerCounters> Layers, string? Logits)
{
    /// <summary>Every output to ask for: the logits, then each layer's shape and counters.</summary>
    public ImmutableArray<string> Outputs { get; } =
    [
        .. Logits is null ? [] : (string[])[Logits],
        .. Layers.SelectMany(layer => layer.Counters.Select(counter => counter.Output).Prepend(layer.Shape)),
    ];
}
