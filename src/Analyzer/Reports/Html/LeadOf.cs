using System.Collections.Immutable;
using Emergence.Analyzer.Series;
using Emergence.CommandLine;
using Emergence.Measuring.Statistics;
using Emergence.Pages;

namespace Emergence.Analyzer.Reports.Html;

/// <summary>What stands on top of a page: is it alive, how does it change, has it stopped developing.</summary>
internal static class LeadOf
{
    public static Lead Run(Run run)
    {
        var last = run.Last;
        if (run.Verdict is not { } verdict)
            return new Lead(Sentence(last), ToneOf(last), [], [Alive(run), Emergence(last), Accuracy(run)]);
        var (text, tone) = Sentence(verdict, run.Labels);
        ImmutableArray<string> evidence = [.. Judged(verdict, run.Labels),
            .. verdict.Evidence.Select(line => $"{char.ToUpperInvariant(line[0])}{Printable.Of(line[1..])}."),
            .. Stop(verdict, run.Labels)];
        return new Lead(text, tone, evidence, [Alive(run), Change(run), LastMove(run), Accuracy(run)]);
    }

    /// <summary>A verdict in a sentence.</summary>
    public static (string Text, Tone Tone) Sentence(SeriesVerdict verdict, ImmutableArray<string> labels)
    {
        var since = verdict.Since is { } index ? $" since {labels[index]}" : "";
        return verdict.Kind switch
        {
            VerdictKind.StillDeveloping => ("Still developing.", Tone.Busy),
            VerdictKind.LevelingOff => ($"Leveling off{since}.", Tone.Busy),
            VerdictKind.Settled => ($"Settled{since}.", Tone.Good),
            VerdictKind.Collapsing => ($"Collapsing{since}: layers die.", Tone.Bad),
            VerdictKind.Diverged => ($"Diverged{since}.", Tone.Bad),
            _ => ("Cannot tell yet whether it has stopped developing.", Tone.None),
        };
    }

    private static IEnumerable<string> Judged(SeriesVerdict verdict, ImmutableArray<string> labels)
    {
        if (verdict.First > 0)
            yield return $"Judged from {labels[verdict.First]} on, where the structure or the samples changed.";
    }

    // A hypothesis, which our own experiments do not bear out everywhere.
    private static IEnumerable<string> Stop(SeriesVerdict verdict, ImmutableArray<string> labels)
    {
        if (verdict.StopAt is { } at)
        {
            yield return $"By the paper's hypothesis, training could have stopped at {labels[at]}. That is no promise: in our "
                + "own experiments on CIFAR-10, " +
                "accuracy still rose by 0.3 to 17 points after E had reached 0.";
        }
    }

    private static string Sentence(Measurement last) => last switch
    {
        { NodesNan: > 0 } or { NodesInf: > 0 } =>
            $"Diverged: {PageText.Nodes(last.NodesNan + last.NodesInf)} with activations that are not finite.",
        { ZeroCause: ZeroCause.AllDead } => "Dead: no node is alive.",
        { ZeroCause: ZeroCause.AllAlive } => $"All {PageText.Nodes(last.Nodes)} are alive, so E = 0.",
        { ZeroCause: ZeroCause.NoPath } =>
            $"{PageText.Count(last.Alive)} of {PageText.Nodes(last.Nodes)} are alive, and no dead one feeds an alive one: E = 0.",
        _ => $"{PageText.Count(last.Alive)} of {PageText.Nodes(last.Nodes)} are alive.",
    };

    private static Tone ToneOf(Measurement last) =>
        last.NodesNan + last.NodesInf > 0 || last.ZeroCause == ZeroCause.AllDead ? Tone.Bad
        : last.Layers.Any(layer => layer.Alive == 0) ? Tone.Warn
        : Tone.None;

    private static Card Alive(Run run)
    {
        var last = run.Last;
        var dead = last.Layers.Where(layer => layer.Alive == 0).ToArray();
        var least = last.Layers.MinBy(layer => (double)layer.Alive / layer.Nodes)!;
        return new Card(
            "Is it alive?",
            $"{PageText.Percent((double)last.Alive / last.Nodes)} of nodes",
            dead.Length > 1 ? $"{PageText.Count(dead.Length)} layers have no alive node, such as {Printable.Of(dead[0].Name)}"
                : dead.Length == 1 ? $"{Printable.Of(dead[0].Name)} has no alive node"
                : $"fewest in {Printable.Of(least.Name)}: {PageText.Count(least.Alive)} of {PageText.Count(least.Nodes)}");
    }

    private static Card Emergence(Measurement last) => new(
        "How much is open?",
        $"E = {PageText.Of(last.Emergence)}",
        $"{PageText.Number(last.RelativeEmergence)} per non-zero parameter, {PageText.Number(last.RelativeEmergenceAll)} per "
        + "parameter");

    private static Card Change(Run run)
    {
        var (first, last) = (run.Measurements[0].Emergence, run.Last.Emergence);
        var ends = $"{PageText.Of(first)} at {run.Labels[0]}, {PageText.Of(last)} at {run.Labels[^1]}";
        return new Card("How does it change?", (first.Log10, last.Log10) switch
        {
            ({ } from, { } to) => $"E × {PageText.FromLog10(to - from)}",
            (_, null) => "E = 0",
            _ => $"E = {PageText.Of(last)}",
        }, ends);
    }

    private static Card LastMove(Run run)
    {
        var moves = Enumerable.Range(1, run.Checkpoints.Length - 1).Where(
            i => run.Measurements[i].Emergence != run.Measurements[i - 1].Emergence).ToArray();
        return moves.Length == 0
            ? new Card("What moved it last?", "nothing", "E is the same at every checkpoint")
            : new Card("What moved it last?", run.Labels[moves[^1]], MovesChart.Sentence(run, moves[^1]));
    }

    private static Card Accuracy(Run run)
    {
        var accuracies = run.Checkpoints.Select(checkpoint => checkpoint.Accuracy).ToImmutableArray();
        if (accuracies[^1] is not { } last)
        {
            return run.Checkpoints[^1].TestAccuracy is { } recorded && double.IsFinite(recorded)
                ? new Card("How good is it?", PageText.Percent(recorded), "test accuracy that the checkpoint records")
                : new Card("How good is it?", "not known", "the samples have no labels");
        }
        var best = Enumerable.Range(0, accuracies.Length).MaxBy(i => accuracies[i] ?? -1);
        return new Card("How good is it?", PageText.Percent(last), run.IsSeries
            ? $"accuracy; best {PageText.Percent(accuracies[best])} at {run.Labels[best]}"
            : $"accuracy on {PageText.Count(run.Checkpoints[^1].Probe.Samples)} samples");
    }
}
