using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Series;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Comparison;

/// <summary>How two layers were found to be the same.</summary>
public enum LayerMatch
{
    /// <summary>They are not: the layer is in one network only.</summary>
    None,

    /// <summary>By name.</summary>
    Name,

    /// <summary>By operator, nodes and place.</summary>
    Structure,
}

/// <summary>One of the sides: a model, or a series, of which the last checkpoint is compared.</summary>
/// <param name="Name">How the user named it.</param>
/// <param name="Checkpoints">Its checkpoints, at least one.</param>
/// <param name="Threshold">Index of the threshold that is compared.</param>
public sealed record ComparedSide(string Name, ImmutableArray<CheckpointResult> Checkpoints, int Threshold)
{
    /// <summary>The verdict; null for one checkpoint.</summary>
    public SeriesVerdict? Verdict => Checkpoints.Length == 1 ? null : SeriesVerdicts.Of(Checkpoints, Threshold);

    /// <summary>What was measured of the last checkpoint.</summary>
    public Measurement Measurement => Last.Measurements[Threshold];

    /// <summary>The checkpoint that is compared.</summary>
    public CheckpointResult Last => Checkpoints[^1];
}

/// <summary>A layer of both sides, or of one.</summary>
/// <param name="Before">In A; null where it is in B only.</param>
/// <param name="After">In B; null where it is in A only.</param>
/// <param name="Match">How the two were found to be the same.</param>
/// <param name="BecameActive">Nodes alive in B and dead in A, by index; default where the nodes are not the same ones.</param>
/// <param name="Died">Nodes dead in B and alive in A; default where the nodes are not the same ones.</param>
public sealed record LayerComparison(
    LayerResult? Before, LayerResult? After, LayerMatch Match, ImmutableArray<int> BecameActive, ImmutableArray<int> Died);

/// <summary>Two models side by side.</summary>
/// <param name="A">The first.</param>
/// <param name="B">The second.</param>
/// <param name="Step">What moved E from A to B; null where the two were not measured on the same samples.</param>
/// <param name="Layers">The layers, in the order of A, then those of B alone.</param>
public sealed record ModelComparison(ComparedSide A, ComparedSide B, EmergenceStep? Step, ImmutableArray<LayerComparison> Layers)
{
    /// <summary>What was measured of A.</summary>
    public Measurement Before => A.Measurement;

    /// <summary>What was measured of B.</summary>
    public Measurement After => B.Measurement;

    /// <summary>Compares the last checkpoints of two sides. Pure.</summary>
    /// <param name="a">The first.</param>
    /// <param name="b">The second.</param>
    /// <param name="areOneRun">Whether B was measured next after A, so that its step is the one from A.</param>
    public static ModelComparison Of(ComparedSide a, ComparedSide b, bool areOneRun = false)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        var (before, after) = (a.Measurement, b.Measurement);
        var sameSamples = a.Last.Probe.Sha256 == b.Last.Probe.Sha256;
        return new(
            a, b, !sameSamples ? null : areOneRun ? after.Step : StepOf(a, b),
            [.. LayerMatching.Match(before.Layers, after.Layers).Select(pair => Compare(
                pair.Before is { } i ? before.Layers[i] : null, pair.After is { } j ? after.Layers[j] : null, pair.Match,
                    sameSamples))]);
    }

    private static LayerComparison Compare(LayerResult? before, LayerResult? after, LayerMatch match, bool sameSamples)
    {
        // Nodes that were cut out shift the others: then an index does not say which node it is.
        if (!sameSamples || before?.Mask is not { } was || after?.Mask is not { } now || before.Nodes != after.Nodes
            || before.Multiplicity != after.Multiplicity)
            return new(before, after, match, default, default);
        return new(before, after, match, OnlyIn(now, was), OnlyIn(was, now));
    }

    private static ImmutableArray<int> OnlyIn(NodeMask one, NodeMask other) =>
        [.. Enumerable.Range(0, one.Count).Where(node => one[node] && !other[node])];

    private static EmergenceStep? StepOf(ComparedSide a, ComparedSide b)
    {
        var (before, after, edges) = (a.Measurement, b.Measurement, a.Last.Edges);
        // Per sample there is no mask, and E is a mean.
        if (before.Layers.Concat(after.Layers).Any(layer => layer.Mask is null))
            return null;
        if (!Segment.HaveOneStructure(a.Last, b.Last))
            return new EmergenceStep(EmergenceChange.Between(before.Emergence, after.Emergence), null);
        // Which node is joined to which by an identity edge is known only where both were measured, one after the other.
        if (edges.Any(edge => edge.Kind == EdgeKind.Identity))
            return null;
        var network = new NetworkGraph(
            before.Layers.Select(layer => new NetworkLayer(layer.Multiplicity, layer.Nodes / layer.Multiplicity)),
            edges.Select(edge => NetworkEdge.Dense(edge.From, edge.To)));
        LayerActivity[] ActivityOf(Measurement of) =>
            [.. network.Layers.Zip(of.Layers, (layer, result) => LayerActivity.FromMask(layer, result.Mask!))];
        return new EmergenceStep(new(), EmergenceSplit.Of(network, ActivityOf(before), ActivityOf(after)));
    }
}
