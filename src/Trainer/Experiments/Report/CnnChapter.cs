using System.Collections.Immutable;
using System.Globalization;
using Emergence.Figures;
using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Steps;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>Section 4.4 of the paper: under which definition the emergence of a convolutional network falls to zero.</summary>
internal sealed class CnnChapter
{
    private static readonly ImmutableArray<Definition> Definitions =
    [
        .. from reading in Cnn.Readings
           from quantity in new[] { Quantity.Emergence, Quantity.Active, Quantity.Wired }
           select new Definition(quantity, reading),
        .. from reading in Cnn.Readings
           from threshold in Reading.Thresholds.Skip(1)
           select new Definition(Quantity.Emergence, reading, threshold),
    ];

    private readonly Cnn experiment;
    private readonly Dictionary<(string Dataset, long Seed), Curve> runs;

    private CnnChapter(Cnn experiment, Workbench bench)
    {
        this.experiment = experiment;
        runs = (from dataset in experiment.Datasets
                from seed in experiment.Settings.Seeds
                select (dataset, seed)).ToDictionary(run => run, run => Curve.Read(bench, experiment.Run(run.dataset, run.seed), Cnn.Readings));
    }

    /// <summary>Reads the results and writes the chapter.</summary>
    public static Chapter Write(Cnn experiment, Workbench bench)
    {
        var chapter = new CnnChapter(experiment, bench);
        var setting = experiment.Run(string.Join(" and ", experiment.Datasets), 0).Setting;
        return new Chapter(
            "Convolutional networks",
            [
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{setting.Describe(experiment.Settings.Seeds)}; {experiment.Settings.Epochs} epochs. Only the first {setting.Samples} training samples, or as many as the data set's files hold."),
                "Each checkpoint is read with units (channel and position) and with whole filters as nodes, and with three rules of being alive. The paper reports 634,398 in epoch 1 and 0 later; it does not say which definition it used.",
            ],
            [.. experiment.Datasets.Select(chapter.Draw)],
            [chapter.Course()],
            [chapter.FallsToZero(), chapter.Falls()]);
    }

    private IEnumerable<Curve> Seeds(string dataset) => experiment.Settings.Seeds.Select(seed => runs[(dataset, seed)]);

    private ResultFigure Draw(string dataset) => new(
        $"cnn-{dataset}-emergence",
        $"Emergence (θ 0.05) and accuracy of a convolutional network, epoch by epoch, {dataset}.",
        new Figure(
            dataset,
            [
                Plot(dataset, "E, units", [.. Cnn.Readings.Where(reading => !IsOfFilters(reading))]),
                Plot(dataset, "E, filters", [.. Cnn.Readings.Where(IsOfFilters)]),
                new Panel(
                    null, Epochs, new Axis("accuracy") { Percent = true },
                    [
                        Lines.Of("train", Seeds(dataset), point => point.Record.Train.Accuracy) with { Style = 3 },
                        Lines.Of("test", Seeds(dataset), point => point.Record.Test.Accuracy) with { Style = 4 },
                    ]),
            ]));

    private Axis Epochs => new("epoch") { Minimum = 0, Maximum = experiment.Settings.Epochs };

    private Panel Plot(string dataset, string label, ImmutableArray<Reading> readings) => new(
        null, Epochs, new Axis(label) { Logarithmic = true },
        [.. readings.Select(reading => Lines.Of(
            reading.Name.Replace("-filters", "", StringComparison.Ordinal), Seeds(dataset), point => point.Of(new Definition(Quantity.Emergence, reading))))]);

    private static bool IsOfFilters(Reading reading) => reading.Name.EndsWith("-filters", StringComparison.Ordinal);

    private ResultTable Course() => new(
        "cnn-emergence",
        "Emergence in the course of training: median over the seeds (smallest … largest). First zero: the epochs in which E is first zero with nodes alive, over the seeds where that happens.",
        ["data set", "definition", "epoch 0", "epoch 1", $"epoch {experiment.Settings.Epochs}", "largest", "first zero", "seeds with zero"],
        [
            .. from dataset in experiment.Datasets
               from definition in Definitions
               let curves = Seeds(dataset).ToArray()
               let zeros = curves.Select(curve => Convergence.FirstZero(curve, definition)).OfType<int>().ToArray()
               select ImmutableArray.Create(
                   dataset, definition.Name, At(curves, definition, 0), At(curves, definition, 1), At(curves, definition, experiment.Settings.Epochs),
                   Cell.Spread(curves.Select(curve => curve.Points.Max(point => point.Of(definition))), Cell.Count),
                   Cell.Spread(zeros.Select(epoch => (double)epoch), Cell.Count),
                   string.Create(CultureInfo.InvariantCulture, $"{zeros.Length} of {curves.Length}")),
        ]);

    private static string At(IEnumerable<Curve> curves, Definition definition, int epoch) =>
        Cell.Spread(curves.Select(curve => curve.At(epoch).Of(definition)), Cell.Count);

    private Claim FallsToZero() => new(
        "Emergence of a convolutional network falls to zero.", "4.4",
        "The first epoch with E = 0 and nodes alive, less the last epoch and a half: below zero where there is one, above zero where E is never zero.",
        [
            .. from dataset in experiment.Datasets
               from definition in Definitions
               select PerSeed(dataset, definition.Name, -1, curve => Estimate.Point(
                   (Convergence.FirstZero(curve, definition) ?? experiment.Settings.Epochs + 1) - experiment.Settings.Epochs - 0.5)),
        ]);

    private Claim Falls() => new(
        "Emergence of a convolutional network falls as training accuracy rises.", "4.4",
        "Spearman's correlation of E with training accuracy over the epochs from 1 on; below zero.",
        [
            .. from dataset in experiment.Datasets
               from definition in Definitions
               select PerSeed(dataset, definition.Name, -1, curve => Estimate.Spearman(
                   curve.After(0).Points.Select(point => (point.Of(definition), point.Record.Train.Accuracy)))),
        ]);

    private Evidence PerSeed(string dataset, string definition, int sign, Func<Curve, Estimate> estimate) =>
        new(dataset, definition, sign, [.. Seeds(dataset).Select(estimate)]);
}
