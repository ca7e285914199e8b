using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Tracing.Model;

namespace Emergence.Measuring.Probes;

/// <summary>Loads the probe of a series once, as long as its checkpoints ask for the same. Several threads may ask: where one
/// loads, the others wait.</summary>
/// <param name="options">What the user said about the samples.</param>
/// <param name="progress">Receives what a download does, a line at a time; optional.</param>
public sealed class ProbeCache(ProbeOptions options, Action<string>? progress = null)
{
    internal const long LargeImage = 1 << 26;

    private readonly Lock gate = new();
    private (CheckpointMetadata Metadata, ImmutableArray<ModelInput> Inputs, ImmutableArray<ProbeSource> Sources)? loaded;
    private (ImmutableArray<ProbeSource> Sources, ImmutableArray<ModelInput> Inputs, Probe Probe)? last;

    /// <summary>What the user said of the samples.</summary>
    public ProbeOptions Options => options;

    /// <summary>The stored samples of a checkpoint, none where they are drawn; the last ones again, where
    /// it asks for the same.</summary>
    /// <exception cref="UserException">They cannot be had.</exception>
    internal ImmutableArray<ProbeSource> Load(Checkpoint checkpoint, ImmutableArray<ModelInput> inputs, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        lock (gate)
        {
            if (loaded is { } known && AsksForTheSame(known.Metadata, checkpoint.Metadata) && TakeTheSame(known.Inputs, inputs))
                return known.Sources;
            token.ThrowIfCancellationRequested();
            var sources = ProbeResolver.Load(checkpoint, inputs, options, progress, token);
            loaded = (checkpoint.Metadata, inputs, sources);
            return sources;
        }
    }

    /// <summary>The probe made of loaded samples: the last one again, where the samples are and the model
    /// takes the same.</summary>
    /// <exception cref="UserException">The samples do not fit the model.</exception>
    internal Probe Resolve(Checkpoint checkpoint, LayerGraph graph, ImmutableArray<ProbeSource> sources)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(graph);
        lock (gate)
        {
            if (last is { } known && known.Sources == sources && TakeTheSame(known.Inputs, graph.Inputs))
                return known.Probe;
            var probe = ProbeResolver.Resolve(checkpoint, graph, options, sources);
            last = (sources, graph.Inputs, probe);
            return probe;
        }
    }

    /// <summary>Bytes of the samples in memory, as float32: those that were loaded, else those that will be drawn.</summary>
    internal long BytesOf(ImmutableArray<ModelInput> inputs, ImmutableArray<ProbeSource> sources)
    {
        // Larger ones stay in their file, or are drawn when they are read.
        const long most = StoredArray.MostHeld;
        if (!sources.IsEmpty)
            return sources.Sum(source => source.Stored.Arrays.Sum(array =>
                array.Array.HeldBytes > 0 ? sizeof(float) * array.Array.HeldBytes : most));
        // A small file may declare an input of any size: beyond that of a large image it is the file's wish, not the user's.
        return inputs
            .Select(input => SampleFit.SampleShapeOf(input).Aggregate((Int128)sizeof(float), (product, size) => product * size))
            .Where(bytes => bytes <= LargeImage)
            .Sum(bytes => Math.Max((long)bytes, Math.Min(most, (options.Samples ?? ProbeResolver.RandomSamples) * (long)bytes)));
    }

    private static bool AsksForTheSame(CheckpointMetadata a, CheckpointMetadata b) =>
        (a.Dataset, a.Split, a.DatasetSha256, a.Scale) == (b.Dataset, b.Split, b.DatasetSha256, b.Scale)
        && a.Mean.SequenceEqual(b.Mean) && a.Std.SequenceEqual(b.Std);

    private static bool TakeTheSame(ImmutableArray<ModelInput> a, ImmutableArray<ModelInput> b) =>
        a.Length == b.Length && a.Zip(b).All(pair => IsSame(pair.First, pair.Second));

    private static bool IsSame(ModelInput a, ModelInput b) =>
        (a.Name, a.ElementType, a.BatchAxis, a.Vocabulary) == (b.Name, b.ElementType, b.BatchAxis, b.Vocabulary)
        && a.Shape.SequenceEqual(b.Shape);
}
