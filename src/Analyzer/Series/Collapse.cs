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
            .Select(layer => (Layer: layer, Since: Since(points, layer)))
            .Where(found => points.Length - found.Since >= FewestCheckpoints)
            .ToArray();
        if (dying.Length == 0)
            return null;
        return new(VerdictKind.Collapsing, [.. dying.Select(found => Describe(points, found.Layer, found.Since))], 0,
            dying.Min(found => found.Since), null);
    }

    private static int Since(ImmutableArray<VerdictPoint> points, int layer)
    {
        var since = points.Length;
        while (since > 0 && IsDying(points, layer, since - 1))
            since--;
        return since;
    }

    private static bool IsDying(ImmutableArray<VerdictPoint> points, int layer, int at)
    {
        var (nodes, alive) = (points[at].Layers[layer].Nodes, points[at].Layers[layer].Alive);
        return 20L * alive <= nodes && 10L * alive <= Peak(points, layer, at) && Peak(points, layer, at) > 0;
    }

    private static int Peak(ImmutableArray<VerdictPoint> points, int layer, int at) =>
        points[..(at + 1)].Max(point => point.Layers[layer].Alive);

    private static string Describe(ImmutableArray<VerdictPoint> points, int layer, int since)
    {
        var life = points[^1].Layers[layer];
        return FormattableString.Invariant(
            $"layer '{life.Name}' is dying: {life.Alive} of {life.Nodes} nodes are alive, ") +
            FormattableString.Invariant($"at most {Peak(points, layer, points.Length - 1)} were, since {points[since].Name}");
    }
}
