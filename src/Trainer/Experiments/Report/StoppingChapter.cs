using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Steps;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>Whether E = 0 says that nothing more will come, against ordinary early stopping: over all runs that were not pruned.</summary>
internal static class StoppingChapter
{
    // A gain of less than a point is what the paper's figures cannot show.
    private const double Significant = 1;

    /// <summary>Reads the results and writes the chapter; null where no experiment has runs for it.</summary>
    public static Chapter? Write(ExperimentPlan plan, Workbench bench)
    {
        var groups = Groups(plan, bench);
        return groups.IsEmpty ? null : new Chapter(
            "When to stop",
            [
                "The paper says that E = 0 means no further significant gain. Here every network that was trained without pruning is stopped, in hindsight, at the first epoch from 1 on in which E is zero with nodes alive, and, for comparison, where the test loss has not improved for three epochs (early stopping; the test split stands in for a validation split, which favours it).",
                string.Create(CultureInfo.InvariantCulture, $"Lost is the best test accuracy of the whole run less the one where it was stopped, in points; a gain counts as significant from {Significant:0} point on."),
            ],
            [],
            [Stops(groups)],
            [NoGain(groups)]);
    }

    private static ImmutableArray<(string Name, ImmutableArray<Curve> Curves, ImmutableArray<Definition> Definitions)> Groups(ExperimentPlan plan, Workbench bench)
    {
        var groups = ImmutableArray.CreateBuilder<(string, ImmutableArray<Curve>, ImmutableArray<Definition>)>();
        if (plan.MlpPruning is { } pruning)
        {
            groups.AddRange(pruning.Datasets.Select(dataset => (
                $"mlp, {dataset}",
                pruning.Settings.Seeds.Select(seed => pruning.Read(bench, dataset, seed, pruning.Arms(dataset, seed)[0])).ToImmutableArray(),
                All(MlpPruning.Readings))));
        }
        if (plan.Cnn is { } cnn)
        {
            groups.AddRange(cnn.Datasets.Select(dataset => (
                $"{cnn.Kind.ToString().ToLowerInvariant()}, {dataset}",
                cnn.Settings.Seeds.Select(seed => Curve.Read(bench, cnn.Run(dataset, seed), Cnn.Readings)).ToImmutableArray(),
                All(Cnn.Readings))));
        }
        if (plan.Predictor is { } predictor)
            groups.Add(("short runs", [.. predictor.Runs.Select(run => Curve.Read(bench, run, [Reading.Mean]))], All([Reading.Mean])));
        return groups.ToImmutable();

        // E is zero exactly where E_H is, of these chains, so that one of them is enough.
        static ImmutableArray<Definition> All(ImmutableArray<Reading> readings) =>
            [.. from reading in readings from threshold in Reading.Thresholds.Order() select new Definition(Quantity.Emergence, reading, threshold)];
    }

    private static ResultTable Stops(ImmutableArray<(string Name, ImmutableArray<Curve> Curves, ImmutableArray<Definition> Definitions)> groups) => new(
        "stopping",
        "Stopped at E = 0 and by early stopping: median over the runs that are stopped (smallest … largest). Earlier: epochs by which E = 0 fires before early stopping, over the runs in which both do.",
        ["runs", "definition", "stopped by E = 0", "at epoch", "lost, points", "stopped early", "at epoch ", "lost, points ", "earlier"],
        [
            .. from grp in groups
               from definition in grp.Definitions
               let zeros = grp.Curves.Select(curve => (Curve: curve, Epoch: Convergence.FirstZero(curve, definition))).Where(run => run.Epoch is not null).ToArray()
               let early = grp.Curves.Select(curve => (Curve: curve, Epoch: Convergence.EarlyStop(curve))).Where(run => run.Epoch < run.Curve.Last.Epoch).ToArray()
               select ImmutableArray.Create(
                   grp.Name, definition.Name,
                   Of(zeros.Length, grp.Curves.Length), Cell.Spread(zeros.Select(run => (double)run.Epoch!.Value), Cell.Count),
                   Cell.Spread(zeros.Select(run => Lost(run.Curve, run.Epoch!.Value)), value => Cell.Signed(value)),
                   Of(early.Length, grp.Curves.Length), Cell.Spread(early.Select(run => (double)run.Epoch), Cell.Count),
                   Cell.Spread(early.Select(run => Lost(run.Curve, run.Epoch)), value => Cell.Signed(value)),
                   Cell.Spread(
                       from zero in zeros from stop in early where zero.Curve == stop.Curve select (double)(stop.Epoch - zero.Epoch!.Value), Cell.Count)),
        ]);

    private static string Of(int some, int all) => string.Create(CultureInfo.InvariantCulture, $"{some} of {all}");

    private static double Lost(Curve curve, int epoch) =>
        100 * (curve.Points.Max(point => point.Record.Test.Accuracy) - curve.At(epoch).Record.Test.Accuracy);

    private static Claim NoGain(ImmutableArray<(string Name, ImmutableArray<Curve> Curves, ImmutableArray<Definition> Definitions)> groups) => new(
        "E = 0 means that no further significant gain follows.", "4.4",
        "What is lost by stopping at the first E = 0, in points, less one; below zero. A run in which E is never zero gives no number, and the claim stays undecided.",
        [
            .. from grp in groups
               from definition in grp.Definitions
               let zeros = grp.Curves.Select(curve => (Curve: curve, Epoch: Convergence.FirstZero(curve, definition))).ToArray()
               where zeros.Any(run => run.Epoch is not null)
               select new Evidence(grp.Name, definition.Name, -1,
                   [.. zeros.Select(run => Estimate.Point(run.Epoch is { } epoch ? Lost(run.Curve, epoch) - Significant : double.NaN))]),
        ]);
}
