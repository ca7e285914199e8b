using System.Collections.Immutable;
using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Steps;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>What the initial weights do to emergence.</summary>
internal static class InitializationChapter
{
    /// <summary>Reads the results and writes the chapter.</summary>
    public static Chapter Write(Initializations experiment, Workbench bench) => new(
        "Initial weights",
        [
            $"{experiment.Settings.Mlp(experiment.Dataset, experiment.Settings.Seeds[0]).DescribeNetwork()} on "
            + $"{experiment.Dataset}, {experiment.Settings.PruneAfter[0]} epochs, with initial weights drawn in four ways "
            + "(uniform; PyTorch's default, LeCun, Xavier and Kaiming). Epoch 0 is the control with random weights: the "
            + "spread over its seeds is what chance alone does to the measure.",
        ],
        [],
        [
            new ResultTable(
                "initialization",
                "Emergence (mean > 0.05) before and after training, by initialization: median over the seeds (smallest … "
                + "largest).",
                ["initialization", "E, epoch 0", "E_H, epoch 0", "alive, epoch 0", "E, last epoch", "E_H, last epoch",
                    "alive, last epoch", "test accuracy, %"],
                [
                    .. from initialization in Initializations.All
                       let curves = experiment.Settings.Seeds.Select(seed =>
                           Curve.Read(bench, experiment.Run(initialization, seed), [Reading.Mean])).ToArray()
                       select ImmutableArray.Create(
                           initialization.ToString().ToLowerInvariant(),
                           Of(curves, Quantity.Emergence, curve => curve.Points[0]),
                           Of(curves, Quantity.Active, curve => curve.Points[0]),
                           Of(curves, Quantity.AliveShare, curve => curve.Points[0]),
                           Of(curves, Quantity.Emergence, curve => curve.Last),
                           Of(curves, Quantity.Active, curve => curve.Last),
                           Of(curves, Quantity.AliveShare, curve => curve.Last),
                           Cell.Spread(curves.Select(curve => curve.Last.Record.Test.Accuracy), Cell.Percent)),
                ]),
        ],
        []);

    private static string Of(IEnumerable<Curve> curves, Quantity quantity, Func<Curve, CurvePoint> point) =>
        Cell.Spread(curves.Select(curve => point(curve).Of(Definition.Usual with { Quantity = quantity })), Cell.Figures);
}
