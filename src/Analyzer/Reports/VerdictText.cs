using System.Collections.Immutable;
using Emergence.Analyzer.Series;
using Emergence.CommandLine;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Reports;

/// <summary>A verdict in words.</summary>
internal static class VerdictText
{
    /// <summary>The verdict alone.</summary>
    public static string Of(VerdictKind kind) => kind switch
    {
        VerdictKind.CannotTell => "cannot tell",
        VerdictKind.StillDeveloping => "still developing",
        VerdictKind.LevelingOff => "leveling off",
        VerdictKind.Settled => "settled",
        VerdictKind.Collapsing => "collapsing (layers dying)",
        VerdictKind.Diverged => "diverged",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "has no word"),
    };

    /// <summary>The verdict and from where on it holds.</summary>
    public static string Headline(SeriesVerdict verdict, ImmutableArray<CheckpointResult> checkpoints) =>
        Of(verdict.Kind) + (verdict.Since is { } since ? $", since {Name(since, checkpoints)}" : "");

    /// <summary>A sentence each: the evidence, what part of the series is judged, and what the paper makes of it.</summary>
    public static IEnumerable<string> Sentences(SeriesVerdict verdict, ImmutableArray<CheckpointResult> checkpoints)
    {
        foreach (var evidence in verdict.Evidence)
            yield return Printable.Of(evidence);
        if (verdict.First > 0)
            yield return $"judged from {Name(verdict.First, checkpoints)} on, where the structure or the samples changed";
        if (verdict.StopAt is { } stop)
            yield return Hypothesis(Name(stop, checkpoints));
    }

    /// <summary>
    /// What the paper supposes and what our experiments found of it, for the checkpoint at which it would stop.
    /// </summary>
    public static string Hypothesis(string checkpoint) =>
        $"the paper's hypothesis is that little more is gained from here; it would stop at {checkpoint}. " +
        "In our own experiments that held in part: on CIFAR-10, 0.3 to 17 points of accuracy were still gained after E = 0 "
        + "(docs/reproduction.md)";

    private static string Name(int index, ImmutableArray<CheckpointResult> checkpoints) =>
        checkpoints.All(checkpoint => checkpoint.Epoch is not null)
        ? FormattableString.Invariant($"epoch {checkpoints[index].Epoch}")
        : Printable.Of(Path.GetFileName(checkpoints[index].File));
}
