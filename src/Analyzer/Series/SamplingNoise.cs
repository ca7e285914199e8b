using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Series;

/// <summary>What the intervals of a series say against its numbers.</summary>
internal static class SamplingNoise
{
    /// <summary>
    /// Under one threshold, the indices of the checkpoints where E has changed from the one before by less than the interval
    /// of either is wide.
    /// </summary>
    /// <param name="checkpoints">The series.</param>
    /// <param name="threshold">Index of the threshold.</param>
    public static IEnumerable<int> Changes(ImmutableArray<CheckpointResult> checkpoints, int threshold) =>
        from i in Enumerable.Range(1, Math.Max(0, checkpoints.Length - 1))
        let before = checkpoints[i - 1].Measurements[threshold]
        let after = checkpoints[i].Measurements[threshold]
        where IsSameStructure(before, after) && before.Emergence != after.Emergence
            && (IsWider(before, before, after) || IsWider(after, before, after))
        select i;

    /// <summary>Whether a or E lies outside its own interval, as it may with few samples and many nodes near θ.</summary>
    public static bool IsOutside(Measurement measurement) => measurement.Intervals is { } intervals
        && !(intervals.Alive.Holds(measurement.Alive) && intervals.Emergence.Holds(measurement.Emergence));

    /// <summary>The same checkpoints, with a warning for each of these findings.</summary>
    public static ImmutableArray<CheckpointResult> Remark(ImmutableArray<CheckpointResult> checkpoints, AnalysisSettings settings)
    {
        if (settings.Bootstrap is null)
            return checkpoints;
        var remarked = checkpoints.ToBuilder();
        for (var t = 0; t < settings.Thresholds.Length; t++)
        {
            var at = settings.Thresholds.Length > 1 ? FormattableString.Invariant($"with θ = {settings.Thresholds[t]}, ") : "";
            Warn(
                Changes(checkpoints, t),
                $"{at}E has changed from the checkpoint before by less than its 95 % interval is wide: the change cannot be "
                + "told from " +
                "sampling noise; raise --samples");
            Warn(
                Enumerable.Range(0, checkpoints.Length).Where(i => IsOutside(checkpoints[i].Measurements[t])),
                $"{at}the alive count or E lies outside its own 95 % interval, as resamples carry more noise than the samples "
                + "did and push " +
                "nodes over θ one way; raise --samples");
        }
        return remarked.ToImmutable();

        void Warn(IEnumerable<int> which, string message)
        {
            foreach (var i in which)
                remarked[i] =
                    remarked[i] with { Diagnostics = remarked[i].Diagnostics.Add(Diagnostic.Warning("--bootstrap", message)) };
        }
    }

    private static bool IsSameStructure(Measurement before, Measurement after) =>
        before.Layers.Select(layer => (layer.Name, layer.Op, layer.Nodes))
            .SequenceEqual(after.Layers.Select(layer => (layer.Name, layer.Op, layer.Nodes)));

    // high − low > |after − before|, in sums, as emergences are not negative.
    private static bool IsWider(Measurement of, Measurement before, Measurement after)
    {
        if (of.Intervals is not { } intervals)
            return false;
        var (low, high) = intervals.Emergence;
        return high + before.Emergence > low + after.Emergence && high + after.Emergence > low + before.Emergence;
    }
}
