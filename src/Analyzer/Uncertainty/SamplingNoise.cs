using System.Collections.Immutable;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Uncertainty;

/// <summary>Changes of E from a checkpoint to the next that its choice of samples may explain alone.</summary>
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
        where before.Emergence != after.Emergence && (IsWider(before, before, after) || IsWider(after, before, after))
        select i;

    /// <summary>The same checkpoints, each of these with a warning.</summary>
    public static ImmutableArray<CheckpointResult> Remark(ImmutableArray<CheckpointResult> checkpoints, AnalysisSettings settings)
    {
        if (settings.Bootstrap is null)
            return checkpoints;
        var remarked = checkpoints.ToBuilder();
        for (var t = 0; t < settings.Thresholds.Length; t++)
        {
            var at = settings.Thresholds.Length > 1 ? FormattableString.Invariant($"with θ = {settings.Thresholds[t]}, ") : "";
            var warning = Diagnostic.Warning(
                "--bootstrap", $"{at}E has changed from the checkpoint before by less than its 95 % interval is wide, so the change cannot " +
                "be told from the choice of samples; give more --samples");
            foreach (var i in Changes(checkpoints, t))
                remarked[i] = remarked[i] with { Diagnostics = remarked[i].Diagnostics.Add(warning) };
        }
        return remarked.ToImmutable();
    }

    // high − low > |after − before|, in sums, as emergences are not negative.
    private static bool IsWider(Measurement of, Measurement before, Measurement after)
    {
        if (of.Intervals is not { } intervals)
            return false;
        var (low, high) = intervals.Emergence;
        return high + before.Emergence > low + after.Emergence && high + after.Emergence > low + before.Emergence;
    }
}
