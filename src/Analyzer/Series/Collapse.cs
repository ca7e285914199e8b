using System.Collections.Immutable;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Series;

/// <summary>
/// Whether layers die. A layer is dying where at most one in twenty of its nodes is alive and nine in ten of those that once
/// were no longer are, at the last two checkpoints.
/// </summary>
internal static class Collapse
{
    private const int FewestCheckpoints = 2;

    /// <summary>The verdict; null where no layer is dying.</summary>
    public static SeriesVerdict? Of(ImmutableArray<VerdictPoint> points)
    {
        if (points[^1].ZeroCause == ZeroCause.AllDead)
        {
            var since = points.Length - 1;
            while (since > 0 && points[since - 1].ZeroCause == ZeroCause.AllDead)
                since--;
            return new(VerdictKind.Collapsing, [$"every node of the network is dead, since {points[since].Name}"], 0, since,
                null);
        }
        var dying = Enumerable.Range(0, points[^1].Layers.Length)
            .Select(layer => Trace(points, layer))
            .Where(trace => points.Length - trace.Since >= FewestCheckpoints)
            .ToArray();
        if (dying.Length == 0)
            return null;
        return new(VerdictKind.Collapsing, [.. dying.Select(trace => Describe(points, trace))], 0,
            dying.Min(trace => trace.Since), null);
    }

    /// <summary>One layer through the series.</summary>
    /// <param name="Layer">Its index.</param>
    /// <param name="Since">Index of the checkpoint from which on it is dying; the number of checkpoints where it is not.</param>
    /// <param name="Peak">The most of its nodes that were ever alive.</param>
    private readonly record struct LayerTrace(int Layer, int Since, int Peak);

    private static LayerTrace Trace(ImmutableArray<VerdictPoint> points, int layer)
    {
        var (since, peak) = (0, 0);
        for (var i = 0; i < points.Length; i++)
        {
            var (nodes, alive) = (points[i].Layers[layer].Nodes, points[i].Layers[layer].Alive);
            peak = Math.Max(peak, alive);
            var isDying = 20L * alive <= nodes && 10L * alive <= peak && peak > 0;
            since = isDying ? since : i + 1;
        }
        return new LayerTrace(layer, since, peak);
    }

    private static string Describe(ImmutableArray<VerdictPoint> points, LayerTrace trace)
    {
        var life = points[^1].Layers[trace.Layer];
        return FormattableString.Invariant(
            $"layer '{life.Name}' is dying: {life.Alive} of {life.Nodes} nodes are alive, ") +
            FormattableString.Invariant($"at most {trace.Peak} were, since {points[trace.Since].Name}");
    }
}
