using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Experiments.Verdicts;
using Emergence.Trainer.Networks;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>What the initial weights do to emergence, and whether raising it at the start helps.</summary>
internal sealed class InitializationChapter
{
    // After the first epoch, and at the end.
    private static readonly ImmutableArray<bool> Ends = [false, true];

    private readonly ImmutableDictionary<InitialWeights, ImmutableArray<Curve>> curves;

    private InitializationChapter(Initializations experiment, Workbench bench) =>
        curves = Initializations.All.ToImmutableDictionary(
            initialization => initialization,
            initialization => experiment.Settings.Seeds
                .Select(seed => Curve.Read(bench, experiment.Run(initialization, seed), [Reading.Mean])).ToImmutableArray());

    /// <summary>Reads the results and writes the chapter.</summary>
    public static Chapter Write(Initializations experiment, Workbench bench)
    {
        var chapter = new InitializationChapter(experiment, bench);
        return new Chapter(
            "Initial weights",
            [
                $"{experiment.Settings.Mlp(experiment.Dataset, experiment.Settings.Seeds[0]).DescribeNetwork()} on "
                + $"{experiment.Dataset}, {experiment.Settings.PruneAfter[0]} epochs, with initial weights drawn in four ways "
                + "(uniform; PyTorch's default, LeCun, Xavier and Kaiming). Epoch 0 is the control with random weights: the "
                + "spread over its seeds is what chance alone does to the measure.",
                "emergence:α is EmergenceInit (Li, George, Silva 2024, arXiv 2407.19044) over PyTorch's default: layers are "
                + "counted from the middle, W₋ₙ becomes W₋ₙ/αⁿ and Wₙ becomes Wₙ·αⁿ; biases stay. scaled:α multiplies the same "
                + "weights by one factor, with which the norm of all weights together is the same: what remains of an advantage "
                + "over it is not the size of the weights.",
            ],
            [],
            [chapter.Emergence(), chapter.Raised()],
            [chapter.Helps()]);
    }

    private ResultTable Emergence() => new(
        "initialization",
        "Emergence (mean > 0.05) before and after training, by initialization: median over the seeds (smallest … "
        + "largest).",
        ["initialization", "E, epoch 0", "E_H, epoch 0", "alive, epoch 0", "E, last epoch", "E_H, last epoch",
            "alive, last epoch", "test accuracy, %"],
        [
            .. from initialization in Initializations.All
               let runs = curves[initialization]
               select ImmutableArray.Create(
                   initialization.ToString(),
                   Of(runs, Quantity.Emergence, curve => curve.Points[0]),
                   Of(runs, Quantity.Active, curve => curve.Points[0]),
                   Of(runs, Quantity.AliveShare, curve => curve.Points[0]),
                   Of(runs, Quantity.Emergence, curve => curve.Last),
                   Of(runs, Quantity.Active, curve => curve.Last),
                   Of(runs, Quantity.AliveShare, curve => curve.Last),
                   Cell.Spread(runs.Select(curve => curve.Last.Record.Test.Accuracy), Cell.Percent)),
        ]);

    private ResultTable Raised() => new(
        "initialization-raised",
        "Does raising E at the start help? Test accuracy of emergence:α less that of another start with the same seed, in "
        + "points: median over the seeds (smallest … largest), and on how many it is above zero. E is the ratio at epoch 0.",
        ["start", "against", "E, ratio", "after 1 epoch", "above zero", "last epoch", "above zero"],
        [
            .. from alpha in Initializations.Alphas
               from other in new[] { Initializations.Control(alpha), Initialization.PyTorch }
               let pairs = curves[Initializations.Raised(alpha)].Zip(curves[other]).ToArray()
               let early = pairs.Select(pair => Gain(pair.First.At(1), pair.Second.At(1))).ToArray()
               let late = pairs.Select(pair => Gain(pair.First.Last, pair.Second.Last)).ToArray()
               select ImmutableArray.Create(
                   Initializations.Raised(alpha).ToString(), other.ToString(),
                   Cell.Spread(pairs.Select(pair => Start(pair.First) / Start(pair.Second)), Cell.Figures),
                   Cell.Spread(early, value => Cell.Signed(value)), Above(early),
                   Cell.Spread(late, value => Cell.Signed(value)), Above(late)),
        ]);

    private Claim Helps() => new(
        "Raising emergence at the start helps.", "",
        "Test accuracy of emergence:α less that of another start with the same seed, in points; above zero. Exploratory.",
        [
            .. from alpha in Initializations.Alphas
               from other in new[] { Initializations.Control(alpha), Initialization.PyTorch }
               from last in Ends
               select Evidence.Of(
                   $"{Initializations.Raised(alpha)} against {other}, {(last ? "last epoch" : "epoch 1")}", "", Rule.Difference,
                   1,
                   curves[Initializations.Raised(alpha)].Zip(curves[other], (raised, reference) =>
                       Gain(last ? raised.Last : raised.At(1), last ? reference.Last : reference.At(1)))),
        ]);

    private static double Gain(CurvePoint point, CurvePoint reference) =>
        100 * (point.Record.Test.Accuracy - reference.Record.Test.Accuracy);

    private static double Start(Curve curve) => curve.Points[0].Of(Definition.Usual);

    private static string Above(double[] gains) =>
        string.Create(CultureInfo.InvariantCulture, $"{gains.Count(gain => gain > 0)} of {gains.Length}");

    private static string Of(IEnumerable<Curve> curves, Quantity quantity, Func<Curve, CurvePoint> point) =>
        Cell.Spread(curves.Select(curve => point(curve).Of(Definition.Usual with { Quantity = quantity })), Cell.Figures);
}
