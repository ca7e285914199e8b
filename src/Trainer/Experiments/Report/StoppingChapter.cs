using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Experiments.Verdicts;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>Whether E = 0 says that nothing more will come, against ordinary early stopping: over all runs
/// that were not pruned.</summary>
internal static class StoppingChapter
{
    // Runs of one kind; those of which the paper says it are primary.
    private sealed record Group(string Name, ImmutableArray<Curve> Curves, ImmutableArray<Definition> Definitions)
    {
        public bool IsPrimary { get; init; }
    }

    // A gain of less than a point is what the paper's figures cannot show.
    private const double Significant = 1;

    /// <summary>Reads the results and writes the chapter; null where no experiment has runs for it.</summary>
    public static Chapter? Write(ExperimentPlan plan, Workbench bench)
    {
        var groups = Groups(plan, bench);
        return groups.IsEmpty ? null : new Chapter(
            "When to stop",
            [
                "The paper says that E = 0 means no further significant gain. Here networks that were trained without pruning "
                + "(those of the pruning, convolution and prediction experiments) are stopped, in hindsight, at the first "
                + "epoch in which E is zero with nodes alive after it was above zero after epoch 1; and, for comparison, "
                + "where the test loss has not improved for three epochs (early stopping; the test split serves as a "
                + "validation split, which favours it).",
                string.Create(CultureInfo.InvariantCulture,
                    $"Given up is the best test accuracy of any later epoch less the one where it was stopped, in points; a "
                    + $"gain counts as significant from {Significant:0} point on."),
            ],
            [],
            [Stops(groups)],
            [NoGain(groups)]);
    }

    private static ImmutableArray<Group> Groups(ExperimentPlan plan, Workbench bench)
    {
        var groups = ImmutableArray.CreateBuilder<Group>();
        if (plan.MlpPruning is { } pruning)
        {
            groups.AddRange(pruning.Datasets.Select(dataset => new Group(
                $"mlp, {dataset}",
                pruning.Settings.Seeds.Select(seed => pruning.ReadUnpruned(bench, dataset, seed)).ToImmutableArray(),
                All(MlpPruning.Readings))));
        }
        if (plan.Cnn is { } cnn)
        {
            groups.AddRange(cnn.Datasets.Select(dataset => new Group(
                $"{cnn.Kind.ToString().ToLowerInvariant()}, {dataset}",
                cnn.Seeds.Select(seed => Curve.Read(bench, cnn.Run(dataset, seed), Cnn.Readings)).ToImmutableArray(),
                All(Cnn.Readings))
            {
                IsPrimary = true,
            }));
        }
        if (plan.Predictor is { } predictor)
            groups.Add(new("short runs", [.. predictor.Runs.Select(run => Curve.Read(bench, run, [Reading.Mean]))],
                All([Reading.Mean])));
        return groups.ToImmutable();

        // E is zero exactly where E_H is, of these chains, so that one of them is enough.
        static ImmutableArray<Definition> All(ImmutableArray<Reading> readings) =>
            [.. from reading in readings from threshold in Reading.Thresholds.Order()
                select new Definition(Quantity.Emergence, reading, threshold)];
    }

    private static ResultTable Stops(
        ImmutableArray<Group> groups) => new(
        "stopping",
        "Stopped at E = 0 and by early stopping: median over the runs that are stopped (smallest … largest). Zero at once: "
        + "runs with E = 0 after epoch 1 already, where it can tell nothing. Earlier: epochs by which E = 0 fires before "
        + "early stopping, over the runs in which both do.",
        ["runs", "definition", "zero at once", "stopped by E = 0", "E = 0 at epoch", "given up by E = 0", "stopped early",
            "early at epoch", "given up early", "E = 0 earlier by", "runs with both"],
        [
            .. from grp in groups
               from definition in grp.Definitions
               let zeros = Zeros(grp.Curves, definition)
               let early = grp.Curves.Select(curve => (Curve: curve, Epoch: Convergence.EarlyStop(curve)))
                   .Where(run => run.Epoch < run.Curve.Last.Epoch)
                   .ToArray()
               let both = (from zero in zeros from stop in early where zero.Curve == stop.Curve
                   select (double)(stop.Epoch - zero.Epoch)).ToArray()
               select ImmutableArray.Create(
                   grp.Name, definition.Name,
                   Of(grp.Curves.Count(curve => curve.At(1).Of(definition) == 0), grp.Curves.Length),
                   Of(zeros.Length, grp.Curves.Length), Cell.Spread(zeros.Select(run => (double)run.Epoch), Cell.Count),
                   Cell.Spread(zeros.Select(run => GivenUp(run.Curve, run.Epoch)), value => Cell.Signed(value)),
                   Of(early.Length, grp.Curves.Length), Cell.Spread(early.Select(run => (double)run.Epoch), Cell.Count),
                   Cell.Spread(early.Select(run => GivenUp(run.Curve, run.Epoch)), value => Cell.Signed(value)),
                   Cell.Spread(both, Cell.Count), both.Length.ToString(CultureInfo.InvariantCulture)),
        ]);

    private static string Of(int some, int all) => string.Create(CultureInfo.InvariantCulture, $"{some} of {all}");

    private static ImmutableArray<(Curve Curve, int Epoch)> Zeros(IEnumerable<Curve> curves, Definition definition) =>
        [.. from curve in curves let epoch =
            Convergence.FirstZero(curve, definition) where epoch is not null select (curve, epoch.Value)];

    private static double GivenUp(Curve curve, int epoch) => 100 * (
        curve.Points.Where(point => point.Epoch >= epoch)
            .Max(point => point.Record.Test.Accuracy) - curve.At(epoch).Record.Test.Accuracy);

    private static Claim NoGain(
        ImmutableArray<Group> groups) => new(
        "E = 0 means that no further significant gain follows.", "4.4",
        "What is given up by stopping at the first E = 0, in points, less one; below zero. Runs in which E never falls to zero "
        + "say nothing of it. Primary: convolutional networks, E by the mean above 0.05, units.",
        [
            .. from grp in groups
               from definition in grp.Definitions
               let primary = grp.IsPrimary && definition == Definition.Usual
               let gains = grp.Curves.Select(curve => Gain(curve, definition)).ToArray()
               where primary || gains.Any(double.IsFinite)
               select Evidence.Of(grp.Name, definition.Name, Rule.Difference, -1, gains) with
               {
                   IsPrimary = primary,
                   Within = grp.Curves[0].Last.Epoch,
               },
        ]);

    private static double Gain(Curve curve, Definition definition) =>
        Convergence.FirstZero(curve, definition) is { } epoch ? GivenUp(curve, epoch) - Significant : double.NaN;
}
