using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Measuring.Statistics;
using Emergence.Pages;

namespace Emergence.Analyzer.Reports.Html;

/// <summary>E, relative E, alive share and accuracy along a series.</summary>
internal static class DevelopmentFigure
{
    public static Figure Of(Run run)
    {
        var accuracy = Accuracy(run);
        var panels = ImmutableArray.Create(
            Of(run, "Emergence", new Axis("E") { Logarithmic = true, IsLog10 = true }, EmergenceLines(run)),
            Of(run, "Relative emergence", new Axis("E per parameter") { Logarithmic = true }, RelativeLines(run)),
            Of(run, "Alive", new Axis("share of nodes") { Percent = true, Maximum = 1 }, AliveLines(run)));
        return new Figure("How it developed", Styled(accuracy is null ? panels : panels.Add(accuracy))) { Columns = 2 };
    }

    // One legend serves all panels: no two lines look alike.
    private static ImmutableArray<Panel> Styled(ImmutableArray<Panel> panels)
    {
        var style = 0;
        return [.. panels.Select(panel => panel with { Series = [
            .. panel.Series.Select(series => series with { Style = style++ })] })];
    }

    /// <summary>What the bands are, where there are any.</summary>
    public static string Bands(Run run) => run.Outcome.Series.Settings.Bootstrap is { } bootstrap
        ? $"Bands: 95 % intervals over the choice of samples, from {PageText.Count(bootstrap.Resamples)} resamples."
        : run.Last.PerSample is not null ? "Bands: from 5 % to 95 % of the samples."
        : "";

    private static Panel Of(Run run, string title, Axis y, ImmutableArray<Pages.Series> series) =>
        new(title, run.Axis, y, series);

    private static ImmutableArray<Pages.Series> EmergenceLines(Run run)
    {
        var settings = run.Outcome.Series.Settings;
        if (settings.Thresholds.Length > 1)
            return [.. settings.Thresholds.Select((threshold, t) =>
                Line(run, $"E, θ = {PageText.Exact(threshold)}", m => m.Emergence, Interval, t))];
        var lines = ImmutableArray.Create(
            Line(run, "E", measurement => measurement.Emergence, Interval),
            Line(run, "E_H", measurement => measurement.EmergenceActive, measurement => measurement.Intervals?.EmergenceActive));
        return settings.Wired ? lines.Add(Line(run, "E_w", measurement => measurement.EmergenceWired, _ => null)) : lines;
    }

    private static Interval<EmergenceValue>? Interval(Measurement measurement) => measurement.PerSample is { } samples
        ? new Interval<EmergenceValue>(samples.Emergence.Quantile(5), samples.Emergence.Quantile(95))
        : measurement.Intervals?.Emergence;

    private static Pages.Series Line(
        Run run, string name, Func<Measurement, EmergenceValue?> value, Func<Measurement, Interval<EmergenceValue>?> interval,
            int threshold = 0) =>
        new(name,
        [
            .. run.Points.Select(point =>
            {
                var measurement = point.Checkpoint.Measurements[threshold];
                if (value(measurement) is not { } e)
                    return new Point(point.At, double.NaN);
                return interval(measurement) is var (low, high)
                    ? new Point(point.At, Log(e), Log(low),
                        Log(high)) { Text = $"{PageText.Of(e)} [{PageText.Of(low)}, {PageText.Of(high)}]" }
                    : new Point(point.At, Log(e)) { Text = PageText.Of(e) };
            }),
        ]);

    // On an axis of powers of ten, zero is as far down as one can go.
    private static double Log(EmergenceValue value) => value.Log10 ?? double.NegativeInfinity;

    // Two numbers only where parameters are zero.
    private static ImmutableArray<Pages.Series> RelativeLines(Run run)
    {
        var all = Line(run, "per parameter", measurement => measurement.RelativeEmergenceAll);
        return run.Checkpoints.All(checkpoint => checkpoint.Parameters == checkpoint.ParametersNonzero)
            ? [all]
            : [Line(run, "per non-zero parameter", measurement => measurement.RelativeEmergence), all];
    }

    private static Pages.Series Line(Run run, string name, Func<Measurement, double?> value) =>
        new(name, [.. run.Points.Select(point =>
            new Point(point.At, value(point.Checkpoint.Measurements[0]) ?? double.NaN))]);

    private static ImmutableArray<Pages.Series> AliveLines(Run run) =>
        [new("alive nodes", [.. run.Points.Select(point => AlivePoint(point.At, point.Checkpoint.Measurements[0]))])];

    private static Point AlivePoint(double at, Measurement measurement)
    {
        var text = $"{PageText.Count(measurement.Alive)} of {PageText.Count(measurement.Nodes)}";
        return measurement.Intervals?.Alive is var (low, high)
            ? new Point(at, Share(measurement.Alive), Share(low),
                Share(high))
            { Text = $"{text} [{PageText.Count(low)}, {PageText.Count(high)}]" }
            : new Point(at, Share(measurement.Alive)) { Text = text };

        double Share(int alive) => (double)alive / measurement.Nodes;
    }

    private static Panel? Accuracy(Run run)
    {
        var lines = ImmutableArray.Create<(string Name, Func<CheckpointResult, double?> Value)>(
            ("accuracy here", checkpoint => checkpoint.Accuracy),
            ("recorded, training", checkpoint => checkpoint.TrainAccuracy),
            ("recorded, test", checkpoint => checkpoint.TestAccuracy));
        var accuracies = Known(run, lines);
        if (!accuracies.IsEmpty)
            return Of(run, "Accuracy", new Axis("share of samples") { Percent = true, Maximum = 1 }, accuracies);
        var losses = Known(run, [("loss, training", checkpoint => checkpoint.TrainLoss),
            ("loss, test", checkpoint => checkpoint.TestLoss)]);
        return losses.IsEmpty ? null : Of(run, "Loss", new Axis("recorded loss"), losses);
    }

    private static ImmutableArray<Pages.Series> Known(Run run,
        ImmutableArray<(string Name, Func<CheckpointResult, double?> Value)> lines) =>
    [
        .. from line in lines
           let points = run.Points.Select(point =>
               new Point(point.At, line.Value(point.Checkpoint) ?? double.NaN)).ToImmutableArray()
           where points.Any(point => double.IsFinite(point.Y))
           select new Pages.Series(line.Name, points),
    ];
}
