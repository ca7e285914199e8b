using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Emergence.Trainer.Experiments.Report;
using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Verdicts;

namespace Emergence.Trainer.Prediction;

/// <summary>What the rows say, by the scores that were fixed before them.</summary>
internal static class PredictionReport
{
    /// <summary>The epoch of the primary tests.</summary>
    private const int Primary = 1;

    private static readonly ImmutableArray<int> Epochs = [0, 1, 2];

    private static readonly ImmutableArray<string> Emergence =
        ["emergence", "emergence_wired", "relative_emergence", "emergence_z"];

    private static readonly ImmutableArray<string> Predictors =
    [
        .. Emergence, "train_loss", "validation_loss", "train_accuracy", "alive_share", "dormant_ratio", "silent_share",
        "log_frobenius_norm", "log_spectral_norm", "stable_rank", "effective_rank", "alpha", "parameters", "learning_rate",
    ];

    /// <summary>The whole page.</summary>
    public static string Render(ImmutableArray<RunRow> rows)
    {
        var runs = rows.GroupBy(row => row.Run)
            .Select(run => run.OrderBy(row => row.Epoch).ToImmutableArray())
            .ToImmutableArray();
        var text = new StringBuilder();
        Line("# What emergence early in training tells of how a run ends");
        Line("Written by `emergence-train predictor`; do not edit it by hand. The question, the runs, the splits and all scores "
            + "were fixed in [preregistration.md](../preregistration.md) before the first run.");
        Line(Count(runs));
        if (runs.Length > 0)
        {
            Primaries(text, runs);
            foreach (var part in runs.Select(run => run[0].Run.Part).Distinct().Order(StringComparer.Ordinal).Reverse())
                Tables(text, part, [.. runs.Where(run => run[0].Run.Part == part)]);
            StoppingRules.Write(text, runs);
        }
        return text.ToString().TrimEnd('\n') + "\n";

        void Line(string line) => text.Append(line).Append("\n\n");
    }

    private static string Count(ImmutableArray<ImmutableArray<RunRow>> runs)
    {
        var diverged = runs.Count(run => run.Any(row => !double.IsFinite(row["train_loss"])));
        return string.Create(CultureInfo.InvariantCulture,
            $"Finished: {runs.Length} of {Configuration.All.Length} runs, {runs.Count(run => run[0].Run.IsConfirmation)} of "
            + $"{Configuration.All.Count(run => run.IsConfirmation)} of the confirmation part. Diverged, and counted as they "
            + $"ended: {diverged}.");
    }

    private static void Primaries(StringBuilder text, ImmutableArray<ImmutableArray<RunRow>> runs)
    {
        text.Append("## Primary tests\n\n");
        if (runs.Length < Configuration.All.Length)
        {
            text.Append("None yet: a verdict is given when all runs are finished. What follows is exploratory.\n\n");
            return;
        }
        var deciding = runs.Where(run => run[0].Run.IsConfirmation).ToArray();
        var tests = Emergence.Select(name => Scores.Partial(Final(deciding, name, Primary))).ToArray();
        var chances = Significance.Holm([.. tests.Select(test => test.P)]);
        Row(text, "measure, epoch 1", "discovery", "confirmation (95 %)", "p, Holm", "verdict");
        Row(text, "---", "---:", "---:", "---:", "---");
        foreach (var (name, test, chance) in Emergence.Zip(tests, chances))
        {
            var expected = Scores.Partial(Final(runs.Where(run => !run[0].Run.IsConfirmation), name, Primary)).Estimate;
            Row(text, name, Cell.Signed(expected.Value), Cell.Interval(test.Estimate), Cell.Number(chance, "0.0000"),
                chance >= 0.05 ? "nothing beyond the loss"
                    : Math.Sign(test.Estimate.Value) == Math.Sign(expected.Value) ? "confirmed" : "of the other sign: refuted");
        }
        text.Append('\n');
    }

    private static void Tables(StringBuilder text, string part, ImmutableArray<ImmutableArray<RunRow>> runs)
    {
        text.Append($"## {char.ToUpperInvariant(part[0])}{part[1..]} part, exploratory\n\n");
        var left = runs.GroupBy(run => run[0].Run.Group).Where(group => group.Count() < Scores.Fewest)
            .Select(group => group.Key).ToArray();
        if (left.Length == runs.Select(run => run[0].Run.Group).Distinct().Count())
        {
            text.Append($"No group has {Scores.Fewest} runs yet.\n\n");
            return;
        }
        if (left.Length > 0)
            text.Append($"Left out, with fewer than {Scores.Fewest} runs: {string.Join("; ", left)}.\n\n");
        Table("Final accuracy: partial rank correlation given the training loss of the epoch (95 %).", (name, epoch) =>
            Cell.Interval(Scores.Partial(Final(runs, name, epoch)).Estimate));
        Table("Final accuracy: concordance in held-out groups, alone (95 %); 0.5 is chance.", (name, epoch) =>
            Share(Significance.Mean(Scores.Alone(Final(runs, name, epoch))).Estimate));
        Table("Final accuracy: concordance gained over the training loss (95 %).", (name, epoch) =>
            Cell.Interval(Significance.Mean(Scores.Added(Final(runs, name, epoch))).Estimate));
        Table("Convergence: Harrell's concordance in held-out groups, alone (95 %).", (name, epoch) =>
            Share(Significance.Mean(Scores.Alone(Convergence(runs, name, epoch))).Estimate));

        void Table(string caption, Func<string, int, string> cell)
        {
            text.Append(caption).Append("\n\n");
            Row(text, ["predictor", .. Epochs.Select(epoch => $"epoch {epoch.ToString(CultureInfo.InvariantCulture)}")]);
            Row(text, ["---", .. Epochs.Select(_ => "---:")]);
            foreach (var name in Predictors)
                Row(text, [name, .. Epochs.Select(epoch => cell(name, epoch))]);
            text.Append('\n');
        }
    }

    private static string Share(Estimate estimate) => double.IsNaN(estimate.Value) ? Cell.None
        : double.IsNaN(estimate.Low) ? Cell.Number(estimate.Value, "0.00")
        : $"{Cell.Number(estimate.Value, "0.00")} ({Cell.Number(estimate.Low, "0.00")} … {Cell.Number(estimate.High, "0.00")})";

    internal static ImmutableArray<Case> Final(IEnumerable<ImmutableArray<RunRow>> runs, string name, int epoch) => Scores.Enough(
        from run in runs
        select new Case(run[0].Run.Group, Of(run[epoch], name), Diverged(run[epoch]["train_loss"]), run[^1]["test_accuracy"]));

    /// <summary>The first epoch at 0.9 of the best of the group, censored where it does not come.</summary>
    internal static ImmutableArray<Case> Convergence(
        IEnumerable<ImmutableArray<RunRow>> runs, string name, int epoch) => Scores.Enough(
        from run in runs
        group run by run[0].Run.Group into grp
        let goal = 0.9 * grp.Max(run => run[^1]["test_accuracy"])
        from run in grp
        let reached = run.FirstOrDefault(row => row["test_accuracy"] >= goal)
        select new Case(grp.Key, Of(run[epoch], name), Diverged(run[epoch]["train_loss"]), reached?.Epoch ?? Configuration.Epochs,
            reached is null));

    private static double Of(RunRow row, string name) =>
        name == "learning_rate" ? row.Run.Hyper.LearningRate
            : name.EndsWith("_loss", StringComparison.Ordinal) ? Diverged(row[name])
            : double.IsFinite(row[name]) ? row[name] : double.NaN;

    // A loss that is not a number any more is larger than any.
    private static double Diverged(double loss) => double.IsNaN(loss) ? double.PositiveInfinity : loss;

    internal static void Row(StringBuilder text, params IEnumerable<string> cells) =>
        text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
