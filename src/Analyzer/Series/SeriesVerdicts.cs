using System.Collections.Immutable;
using System.Globalization;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Series;

/// <summary>Judges where a training run stands. Pure; docs/measures.md explains the method.</summary>
public static class SeriesVerdicts
{
    /// <summary>
    /// The odds at which a run is called settled or leveling off: false in at most 5 % of random walks, over all looks.
    /// </summary>
    public const double OddsNeeded = 20;

    // Five steps are the fewest that fall by chance all in one direction in less than 5 % of cases: 1 / 32.
    private const int FewestSteps = 5;
    // With fewer samples, one of them is more than 5 % of the probe.
    private const int FewestSamples = 20;

    /// <summary>The verdict on the last segment of a series: its checkpoints of one structure, on the same samples.</summary>
    /// <param name="checkpoints">The series, in order.</param>
    /// <param name="threshold">Index of the threshold.</param>
    public static SeriesVerdict Of(ImmutableArray<CheckpointResult> checkpoints, int threshold)
    {
        var first = checkpoints.Length;
        while (first > 0 && (first == checkpoints.Length || IsContinued(checkpoints[first - 1], checkpoints[first])))
            first--;
        var hasEpochs = checkpoints.All(checkpoint => checkpoint.Epoch is not null);
        return Of([.. checkpoints[first..].Select((checkpoint, i) => PointOf(checkpoint, threshold, hasEpochs, i == 0))], first);
    }

    /// <summary>The verdict at the last of the points.</summary>
    /// <param name="points">Checkpoints of one structure on the same samples, in series order.</param>
    /// <param name="first">Index of the first of them in the series; indices of the verdict count from the series' start.</param>
    public static SeriesVerdict Of(ImmutableArray<VerdictPoint> points, int first = 0)
    {
        var verdict = points.IsEmpty ? CannotTell("no checkpoint could be analyzed") : Judge(points);
        return verdict with { First = first, Since = first + verdict.Since, StopAt = first + verdict.StopAt };
    }

    private static bool IsContinued(CheckpointResult before, CheckpointResult now) =>
        before.Probe.Sha256 == now.Probe.Sha256 && Segment.HaveOneStructure(before, now);

    private static VerdictPoint PointOf(CheckpointResult checkpoint, int threshold, bool hasEpochs, bool isFirst)
    {
        var measurement = checkpoint.Measurements[threshold];
        var sources = checkpoint.Edges.Select(edge => edge.From).ToHashSet();
        return new VerdictPoint
        {
            Name = hasEpochs ? Invariant($"epoch {checkpoint.Epoch}") : Path.GetFileName(checkpoint.File),
            Emergence = measurement.Emergence,
            Interval = measurement.Intervals?.Emergence,
            ZeroCause = measurement.ZeroCause,
            NotFinite = measurement.NodesNan + measurement.NodesInf,
            Samples = checkpoint.Probe.Samples,
            Layers = [.. measurement.Layers.Where(layer => sources.Contains(layer.Index)).Select(layer =>
                new LayerLife(layer.Name, layer.Nodes, layer.Alive))],
            Split = isFirst ? null : measurement.Step?.Split,
        };
    }

    private static SeriesVerdict Judge(ImmutableArray<VerdictPoint> points)
    {
        if (points[^1].NotFinite > 0)
        {
            var since = StartOfLast(points, point => point.NotFinite > 0);
            return new(
                VerdictKind.Diverged, [Invariant(
                    $"{points[^1].NotFinite} nodes have activations that are not finite, since {points[since].Name}")],
                0, since, null);
        }
        if (Collapse.Of(points) is { } collapse)
            return collapse;
        if (points[^1].Samples < FewestSamples)
            return CannotTell(Invariant(
                $"the probe is too small: {points[^1].Samples} samples, at least {FewestSamples} are needed; raise --samples"));

        // E = 0 and not finite are states of their own: what was before does not continue behind them.
        var isZero = points[^1].Emergence.IsZero;
        bool IsOfOneState(VerdictPoint point) => point.Emergence.IsZero == isZero && point.NotFinite == 0;
        var start = StartOfLast(points, IsOfOneState);
        var visits = Enumerable.Range(0, points.Length)
            .Count(i => IsOfOneState(points[i]) && (i == 0 || !IsOfOneState(points[i - 1])));
        var needed = OddsNeeded * (visits == 1 ? 1 : visits * (visits + 1));
        return isZero ? Zero(points, start, needed) : Moving(points, start, needed);
    }

    // A sign test by betting: were a run at 0 as likely to leave it as to stay, staying n times has probability 2^-n.
    private static SeriesVerdict Zero(ImmutableArray<VerdictPoint> points, int start, double needed)
    {
        var stays = points.Length - 1 - start;
        var cause = points[^1].ZeroCause == ZeroCause.AllAlive ? "every node is alive"
            : "no path leads from a dead node to an alive one";
        var enough = (int)Math.Ceiling(Math.Log2(needed));
        var found = Invariant(
            $"E is 0 since {points[start].Name}, as {cause}: {Checkpoints(stays + 1)} in a row; {enough + 1} are needed");
        return stays >= enough
            ? new(VerdictKind.Settled, [found], 0, start, start + enough)
            : points.Length <= FewestSteps ? CannotTell(TooFew(points.Length), found)
                : new(VerdictKind.StillDeveloping, [found], 0, null, null);
    }

    private static SeriesVerdict Moving(ImmutableArray<VerdictPoint> points, int start, double needed)
    {
        var run = points[start..];
        if (run.Length <= FewestSteps)
            return CannotTell(TooFew(run.Length) + (start > 0 ? Invariant($" since {run[0].Name}, where E left 0") : ""));
        if (Noise.IsTooLarge(run) is { } noise)
            return CannotTell(noise);

        var values = run.Select(point => point.Emergence.Log10!.Value * Math.Log(10)).ToArray();
        var singular = run.Select(point => point.Split is { LargestShare: > 0.5 }).ToArray();
        var (now, words) = (SettlingEvidence.After(values, singular), new MotionWords(run, values));
        if (now.IsSettled(needed))
        {
            var stop = SettlingStop.Of(values, singular, needed, FewestSteps);
            return new(
                VerdictKind.Settled, [words.Plateau(now.SettledSince), Odds("a plateau", now.Settled, needed)], 0,
                start + Math.Min(now.SettledSince, stop), start + stop);
        }
        if (OneNode(run, values, singular) is { } oneNode)
            return CannotTell(oneNode);
        return now.IsLeveling(needed)
            ? new(
                VerdictKind.LevelingOff, [words.Smaller(now.LevelingSince), Odds("smaller steps", now.Leveling, needed)], 0,
                start + now.LevelingSince, null)
            : new(VerdictKind.StillDeveloping, [words.Recent(FewestSteps), Odds("a plateau", now.Settled, needed)], 0, null,
                null);
    }

    /// <summary>One node decides where most of the latest movement comes from steps of which it is more than half.</summary>
    private static string? OneNode(ImmutableArray<VerdictPoint> run, double[] values, bool[] singular)
    {
        var (all, single, last) = (0.0, 0.0, 0);
        for (var i = run.Length - FewestSteps; i < run.Length; i++)
        {
            var step = Math.Abs(values[i] - values[i - 1]);
            (all, single, last) = (all + step, single + (singular[i] ? step : 0), singular[i] ? i : last);
        }
        return single > all / 2
            ? Invariant($"one node decides: over the last {FewestSteps} steps {single / all:P0} of the movement of E ")
                + "comes from steps of which a "
                + Invariant($"single node is more than half, the latest at {run[last].Name}")
            : null;
    }

    private static int StartOfLast(ImmutableArray<VerdictPoint> points, Func<VerdictPoint, bool> holds)
    {
        var start = points.Length - 1;
        while (start > 0 && holds(points[start - 1]))
            start--;
        return start;
    }

    private static SeriesVerdict CannotTell(params ImmutableArray<string> evidence) =>
        new(VerdictKind.CannotTell, evidence, 0, null, null);

    private static string TooFew(int checkpoints) =>
        Invariant($"too few checkpoints: {checkpoints}, at least {FewestSteps + 1} are needed");

    private static string Checkpoints(int count) => count == 1 ? "1 checkpoint" : Invariant($"{count} checkpoints");

    private static string Odds(string of, double odds, double needed)
    {
        var text = odds > 1e6 ? "over 1000000" : odds.ToString("0.##", CultureInfo.InvariantCulture);
        return Invariant($"the odds for {of} against a random walk are {text} to 1; {needed} to 1 are needed, ")
            + "which a random walk reaches in at most 5 % of runs";
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
