using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing.Model;

namespace Emergence.Measuring.Probes;

/// <summary>Loads the probe of a series once, as long as its checkpoints ask for the same.</summary>
/// <param name="options">What the user said about the samples.</param>
/// <param name="progress">Receives what a download does, a line at a time; optional.</param>
public sealed class ProbeCache(ProbeOptions options, Action<string>? progress = null)
{
    private (CheckpointMetadata Metadata, ImmutableArray<ModelInput> Inputs, Probe Probe)? last;

    /// <summary>The probe of a checkpoint: the last one again, where what the checkpoint records and takes in is the same.</summary>
    /// <exception cref="UserException">The probe cannot be had, or does not fit the model.</exception>
    public Probe Resolve(Checkpoint checkpoint, LayerGraph graph, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(graph);
        if (last is { } known && AsksForTheSame(known.Metadata, checkpoint.Metadata) && TakeTheSame(known.Inputs, graph.Inputs))
            return known.Probe;
        var probe = ProbeResolver.Resolve(checkpoint, graph, options, progress, token);
        last = (checkpoint.Metadata, graph.Inputs, probe);
        return probe;
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
