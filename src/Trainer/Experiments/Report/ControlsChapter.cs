using System.Collections.Immutable;
using System.Globalization;
using Emergence.Pages;
using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Experiments.Verdicts;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>The course of emergence under true and random labels and images, side by side.</summary>
internal sealed class ControlsChapter
{
    private static readonly ImmutableArray<Controls.Arm> RandomArms = [Controls.Arm.Labels, Controls.Arm.Inputs];

    private readonly Controls experiment;
    private readonly ImmutableDictionary<Controls.Arm, ImmutableArray<Curve>> curves;

    private ControlsChapter(Controls experiment, Workbench bench)
    {
        this.experiment = experiment;
        curves = Enum.GetValues<Controls.Arm>().ToImmutableDictionary(
            arm => arm,
            arm => experiment.Settings.Seeds
                .Select(seed => Curve.Read(bench, experiment.Run(arm, seed), [Reading.Mean])).ToImmutableArray());
    }

    /// <summary>Reads the results and writes the chapter.</summary>
    public static Chapter Write(Controls experiment, Workbench bench)
    {
        var chapter = new ControlsChapter(experiment, bench);
        var setting = experiment.Run(Controls.Arm.True, experiment.Settings.Seeds[0]).Setting;
        return new Chapter(
            "Random labels and random images",
            [
                string.Create(CultureInfo.InvariantCulture,
                    $"{setting.Describe(experiment.Settings.Seeds)}; {experiment.Settings.ShortEpochs} epochs. "
                    + $"The same networks, with the same initial weights and order of samples, are trained on the true samples, "
                    + $"on the true images with labels drawn at random, and on noise with the true labels (Zhang, Bengio, Hardt, "
                    + $"Recht, Vinyals 2017, arXiv 1611.03530). Nothing can be learned there that generalizes; training accuracy "
                    + $"above chance is remembered, which takes more epochs than learning."),
                "Activations are recorded on the true test images in all three. A course of E that is the same in all three "
                + "is not one of learning what the images show.",
            ],
            [chapter.Courses()],
            [chapter.Ends()],
            [chapter.Differs()]);
    }

    private ResultFigure Courses()
    {
        var epochs = new Axis("epoch") { Minimum = 0, Maximum = experiment.Settings.ShortEpochs };
        return new ResultFigure(
            "controls",
            $"Not in the paper: emergence and accuracy under true and random labels and images, {experiment.Dataset}; alive: "
            + "mean > 0.05. Lines are medians over the seeds, bands go from the smallest to the largest.",
            new Figure($"{experiment.Dataset}: random labels and images",
            [
                Panel("E", point => point.Of(Definition.Usual)),
                Panel("alive nodes", point => point.Of(Definition.Usual with { Quantity = Quantity.AliveShare }), percent: true),
                Panel("training accuracy", point => point.Record.Train.Accuracy, percent: true),
                Panel("test accuracy", point => point.Record.Test.Accuracy, percent: true),
            ])
            { Columns = 2 });

        Panel Panel(string label, Func<CurvePoint, double> value, bool percent = false) => new(
            null, epochs, new Axis(label) { Percent = percent },
            [.. Enum.GetValues<Controls.Arm>().Select(arm => Lines.Of(Name(arm), curves[arm], value))]);
    }

    private ResultTable Ends() => new(
        "controls",
        "Emergence (mean > 0.05) and accuracy under true and random labels and images: median over the seeds (smallest … "
        + "largest). Change: log10 of E in the last epoch over E in epoch 1.",
        ["samples", "E, epoch 0", "E, epoch 1", "E, last epoch", "change", "alive, last epoch", "training accuracy, %",
            "test accuracy, %"],
        [
            .. from arm in Enum.GetValues<Controls.Arm>()
               let runs = curves[arm]
               select ImmutableArray.Create(
                   Name(arm),
                   Cell.Spread(runs.Select(run => run.Points[0].Of(Definition.Usual)), Cell.Figures),
                   Cell.Spread(runs.Select(run => run.At(1).Of(Definition.Usual)), Cell.Figures),
                   Cell.Spread(runs.Select(run => run.Last.Of(Definition.Usual)), Cell.Figures),
                   Cell.Spread(runs.Select(Change), value => Cell.Signed(value)),
                   Cell.Spread(runs.Select(run =>
                       run.Last.Of(Definition.Usual with { Quantity = Quantity.AliveShare })), Cell.Figures),
                   Cell.Spread(runs.Select(run => run.Last.Record.Train.Accuracy), Cell.Percent),
                   Cell.Spread(runs.Select(run => run.Last.Record.Test.Accuracy), Cell.Percent)),
        ]);

    private Claim Differs() => new(
        "Emergence falls more where there is something to learn.", "",
        "Change of log10 E from epoch 1 to the last under true samples less that under random ones, by seed; below zero. "
        + "Exploratory.",
        [
            .. RandomArms.Select(arm => Evidence.Of(
                $"{experiment.Dataset}, {Name(arm)}", Definition.Usual.Name, Rule.Difference, -1,
                curves[Controls.Arm.True].Zip(curves[arm], (real, random) => Change(real) - Change(random)))),
        ]);

    // Where E is 0 there is no ratio.
    private static double Change(Curve run)
    {
        var (first, last) = (run.At(1).Of(Definition.Usual), run.Last.Of(Definition.Usual));
        return first > 0 && last > 0 ? Math.Log10(last / first) : double.NaN;
    }

    private static string Name(Controls.Arm arm) => arm switch
    {
        Controls.Arm.True => "true samples",
        Controls.Arm.Labels => "random labels",
        Controls.Arm.Inputs => "random images",
        _ => throw new NotSupportedException($"arm {arm}"),
    };
}
