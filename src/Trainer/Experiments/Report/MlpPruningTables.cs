using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Verdicts;
using static Emergence.Trainer.Experiments.MlpPruning;

namespace Emergence.Trainer.Experiments.Report;

/// <content>The paper's accuracies beside ours, and the tables.</content>
internal sealed partial class MlpPruningChapter
{
    // Figures 2 to 9 of the paper, as it reads them out: after five epochs, and in the last by the share that was pruned.
    private static readonly ImmutableDictionary<string, (double AfterFirst, double[] Final)> PaperAccuracies =
        ImmutableDictionary.CreateRange(new KeyValuePair<string, (double, double[])>[]
        {
            new("mnist", (0.904, [0.957, 0.957, 0.956, 0.951])),
            new("fashion-mnist", (0.82, [0.863, 0.87, 0.868, 0.862])),
        });

    private static readonly ImmutableArray<double> PaperAmounts = [0, 0.3, 0.5, 0.7];

    /// <summary>The paper's accuracies beside ours: none unless the epochs are the paper's.</summary>
    private IEnumerable<(string Dataset, string When, Treatment Treatment, double Paper, double Train, double Test)> Compared()
    {
        if (experiment.PruneEpoch != 5 || experiment.Settings.Epochs != 20)
            yield break;
        foreach (var dataset in experiment.Datasets.Where(PaperAccuracies.ContainsKey))
        {
            var paper = PaperAccuracies[dataset];
            yield return Row(dataset, "after 5 epochs", paper.AfterFirst, Treatment.Regrown, 0, experiment.PruneEpoch);
            foreach (var treatment in new[] { Treatment.Regrown, Treatment.Kept })
            {
                foreach (var (amount, accuracy) in PaperAmounts.Zip(paper.Final))
                {
                    if (experiment.Settings.Amounts.Contains(amount) && (amount > 0 || treatment == Treatment.Regrown))
                        yield return Row(dataset, amount == 0 ? "after 25, not pruned" : "after 25, " + Name(treatment, amount),
                            accuracy, treatment, amount, experiment.LastEpoch);
                }
            }
        }

        (string, string, Treatment, double, double, double) Row(string dataset, string when, double accuracy,
            Treatment treatment, double amount, int epoch)
        {
            var points = Seeds(dataset, treatment, amount).Select(curve => curve.At(epoch)).ToArray();
            return (dataset, when, treatment, accuracy,
                Estimate.MedianOf([.. points.Select(point => point.Record.Train.Accuracy).Order()]),
                Estimate.MedianOf([.. points.Select(point => point.Record.Test.Accuracy).Order()]));
        }
    }

    /// <summary>How near the figures' configuration comes to the paper's accuracies, in a sentence; none
    /// where they cannot be compared.</summary>
    private IEnumerable<string> Agreement()
    {
        var rows = Compared().Where(row => row.Treatment == Treatment.Regrown).ToArray();
        if (rows.Length == 0)
            yield break;
        double[] test = [.. rows.Select(row => Math.Abs(row.Test - row.Paper))],
        train = [.. rows.Select(row => Math.Abs(row.Train - row.Paper))];
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"The paper does not say whether its accuracies are of training or of test samples. Ours of test samples are "
            + $"within one point of {test.Count(x => x <= 0.01)} of its {rows.Length} (farthest {test.Max() * 100:0.00} "
            + $"points), of training samples of {train.Count(x => x <= 0.01)} (farthest {train.Max() * 100:0.00} points): "
            + $"we take test accuracy for what it reports, and show both.");
    }

    private ResultTable PaperComparison() => new(
        "mlp-pruning-paper",
        "The paper's accuracies and ours, per cent, median over the seeds; differences in points.",
        ["data set", "when", "paper", "test", "test − paper", "train", "train − paper"],
        [
            .. Compared().Select(row => ImmutableArray.Create(
                row.Dataset, row.When, Cell.Percent(row.Paper), Cell.Percent(row.Test), Cell.Points(row.Test - row.Paper),
                Cell.Percent(row.Train), Cell.Points(row.Train - row.Paper))),
        ]);

    private ResultTable Baselines() => new(
        "mlp-pruning-baselines",
        "Does emergence tell pruned networks apart better than plain counts do? Spearman's correlation with test accuracy in "
        + "the last epoch, over the networks of a seed: its mean over the seeds, with Student's 95 % interval (mean > 0.05). "
        + "Exploratory.",
        ["data set", "networks of a seed", "E", "E_H", "E_w", "Ẽ", "alive share", "sparsity"],
        [
            .. from dataset in experiment.Datasets
               let last = experiment.Settings.Seeds.Select(seed => runs[(dataset, seed)].Select(run => run.Curve.Last).ToArray())
                   .ToArray()
               let whole = (double)Unpruned(dataset, experiment.Settings.Seeds[0]).Last.Readings["mean"].Parameters
               select ImmutableArray.Create(
               [
                   dataset, last[0].Length.ToString(CultureInfo.InvariantCulture),
                   .. new[] { Quantity.Emergence, Quantity.Active, Quantity.Wired, Quantity.Relative, Quantity.AliveShare }
                       .Select(quantity => WithTest(last, point => point.Of(Definition.Usual with { Quantity = quantity }))),
                   WithTest(last, point => 1 - point.Readings["mean"].NonZeroParameters / whole),
               ]),
        ]);

    private static string WithTest(IEnumerable<CurvePoint[]> seeds, Func<CurvePoint, double> value) =>
        Cell.Interval(Significance.Mean(seeds.Select(points =>
            Estimate.Spearman(points.Select(point => (value(point), point.Record.Test.Accuracy))).Value)).Estimate);

    private ResultTable Thresholds() => new(
        "mlp-pruning-thresholds",
        "E of the network that is not pruned, by statistic and threshold: median over the seeds (smallest … largest). The "
        + "last column is Spearman's correlation of E with training accuracy over the epochs from 1 on: it describes a run and "
        + "proves nothing, as a random walk goes with a rising accuracy, too.",
        ["data set", "definition", "epoch 0", "epoch 1", $"epoch {experiment.PruneEpoch}", $"epoch {experiment.LastEpoch}",
            "correlation, descriptive"],
        [
            .. from dataset in experiment.Datasets
               from reading in Readings
               from threshold in Steps.Reading.Thresholds.Order()
               let definition = new Definition(Quantity.Emergence, reading, threshold)
               let curves = experiment.Settings.Seeds.Select(seed => Unpruned(dataset, seed)).ToArray()
               select ImmutableArray.Create(
                   dataset, definition.Name, At(curves, definition, 0), At(curves, definition, 1),
                   At(curves, definition, experiment.PruneEpoch),
                   At(curves, definition, experiment.LastEpoch),
                   Cell.Spread(curves.Select(curve => OverEpochs(curve, definition)), value => Cell.Signed(value))),
        ]);

    private static double OverEpochs(Curve curve, Definition definition) => Estimate.Spearman(
        curve.After(0).Points.Select(point => (point.Of(definition), point.Record.Train.Accuracy))).Value;

    private static string At(IEnumerable<Curve> curves, Definition definition, int epoch) =>
        Cell.Spread(curves.Select(curve => curve.At(epoch).Of(definition)), Cell.Count);

    private ResultTable PruneTimes() => new(
        "mlp-pruning-when",
        $"Pruning {experiment.Settings.Amounts.Max() * 100:0} % of the weights after different epochs, the zeros kept, "
        + $"{experiment.Datasets[0]}: the last epoch against the network that is not pruned. Accuracy differs in points; E "
        + $"and Ẽ are ratios.",
        ["pruned after epoch", "test accuracy", "difference", "E ratio", "E_w ratio", "Ẽ ratio", "alive share, difference"],
        [
            .. from epoch in experiment.Settings.PruneAfter.Order()
               let pairs = experiment.Settings.Seeds.Select(seed => (
                   Pruned: Run(experiment.Datasets[0], seed, Treatment.Kept, experiment.Settings.Amounts.Max(), epoch).Last,
                   Whole: Unpruned(experiment.Datasets[0], seed).Last)).ToArray()
               select ImmutableArray.Create(
                   epoch.ToString(CultureInfo.InvariantCulture),
                   Cell.Spread(pairs.Select(pair => pair.Pruned.Record.Test.Accuracy), Cell.Percent),
                   Cell.Spread(pairs.Select(pair => pair.Pruned.Record.Test.Accuracy - pair.Whole.Record.Test.Accuracy),
                       Cell.Points),
                   Ratio(pairs, Quantity.Emergence), Ratio(pairs, Quantity.Wired), Ratio(pairs, Quantity.Relative),
                   Cell.Spread(pairs.Select(pair => Share(pair.Pruned) - Share(pair.Whole)), Cell.Points)),
        ]);

    private static string Ratio(IEnumerable<(CurvePoint Pruned, CurvePoint Whole)> pairs, Quantity quantity)
    {
        var definition = Definition.Usual with { Quantity = quantity };
        return Cell.Spread(pairs.Select(pair => pair.Pruned.Of(definition) / pair.Whole.Of(definition)), Cell.Figures);
    }

    private static double Share(CurvePoint point) => point.Of(Definition.Usual with { Quantity = Quantity.AliveShare });

    private ResultTable Changes() => new(
        "mlp-pruning-changes",
        "Does E change where weights and activations change? Spearman's correlation, over the epochs 1 to "
        + $"{experiment.LastEpoch}, of |change of E| with each (mean > 0.05, not pruned): median over the seeds (smallest … "
        + $"largest). Sections 3.1 and 3.4 of the paper. All of them fade as training settles, so that some correlation "
        + $"is of the time alone: descriptive.",
        ["data set", "weight change", "activation change", "nodes woken", "nodes died"],
        [
            .. from dataset in experiment.Datasets
               let curves = experiment.Settings.Seeds.Select(seed => WithChanges(dataset, seed)).ToArray()
               select ImmutableArray.Create(
                   dataset,
                   Correlation(curves, point => point.Readings["mean"].WeightChange),
                   Correlation(curves, point => point.Measured(Steps.Reading.Mean).ActivationChange),
                   Correlation(curves, point => point.Measured(Steps.Reading.Mean).Woke),
                   Correlation(curves, point => point.Measured(Steps.Reading.Mean).Died)),
        ]);

    // In the folder of the copy its first checkpoint has none before it to be compared with; in the base's it has.
    private Curve WithChanges(string dataset, long seed) => new(
        [.. bases[(dataset, seed)].Until(experiment.PruneEpoch).Points,
            .. Unpruned(dataset, seed).After(experiment.PruneEpoch).Points]);

    private static string Correlation(IEnumerable<Curve> curves, Func<CurvePoint, double?> value) => Cell.Spread(
        curves.Select(curve => Estimate.Spearman(curve.Points.Zip(
            curve.Points.Skip(1),
            (before, after) =>
                (Math.Abs(after.Of(Definition.Usual) - before.Of(Definition.Usual)), value(after) ?? double.NaN))).Value),
        rho => Cell.Signed(rho));

    private ResultTable FirstActive() => new(
        "mlp-pruning-first-active",
        "Section 3.2 of the paper: H = the nodes alive after training. With G = all nodes of the initial network, the paths "
        + "from G \\ H to H are E. With G = the nodes alive before training, they begin at those that died: the table has "
        + "their number and that of the paths (counted as E counts them). Last epoch, mean > 0.05, not pruned; median "
        + "over the seeds (smallest … largest).",
        ["data set", "alive before", "alive after", "died", "woke", "paths from those that died", "E"],
        [
            .. from dataset in experiment.Datasets
               let found = Seeds(dataset, Treatment.Regrown, 0).Select(Compare).ToArray()
               select ImmutableArray.Create(
                   dataset, Cell.Spread(found.Select(x => x.First), Cell.Count),
                   Cell.Spread(found.Select(x => x.Last), Cell.Count),
                   Cell.Spread(found.Select(x => x.Died), Cell.Count), Cell.Spread(found.Select(x => x.Woke), Cell.Count),
                   Cell.Spread(found.Select(x => x.Paths), Cell.Count), Cell.Spread(found.Select(x => x.Emergence), Cell.Count)),
        ]);

    private static (double First, double Last, double Died, double Woke, double Paths, double Emergence) Compare(Curve curve)
    {
        var (first, last) = (curve.Points[0].Measured(Steps.Reading.Mean), curve.Last.Measured(Steps.Reading.Mean));
        var (died, woke, paths) = (0.0, 0.0, 0.0);
        foreach (var (before, after) in first.Layers.Zip(last.Layers))
        {
            var nodes = Enumerable.Range(0, checked((int)after.Nodes)).ToArray();
            var lost = nodes.Count(node => before.IsAlive(node) && !after.IsAlive(node));
            died += lost;
            woke += nodes.Count(node => !before.IsAlive(node) && after.IsAlive(node));
            // In a chain every dead node of a layer has the same number of paths.
            if (after.Nodes > after.Alive)
                paths += last.Emergence * (after.EmergenceShare ?? 0) * lost / (after.Nodes - after.Alive);
        }
        return (first.Alive, last.Alive, died, woke, Math.Round(paths), last.Emergence);
    }

    private ResultTable Accuracies() => new(
        "mlp-pruning-accuracy",
        "Accuracy in the last epoch, per cent: median over the seeds (smallest … largest). Parameters are those that are not "
        + "zero.",
        ["data set", "pruned", "train", "test", "parameters", "E", "Ẽ"],
        [
            .. from dataset in experiment.Datasets
               from arm in PrunedArms.Prepend((Treatment.Regrown, 0.0))
               let last = Seeds(dataset, arm.Item1, arm.Item2).Select(curve => curve.Last).ToArray()
               select ImmutableArray.Create(
                   dataset,
                   arm.Item2 == 0 ? "nothing" : Name(arm.Item1, arm.Item2),
                   Cell.Spread(last.Select(point => point.Record.Train.Accuracy), Cell.Percent),
                   Cell.Spread(last.Select(point => point.Record.Test.Accuracy), Cell.Percent),
                   Cell.Spread(last.Select(point => (double)point.Readings["mean"].NonZeroParameters), Cell.Count),
                   Cell.Spread(last.Select(point => point.Of(Definition.Usual)), Cell.Count),
                   Cell.Spread(last.Select(point => point.Of(Definition.Usual with { Quantity = Quantity.Relative })),
                       Cell.Figures)),
        ]);
}
