using System.Collections.Immutable;
using System.Globalization;
using Emergence.Pages;
using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Experiments.Verdicts;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>Figures 10 and 11 of the paper, and its statements on transfer.</summary>
internal sealed class TransferChapter
{
    private static readonly ImmutableArray<Definition> Definitions =
        [.. Definition.AllOf(MlpPruning.Readings).Where(definition => definition.Threshold == 0.05)];

    private static readonly ImmutableArray<string> Names =
        [Transfer.Unpruned, Transfer.NodesPruned, Transfer.WeightsPruned, Transfer.Random, Transfer.RandomSmall];

    private static readonly ImmutableArray<bool> NoAndYes = [false, true];

    private readonly Transfer experiment;
    private readonly Dictionary<(string Name, long Seed), Curve> runs;

    private TransferChapter(Transfer experiment, Workbench bench)
    {
        this.experiment = experiment;
        runs = (from seed in experiment.Settings.Seeds
                from arm in experiment.Arms(seed)
                select (arm, seed))
                    .ToDictionary(run => (run.arm.Name, run.seed), run => Curve.Read(bench, run.arm.Run, MlpPruning.Readings));
    }

    /// <summary>Reads the results and writes the chapter.</summary>
    public static Chapter Write(Transfer experiment, Workbench bench)
    {
        var chapter = new TransferChapter(experiment, bench);
        var settings = experiment.Settings;
        return new Chapter(
            "Transfer to another data set",
            [
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{settings.Mlp($"{experiment.Source}, then {experiment.Target}", 0).Describe(settings.Seeds)}. After "
                    + $"{settings.Epochs} epochs on {experiment.Source} the network goes on for {settings.Epochs} epochs on "
                    + $"{experiment.Target}: as it is; with {settings.TransferAmount * 100:0} % of the nodes of each "
                    + $"hidden layer cut out; with {settings.TransferAmount * 100:0} % of the weights at zero for "
                    + $"good. Beside them train two networks that begin with random weights: of the size before "
                    + $"and of the size after the nodes were cut out."),
                "Activations are recorded on the data set of the second training throughout. Lines are medians over the "
                + "seeds, bands go from the smallest to the largest.",
            ],
            [
                chapter.Draw("figure-10-transfer-accuracy",
                    "Figure 10 of the paper: test accuracy after the transfer, from its first epoch on.", "test accuracy",
                    point => point.Record.Test.Accuracy, accuracy: true),
                chapter.Draw("figure-11-transfer-emergence",
                    "Figure 11 of the paper: emergence after the transfer; alive: mean > 0.05.", "E",
                    point => point.Of(Definition.Usual)),
            ],
            [chapter.Ends()],
            [chapter.Faster(), chapter.EarlyLead(), chapter.Lower(), chapter.LowerEmergence(), chapter.RandomAccuracy(),
                chapter.RandomEmergence()]);
    }

    private Curve Run(string name, long seed) => runs[(name, seed)];

    // Epochs on the target, whatever came before.
    private int Start(string name) => name is Transfer.Random or Transfer.RandomSmall ? 0 : experiment.Settings.Epochs;

    private ResultFigure Draw(string id, string caption, string label, Func<CurvePoint, double> value, bool accuracy = false) =>
        new(
        id, caption,
        new Figure(
            $"{experiment.Source} to {experiment.Target}",
            [
                new Panel(
                    null,
                    new Axis($"epoch on {experiment.Target}") { Minimum = 0, Maximum = experiment.Settings.Epochs },
                    new Axis(label) { Percent = accuracy },
                    [.. Names.Select(name => Lines.Of(
                        name, experiment.Settings.Seeds.Select(seed =>
                            accuracy ? Run(name, seed).After(Start(name)) : Run(name, seed)), value, -Start(name)))]),
            ]));

    private ResultTable Ends() => new(
        "transfer-ends",
        $"After the last epoch on {experiment.Target}: median over the seeds (smallest … largest). Convergence: epochs until "
        + $"training accuracy is within one point of its last value.",
        ["network", "parameters", "train, %", "test, %", "test after 1 epoch, %", "convergence", "E", "E_H", "E_w", "Ẽ"],
        [
            .. from name in Names
               let curves = experiment.Settings.Seeds.Select(seed => Run(name, seed)).ToArray()
               let last = curves.Select(curve => curve.Last).ToArray()
               select ImmutableArray.Create(
                   name,
                   Cell.Spread(last.Select(point => (double)point.Readings["mean"].NonZeroParameters), Cell.Count),
                   Cell.Spread(last.Select(point => point.Record.Train.Accuracy), Cell.Percent),
                   Cell.Spread(last.Select(point => point.Record.Test.Accuracy), Cell.Percent),
                   Cell.Spread(curves.Select(curve => curve.At(Start(name) + 1).Record.Test.Accuracy), Cell.Percent),
                   Cell.Spread(curves.Select(curve => (double)Convergence.Epoch(curve) - Start(name)), Cell.Count),
                   Of(last, Quantity.Emergence), Of(last, Quantity.Active), Of(last, Quantity.Wired),
                   Of(last, Quantity.Relative)),
        ]);

    private static string Of(IEnumerable<CurvePoint> points, Quantity quantity) =>
        Cell.Spread(points.Select(point => point.Of(Definition.Usual with { Quantity = quantity })), Cell.Figures);

    private Claim Faster() => new(
        "A pruned network converges earlier after the transfer.", "4.3",
        "Epochs until training accuracy reaches one point below the lower last value of the two, less those of the network that "
        + "is not pruned; below zero. Primary: that, nodes pruned. Also the epochs until it stays within one point of its own "
        + "last value, which favors a network that ends lower.",
        [
            .. from name in Pruned
               from common in NoAndYes
               select Evidence.Of($"{name}, {(common ? "to a common accuracy" : "to its own end")}", "", Rule.Epochs, -1,
                   Seeds.Select(seed => Lag(Run(name, seed), Run(Transfer.Unpruned, seed), common))) with
               {
                   IsPrimary = name == Transfer.NodesPruned && common,
                   Within = experiment.Settings.Epochs,
               },
        ]);

    private static double Lag(Curve pruned, Curve whole, bool common)
    {
        var target = Math.Min(pruned.Last.Record.Train.Accuracy, whole.Last.Record.Train.Accuracy) - 0.01;
        return common
            ? Convergence.Lag(Convergence.Reaches(pruned, target), Convergence.Reaches(whole, target))
            : Convergence.Lag(Convergence.Settles(pruned), Convergence.Settles(whole));
    }

    private Claim EarlyLead() => new(
        "A pruned network is ahead after the first epoch of the transfer.", "",
        "Test accuracy after one epoch less that of the network that is not pruned, in points; above zero.",
        [.. Pruned.Select(name => Evidence.Of(name, "", Rule.Difference, 1, Seeds.Select(seed => Convergence.Points(
            Run(name, seed).At(Start(name) + 1), Run(Transfer.Unpruned, seed).At(Start(Transfer.Unpruned) + 1)))))]);

    private Claim Lower() => new(
        "A pruned network ends at a lower accuracy after the transfer.", "4.3",
        "Test accuracy after the last epoch less that of the network that is not pruned, in points; below zero. Primary: nodes "
        + "pruned.",
        [.. Pruned.Select(name => Ends(name, Transfer.Unpruned, name) with { IsPrimary = name == Transfer.NodesPruned })]);

    private Claim LowerEmergence() => new(
        "A pruned network has lower emergence after the transfer.", "4.3",
        "For each run (pruned − not pruned) / (pruned + not pruned) at the same epoch, its mean over the epochs; below zero. "
        + "Primary: E by the mean above 0.05, nodes pruned.",
        [
            .. from name in Pruned
               from definition in Definitions
               select Against(name, Transfer.Unpruned, definition, isPrimary: name == Transfer.NodesPruned),
        ]);

    private Claim RandomAccuracy() => new(
        "A network with random initial weights reaches a lower accuracy than one that was trained before.", "4.3",
        "Test accuracy after the last epoch less that of the network that is not pruned, or for the small one less that of "
        + "the network with nodes cut out, in points; below zero. Primary: the network that is not pruned.",
        [
            .. RandomPairs.Select(pair => Ends(pair.Random, pair.Trained, $"{pair.Random} against {pair.Trained}") with
            {
                IsPrimary = pair.Random == Transfer.Random,
            }),
        ]);

    private Claim RandomEmergence() => new(
        "A network with random initial weights has lower emergence than one that was trained before.", "4.3",
        "For each run (random − trained) / (random + trained) at the same epoch of the second training, its mean over the "
        + "epochs; below zero. Primary: E by the mean above 0.05, against the network that is not pruned.",
        [
            .. from pair in RandomPairs
               from definition in Definitions
               select Against(pair.Random, pair.Trained, definition, isPrimary: pair.Random == Transfer.Random),
        ]);

    private ImmutableArray<long> Seeds => experiment.Settings.Seeds;

    private static ImmutableArray<string> Pruned => [Transfer.NodesPruned, Transfer.WeightsPruned];

    private static ImmutableArray<(string Random, string Trained)> RandomPairs =>
        [(Transfer.Random, Transfer.Unpruned), (Transfer.RandomSmall, Transfer.NodesPruned)];

    private Evidence Ends(string name, string reference, string setting) => Evidence.Of(setting, "", Rule.Difference, -1,
        Seeds.Select(seed => Convergence.Points(Run(name, seed).Last, Run(reference, seed).Last)));

    private Evidence Against(string name, string reference, Definition definition, bool isPrimary) => Evidence.Of(
        $"{name} against {reference}", definition.Name, Rule.Difference, -1,
        Seeds.Select(seed =>
        {
            var other = Run(reference, seed);
            return Courses.Difference(Run(name, seed).After(Start(name)).Points.Select(point => (
                point.Of(definition), other.At(point.Epoch - Start(name) + Start(reference)).Of(definition))));
        })) with
    {
        IsPrimary = isPrimary && definition == Definition.Usual,
    };
}
