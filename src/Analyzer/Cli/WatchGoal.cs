using System.Collections.Immutable;
using Emergence.Analyzer.Series;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

/// <summary>When a watch is over. Pure.</summary>
/// <param name="Until">The verdict that is waited for.</param>
/// <param name="Timeout">How long; null for ever.</param>
internal sealed record WatchGoal(VerdictKind Until, TimeSpan? Timeout)
{
    /// <summary>The verdicts that can be waited for: those that a run reaches, in the order in which it may.</summary>
    public static ImmutableArray<VerdictKind> Offered { get; } =
        [VerdictKind.Settled, VerdictKind.LevelingOff, VerdictKind.Collapsing, VerdictKind.Diverged];

    /// <summary>The exit code that an outcome ends the watch with; null where it goes on.</summary>
    public int? EndWith(AnalysisOutcome outcome)
    {
        var verdict = outcome.Verdicts is [var first, ..] ? first.Kind : VerdictKind.CannotTell;
        if (verdict == Until || (Until == VerdictKind.LevelingOff && verdict == VerdictKind.Settled))
            return outcome.Failures.IsEmpty ? ExitCode.Done : ExitCode.Partial;
        // A gate on a change means nothing before there is one: only what holds ends the watch.
        return verdict is VerdictKind.Collapsing or VerdictKind.Diverged || outcome.Gates.Any(gate => gate.IsTripped)
            ? ExitCode.Gate
            : null;
    }
}
