using System.Collections.Immutable;
using System.Globalization;
using Emergence.Pages;
using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Training;
using static Emergence.Trainer.Experiments.MlpPruning;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>Figures 2 to 9 of the paper, its accuracies beside ours, and its statements on pruning.</summary>
internal sealed partial class MlpPruningChapter
{
    private readonly MlpPruning experiment;
    private readonly Dictionary<(string Dataset, long Seed), Curve> bases;
    private readonly Dictionary<(string Dataset, long Seed), ImmutableArray<(Arm Arm, Curve Curve)>> runs;

    private MlpPruningChapter(MlpPruning experiment, Workbench bench)
    {
        this.experiment = experiment;
        bases = (from dataset in experiment.Datasets
                 from seed in experiment.Settings.Seeds
                 select (Dataset: dataset, Seed: seed))
                     .ToDictionary(run => run, run => Curve.Read(bench, experiment.Base(run.Dataset, run.Seed), Readings));
        runs = bases.ToDictionary(
            entry => entry.Key,
            entry => experiment.Arms(entry.Key.Dataset, entry.Key.Seed)
                .Select(arm => (arm, entry.Value.Until(arm.PruneAfter).Then(Curve.Read(bench, arm.Run, Readings))))
                    .ToImmutableArray());
    }

    /// <summary>Reads the results and writes the chapter.</summary>
    public static Chapter Write(MlpPruning experiment, Workbench bench)
    {
        var chapter = new MlpPruningChapter(experiment, bench);
        var settings = experiment.Settings;
        return new Chapter(
            "Pruning fully connected networks",
            [
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{settings.Mlp(string.Join(" and ", experiment.Datasets), 0).Describe(settings.Seeds)}. After epoch "
                    + $"{experiment.PruneEpoch} copies are pruned by magnitude, the same share of each layer, and trained on "
                    + $"to epoch {experiment.LastEpoch}."),
                "What the paper leaves open is whether pruned weights may grow back. In the figures they may (regrown); the "
                + "tables also have weights that stay zero (kept) and nodes that are cut out of the hidden layers (nodes).",
                .. chapter.Agreement(),
                "Lines are medians over the seeds, bands go from the smallest to the largest. Until the pruning all lines are "
                + "one network.",
            ],
            [.. experiment.Datasets.SelectMany(chapter.Figures)],
            [chapter.PaperComparison(), chapter.Accuracies(), chapter.Baselines(), chapter.Thresholds(), chapter.PruneTimes(),
                chapter.Changes(), chapter.FirstActive()],
            [
                chapter.EmergenceFalls(), chapter.AliveShareRival(), chapter.PruningLowers(), chapter.PruningRaisesRelative(),
                chapter.MostPrunedConvergesFirst(),
                chapter.MostPrunedEndsLower(), chapter.EarlyPruningGivesUpMore(),
            ]);
    }

    private IEnumerable<Curve> Seeds(string dataset, Treatment treatment, double amount, int? pruneAfter = null) =>
        experiment.Settings.Seeds.Select(seed => Run(dataset, seed, treatment, amount, pruneAfter));

    private Curve Run(string dataset, long seed, Treatment treatment, double amount, int? pruneAfter = null) =>
        runs[(dataset, seed)].First(run =>
        run.Arm.Treatment == treatment && run.Arm.Amount == amount
            && run.Arm.PruneAfter == (pruneAfter ?? experiment.PruneEpoch)).Curve;

    private Curve Unpruned(string dataset, long seed) => Run(dataset, seed, Treatment.Regrown, 0);

    private IEnumerable<(Treatment Treatment, double Amount)> PrunedArms =>
        runs[(experiment.Datasets[0], experiment.Settings.Seeds[0])].Select(run => run.Arm)
            .Where(arm => arm.Amount > 0 && arm.PruneAfter == experiment.PruneEpoch)
            .Select(arm => (arm.Treatment, arm.Amount));

    private static string Name(Treatment treatment, double amount) => string.Create(
        CultureInfo.InvariantCulture,
        $"{amount * 100:0.##} % {(treatment == Treatment.Nodes ? "nodes" : "weights")}{After(treatment)}");

    private static string After(Treatment treatment) =>
        treatment switch { Treatment.Regrown => ", regrown", Treatment.Kept => ", kept", _ => "" };

    private IEnumerable<ResultFigure> Figures(string dataset)
    {
        // The paper has MNIST in figures 2 to 5 and Fashion-MNIST in 6 to 9.
        int? number = dataset switch { "mnist" => 2, "fashion-mnist" => 6, _ => null };
        var epochs = new Axis("epoch") { Minimum = 0, Maximum = experiment.LastEpoch };
        var relative = Definition.Usual with { Quantity = Quantity.Relative };

        yield return Draw(
            0, "emergence-accuracy-change", $"{dataset}: emergence, and change of training accuracy",
            " The change is drawn from epoch 2 on; that in the epoch of the pruning is of training and pruning together.",
            Plot("E", point => point.Of(Definition.Usual)),
            new Panel(null, epochs, new Axis("change of accuracy, points"), PerAmount(Treatment.Regrown, (name, curves) =>
                Lines.OfChange(name, curves.Select(curve => curve.After(0)), point => point.Record.Train.Accuracy * 100)))
            { Markers = Pruned });
        yield return Draw(1, "relative-emergence", $"{dataset}: relative emergence", "",
            Plot("E / non-zero parameters", point => point.Of(relative)));
        yield return Draw(2, "emergence", $"{dataset}: emergence", "", Plot("E", point => point.Of(Definition.Usual)));
        yield return Draw(
            3, "accuracy", $"{dataset}: accuracy", " From epoch 1 on.",
            Accuracy("training accuracy", Treatment.Regrown, point => point.Record.Train),
            Accuracy("test accuracy", Treatment.Regrown, point => point.Record.Test));
        yield return new ResultFigure(
            $"{dataset}-kept",
            $"Not in the paper: the same with pruned weights that stay zero, {dataset}; alive: mean > 0.05.",
            new Figure(
                $"{dataset}: pruned weights stay zero",
                [
                    Plot("E", point => point.Of(Definition.Usual), Treatment.Kept),
                    Plot("E_w", point => point.Of(Definition.Usual with { Quantity = Quantity.Wired }), Treatment.Kept),
                    Plot("E / non-zero parameters", point => point.Of(relative), Treatment.Kept),
                    Accuracy("test accuracy", Treatment.Kept, point => point.Record.Test),
                ])
            { Columns = 2 });

        ResultFigure Draw(int index, string id, string title, string note, params ImmutableArray<Panel> panels) => new(
            $"{(number is null ? "" : $"figure-{number + index}-")}{dataset}-{id}",
            $"{(number is null ? "" : $"Figure {number + index} of the paper: ")}{title[(dataset.Length + 2)..]}, {dataset}; "
            + $"alive: mean > 0.05.{note}",
            new Figure(title, panels));

        Panel Plot(string label, Func<CurvePoint, double> value, Treatment treatment = Treatment.Regrown) => new(
            null, epochs, new Axis(label), PerAmount(treatment, (name, curves) => Lines.Of(name, curves, value)))
        { Markers = Pruned };

        // From epoch 1 on: beside the step from chance, all else would be one line.
        Panel Accuracy(string label, Treatment treatment, Func<CurvePoint, Score> score) => new(
            null, epochs, new Axis(label) { Percent = true },
            PerAmount(treatment,
                (name, curves) => Lines.Of(name, curves.Select(curve => curve.After(0)), point => score(point).Accuracy)))
        { Markers = Pruned };

        ImmutableArray<Series> PerAmount(Treatment treatment, Func<string, IEnumerable<Curve>, Series> line) =>
        [
            .. experiment.Settings.Amounts.Select(amount => line(
                amount == 0 ? "not pruned" : string.Create(CultureInfo.InvariantCulture, $"{amount * 100:0.##} % pruned"),
                Seeds(dataset, amount == 0 ? Treatment.Regrown : treatment, amount))),
        ];
    }

    private ImmutableArray<Marker> Pruned => [new Marker(experiment.PruneEpoch, "pruned")];
}
