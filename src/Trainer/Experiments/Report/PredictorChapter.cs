using System.Collections.Immutable;
using System.Globalization;
using Emergence.Pages;
using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Networks;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>Whether emergence early in training tells how a run will end, against simple rivals; and how it
/// grows with the network.</summary>
internal sealed class PredictorChapter
{
    private static readonly ImmutableArray<int> Epochs = [0, 1, 2, 3];

    private static readonly ImmutableArray<Definition> Measures =
        [.. new[] { Quantity.Emergence, Quantity.Active, Quantity.Wired,
            Quantity.Relative }.Select(quantity => Definition.Usual with { Quantity = quantity })];

    // What tells as much without any measuring, or with less.
    private static readonly ImmutableArray<(string Name, Func<Run, int, double> Value)> Rivals =
    [
        ("alive share", (run, epoch) => run.Curve.At(epoch).Of(Definition.Usual with { Quantity = Quantity.AliveShare })),
        ("minus training loss", (run, epoch) => -run.Curve.At(epoch).Record.Train.Loss),
        ("training accuracy", (run, epoch) => run.Curve.At(epoch).Record.Train.Accuracy),
        ("parameters", (run, _) => run.Parameters),
        ("learning rate", (run, _) => run.Setting.Hyper.LearningRate),
    ];

    private readonly Predictor experiment;
    private readonly ImmutableArray<Run> runs;

    private PredictorChapter(Predictor experiment, Workbench bench)
    {
        this.experiment = experiment;
        runs = [.. experiment.Runs.Select(run => new Run(run.Setting, Curve.Read(bench, run, [Reading.Mean])))];
    }

    private sealed record Run(TrainingSetting Setting, Curve Curve)
    {
        public double Final => Curve.Last.Record.Test.Accuracy;

        public double Parameters => Curve.Points[0].Readings["mean"].Parameters;

        public int Layers => Setting.Design.Hidden.Length + 1;
    }

    /// <summary>Reads the results and writes the chapter.</summary>
    public static Chapter Write(Predictor experiment, Workbench bench)
    {
        var chapter = new PredictorChapter(experiment, bench);
        return new Chapter(
            "Does emergence predict how a run ends?",
            [
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{chapter.runs.Length} runs on the first {experiment.Settings.ShortSamples} training samples of "
                    + $"{experiment.Dataset}, {experiment.Settings.ShortEpochs} epochs each: every combination of "
                    + $"{chapter.runs.Select(run => string.Join('-', run.Setting.Design.Hidden)).Distinct().Count()} "
                    + $"sizes, {chapter.runs.Select(run => run.Setting.Hyper.LearningRate).Distinct().Count()} "
                    + $"learning rates and "
                    + $"{chapter.runs.Select(run => run.Setting.Design.Activation).Distinct().Count()} "
                    + $"activation functions, each run with a seed of its own. "),
                "A prediction is worth something only where it beats what costs nothing: the training loss of the same epoch.",
            ],
            [chapter.Scatter()],
            [chapter.FinalAccuracy(), chapter.WithinActivations(), chapter.Speed(), chapter.Sizes()],
            [chapter.Predicts(), chapter.GrowsWithParameters(), chapter.GrowsWithLayers()]);
    }

    private ResultFigure Scatter() => new(
        "predictor-emergence-accuracy",
        "Emergence after one epoch, and accuracy in the end: a point for each run.",
        new Figure(
            "Early emergence and final accuracy",
            [
                new Panel(
                    null, new Axis("E after epoch 1") { Logarithmic = true },
                    new Axis("test accuracy in the end") { Percent = true },
                    [
                        .. from activation in Enum.GetValues<Activation>()
                           select new Series(
                               activation.ToString().ToLowerInvariant(),
                               [.. runs.Where(run => run.Setting.Design.Activation == activation)
                                   .Select(run => new Point(run.Curve.At(1).Of(Definition.Usual), run.Final))])
                           {
                               Kind = SeriesKind.Scatter,
                           },
                    ]),
            ]));

    private ResultTable FinalAccuracy() => Correlations(
        "predictor-final-accuracy",
        "Spearman's correlation of what is known at an epoch with the test accuracy in the end, over all runs, with its 95 % "
        + "interval.",
        runs, run => run.Final);

    private ResultTable Speed() => Correlations(
        "predictor-speed",
        "The same with minus the number of epochs until training accuracy stays within one point of its last value: above "
        + "zero where a large value goes with early convergence. Only runs that reach 80 % in the end, as one that never "
        + "learns has converged at once.",
        [.. runs.Where(run => run.Curve.Last.Record.Train.Accuracy >= 0.8)], run => -Convergence.Epoch(run.Curve));

    private ResultTable WithinActivations() => Correlations(
        "predictor-final-accuracy-relu",
        "The same with the test accuracy in the end, over the runs with ReLU only, so that the activation function explains "
        + "nothing.",
        Relu, run => run.Final);

    private static ResultTable Correlations(string id, string caption, ImmutableArray<Run> runs, Func<Run, double> outcome) =>
        new(
        id, $"{caption} {runs.Length} runs.",
        ["predictor", .. Epochs.Select(epoch => string.Create(CultureInfo.InvariantCulture, $"epoch {epoch}"))],
        [
            .. from predictor in Predictors
               select ImmutableArray.Create(
                   [predictor.Name,
                   .. Epochs.Select(epoch =>
                   Cell.Interval(Estimate.Spearman(runs.Select(run => (predictor.Value(run, epoch), outcome(run))))))]),
        ]);

    private static IEnumerable<(string Name, Func<Run, int, double> Value)> Predictors =>
        Measures.Select(measure => (measure.Symbol, (Func<Run, int, double>)((run, epoch) => run.Curve.At(epoch).Of(measure))))
            .Concat(Rivals);

    private ResultTable Sizes()
    {
        var best = runs.Max(run => run.Final);
        var sizes = runs.GroupBy(run => string.Join('-', run.Setting.Design.Hidden))
            .OrderBy(size => size.First().Parameters)
            .ToArray();
        var enough = sizes.FirstOrDefault(size => size.Max(run => run.Final) >= best - 0.01)?.Key;
        return new ResultTable(
            "predictor-sizes",
            "Networks by size (section 3.1 of the paper). Enough is the smallest whose best run comes within one point of "
            + $"the best of all ({Cell.Percent(best)} %). E is that of the ReLU runs.",
            ["hidden layers", "parameters", "layers", "best test accuracy, %", "enough", "E at epoch 0", "E in the end",
                "Ẽ in the end"],
            [
                .. from size in sizes
                   let relu = size.Where(run => run.Setting.Design.Activation == Activation.Relu).ToArray()
                   select ImmutableArray.Create(
                       size.Key, Cell.Count(size.First().Parameters), Cell.Count(size.First().Layers),
                       Cell.Percent(size.Max(run => run.Final)),
                       size.Key == enough ? "smallest that is" : size.Max(run => run.Final) >= best - 0.01 ? "yes" : "no",
                       Cell.Spread(relu.Select(run => run.Curve.Points[0].Of(Definition.Usual)), Cell.Count),
                       Cell.Spread(relu.Select(run => run.Curve.Last.Of(Definition.Usual)), Cell.Count),
                       Cell.Spread(relu.Select(run => run.Curve.Last.Of(Definition.Usual with { Quantity = Quantity.Relative })),
                           Cell.Figures)),
            ]);
    }

    private Claim Predicts() => new(
        "Emergence in early epochs predicts the final accuracy.", "abstract, 5",
        "Spearman's correlation of the measure at the epoch with the test accuracy in the end, over the runs; above zero. "
        + "There is one number, not one for each seed: every run has a seed of its own. Primary: E by the mean above 0.05 at "
        + "epoch 1, all runs.",
        [
            .. from measure in Measures
               from epoch in Epochs.Skip(1)
               from some in new[] { ("all runs", runs), ("ReLU runs", Relu) }
               select Evidence.OfRuns(
                   string.Create(CultureInfo.InvariantCulture, $"{some.Item1}, epoch {epoch}"), measure.Name, 1,
                   some.Item2.Select(run => (run.Curve.At(epoch).Of(measure), run.Final))) with
               {
                   IsPrimary = measure == Definition.Usual && epoch == 1 && some.Item1 == "all runs",
               },
        ]);

    private Claim GrowsWithParameters() => Grows(
        "Emergence grows with the number of parameters.", "Among networks of one hidden layer only their width differs.",
        run => run.Parameters,
        ("ReLU runs of one hidden layer", [.. Relu.Where(run => run.Layers == 2)]));

    private Claim GrowsWithLayers() => Grows(
        "Emergence grows with the number of layers.", "Deeper networks here have more parameters as well.", run => run.Layers);

    private Claim Grows(string statement, string remark, Func<Run, double> size,
        params ImmutableArray<(string Name, ImmutableArray<Run> Runs)> more) => new(
        statement, "3.1",
        "Spearman's correlation of the measure with the number, over the runs; above zero. "
        + "Primary: E by the mean above 0.05 at epoch 0, all runs. " + remark,
        [
            .. from measure in Measures.Take(3)
               from epoch in new[] { 0, experiment.Settings.ShortEpochs }
               from some in new (string Name, ImmutableArray<Run> Runs)[] { ("all runs", runs), ("ReLU runs", Relu) }.Concat(more)
               select Evidence.OfRuns(
                   string.Create(CultureInfo.InvariantCulture, $"{some.Name}, epoch {epoch}"), measure.Name, 1,
                   some.Runs.Select(run => (run.Curve.At(epoch).Of(measure), size(run)))) with
               {
                   IsPrimary = measure == Definition.Usual && epoch == 0 && some.Name == "all runs",
               },
        ]);

    private ImmutableArray<Run> Relu => [.. runs.Where(run => run.Setting.Design.Activation == Activation.Relu)];
}
