using System.Collections.Immutable;
using System.Globalization;
using Emergence.Datasets;
using Emergence.Pages;
using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Experiments.Verdicts;

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
                from seed in experiment.Seeds
                select (dataset, seed))
                    .ToDictionary(run => run, run => Curve.Read(bench, experiment.Run(run.dataset, run.seed), Cnn.Readings));
    }

    /// <summary>Reads the results and writes the chapter.</summary>
    public static Chapter Write(Cnn experiment, Workbench bench)
    {
        var chapter = new CnnChapter(experiment, bench);
        var setting = experiment.Run(string.Join(" and ", experiment.Datasets), 0).Setting;
        var samples = string.Join(", ", experiment.Datasets.Select(dataset => TrainingSamples(experiment, bench, dataset)));
        return new Chapter(
            "Convolutional networks",
            [
                $"{setting.Describe(experiment.Seeds)}; "
                    + $"{experiment.Settings.Epochs} epochs. Training samples: {samples}.",
                "Each checkpoint is read with units (channel and position) and with whole filters as nodes, and with three "
                + "rules of being alive. The paper reports 634,398 in epoch 1 and 0 later; it does not say which definition "
                + "it used.",
            ],
            [.. experiment.Datasets.Select(chapter.Draw)],
            [chapter.Course()],
            [chapter.FallsToZero(), chapter.Falls()]);
    }

    private static string TrainingSamples(Cnn experiment, Workbench bench, string dataset)
    {
        var available = DatasetCatalog.Load(dataset, "train", bench.DataDir).Count;
        var count = Math.Min(experiment.Settings.ConvolutionalSamples, available);
        return string.Create(CultureInfo.InvariantCulture, $"the first {count:#,0} of {dataset}");
    }

    private IEnumerable<Curve> Seeds(string dataset) => experiment.Seeds.Select(seed => runs[(dataset, seed)]);

    private ResultFigure Draw(string dataset) => new(
        $"cnn-{dataset}-emergence",
        $"Emergence (θ 0.05) and accuracy of a convolutional network, epoch by epoch, {dataset}.",
        new Figure(
            $"{dataset}: {experiment.Kind.ToString().ToLowerInvariant()}",
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
            reading.Name.Replace("-filters", "", StringComparison.Ordinal), Seeds(dataset),
            point => point.Of(new Definition(Quantity.Emergence, reading))))]);

    private static bool IsOfFilters(Reading reading) => reading.Name.EndsWith("-filters", StringComparison.Ordinal);

    private ResultTable Course() => new(
        "cnn-emergence",
        "Emergence in the course of training: median over the seeds (smallest … largest). Falls to zero: seeds in which E is "
        + "above zero after epoch 1 and later zero with nodes alive, and the first epoch of that; for good: seeds in which it "
        + "stays zero to the end; from the start: seeds in which it is zero after epoch 1 already.",
        ["data set", "definition", "epoch 0", "epoch 1", $"epoch {experiment.Settings.Epochs}", "largest", "falls to zero",
            "first", "for good", "from the start"],
        [
            .. from dataset in experiment.Datasets
               from definition in Definitions
               let curves = Seeds(dataset).ToArray()
               let zeros = curves.Select(curve => Convergence.FirstZero(curve, definition)).OfType<int>().ToArray()
               select ImmutableArray.Create(
                   dataset, definition.Name, At(curves, definition, 0), At(curves, definition, 1),
                   At(curves, definition, experiment.Settings.Epochs),
                   Cell.Spread(curves.Select(curve => curve.Points.Max(point => point.Of(definition))), Cell.Count),
                   Of(zeros.Length, curves.Length), Cell.Spread(zeros.Select(epoch => (double)epoch), Cell.Count),
                   Of(curves.Count(curve => Convergence.FirstZero(curve, definition, forGood: true) is not null), curves.Length),
                   Of(curves.Count(curve => curve.At(1).Of(definition) == 0), curves.Length)),
        ]);

    private static string Of(int some, int all) => string.Create(CultureInfo.InvariantCulture, $"{some} of {all}");

    private static string At(IEnumerable<Curve> curves, Definition definition, int epoch) =>
        Cell.Spread(curves.Select(curve => curve.At(epoch).Of(definition)), Cell.Count);

    private Claim FallsToZero() => new(
        "Emergence of a convolutional network falls to zero.", "4.4",
        "Whether there is an epoch from which on E, above zero after epoch 1, stays zero with nodes alive: the share of runs, "
        + "above one half; on the right the first such epochs. Runs with E = 0 after epoch 1 cannot tell. Primary: E by the mean "
        + "above 0.05, units.",
        [
            .. from dataset in experiment.Datasets
               from definition in Definitions
               select Evidence.Of(dataset, definition.Name, Rule.Event, 1, Seeds(dataset).Select(curve =>
                   curve.At(1).Of(definition) == 0 ? double.NaN
                       : Convergence.FirstZero(curve, definition, forGood: true) ?? double.PositiveInfinity)) with
               {
                   IsPrimary = definition == Definition.Usual,
                   Within = experiment.Settings.Epochs,
               },
        ]);

    private Claim Falls() => new(
        "Emergence of a convolutional network falls as training accuracy rises.", "4.4",
        "For each run the correlation of E with training accuracy over the epochs from 1 on, both less the mean over the seeds "
        + "at the same epoch; below zero. Primary: E by the mean above 0.05, units.",
        [
            .. from dataset in experiment.Datasets
               from definition in Definitions
               select Evidence.WithAccuracy(dataset, definition, -1, Seeds(dataset).Select(curve => curve.After(0))) with
               {
                   IsPrimary = definition == Definition.Usual,
               },
        ]);
}
