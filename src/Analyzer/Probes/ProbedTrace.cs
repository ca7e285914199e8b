using System.Collections.Immutable;
using Emergence.Analyzer.Graphs;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Probes;

/// <summary>A checkpoint traced with the sizes of the data that it will run on.</summary>
/// <param name="Traced">The trace.</param>
/// <param name="Options">What it was traced with.</param>
/// <param name="Probe">The samples.</param>
internal sealed record ProbedTrace(TracedModel Traced, TraceOptions Options, Probe Probe)
{
    /// <summary>Loads the samples and traces.</summary>
    /// <param name="checkpoint">The checkpoint, as <see cref="ModelPreparation"/> leaves it.</param>
    /// <param name="options">What the user said of the trace.</param>
    /// <param name="probes">The samples.</param>
    /// <param name="token">Ends a download.</param>
    /// <exception cref="UserException">The checkpoint cannot be traced, or its samples cannot be had or do not fit.</exception>
    public static ProbedTrace Of(Checkpoint checkpoint, TraceOptions options, ProbeCache probes, CancellationToken token)
    {
        var inputs = LayerTracer.InputsOf(checkpoint, options);
        for (var isLast = false; ; isLast = true)
        {
            var sources = probes.Load(checkpoint, inputs, token);
            var sized = ProbeResolver.Sized(checkpoint, inputs, probes.Options, sources, options);
            var traced = LayerTracer.TraceFully(checkpoint, sized);
            // The operators may take another axis for the samples than names tell: the data are then read along that one.
            var assumed = inputs.Select(input => sized.BatchAxes.GetValueOrDefault(input.Name, input.BatchAxis));
            if (isLast || sources.IsEmpty || traced.Graph.Inputs.Select(input => input.BatchAxis).SequenceEqual(assumed))
                return new ProbedTrace(traced, sized, probes.Resolve(checkpoint, traced.Graph, sources));
            inputs = traced.Graph.Inputs;
        }
    }
}
