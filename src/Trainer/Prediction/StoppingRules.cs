using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Emergence.Trainer.Experiments.Report;
using Emergence.Trainer.Experiments.Verdicts;

namespace Emergence.Trainer.Prediction;

/// <summary>What stopping early by a rule would have cost, and saved.</summary>
internal static class StoppingRules
{
    private static readonly ImmutableArray<(string Name, Func<RunRow, RunRow, bool> Fires)> All =
    [
        ("E", (before, now) => Math.Abs(now["emergence"] - before["emergence"])
            <= 0.05 * Math.Max(now["emergence"], before["emergence"])),
        ("dormancy", (before, now) => Math.Abs(now["alive_share"] - before["alive_share"]) <= 0.01),
        ("validation loss", (before, now) => !(now["validation_loss"] < before["validation_loss"])),
    ];

    /// <summary>The epoch at which a rule stops a run, the last where it does not fire.</summary>
    internal static int Stop(ImmutableArray<RunRow> run, string rule)
    {
        var fires = All.First(one => one.Name == rule).Fires;
        return Enumerable.Range(1, run.Length - 1).FirstOrDefault(epoch => fires(run[epoch - 1], run[epoch]), run.Length - 1);
    }

    /// <summary>Test accuracy at the lowest validation loss of all epochs, less that up to the stop, in points.</summary>
    internal static double Cost(ImmutableArray<RunRow> run, int stop)
    {
        return 100 * (At(run) - At(run[..(stop + 1)]));

        static double At(ImmutableArray<RunRow> rows) =>
            rows.MinBy(row => row["validation_loss"] is var loss && double.IsNaN(loss) ? double.PositiveInfinity : loss)!
                ["test_accuracy"];
    }

    /// <summary>A table by rule and family.</summary>
    public static void Write(StringBuilder text, ImmutableArray<ImmutableArray<RunRow>> runs)
    {
        text.Append("## When to stop, exploratory\n\n");
        text.Append("Test accuracy given up, in points, and epochs saved: means over runs (95 %).\n\n");
        PredictionReport.Row(text, "rule", "family", "runs", "given up", "epochs saved");
        PredictionReport.Row(text, "---", "---", "---:", "---:", "---:");
        foreach (var (rule, _) in All)
        {
            foreach (var family in runs.GroupBy(run => run[0].Run.Family).OrderBy(family => family.Key, StringComparer.Ordinal))
            {
                var stops = family.Select(run => (Run: run, Stop: Stop(run, rule))).ToArray();
                PredictionReport.Row(text, rule, family.Key, stops.Length.ToString(CultureInfo.InvariantCulture),
                    Interval(stops.Select(stop => Cost(stop.Run, stop.Stop))),
                    Interval(stops.Select(stop => (double)Configuration.Epochs - stop.Stop)));
            }
        }
        text.Append('\n');
    }

    private static string Interval(IEnumerable<double> numbers) => Cell.Interval(Significance.Mean(numbers).Estimate);
}
