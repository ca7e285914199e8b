using System.Collections.Immutable;
using System.Globalization;
using Emergence.Datasets;
using Emergence.Trainer.Experiments.Results;
using static Emergence.Trainer.Experiments.MlpPruning;

namespace Emergence.Trainer.Experiments.Report;

/// <content>The paper's statements on pruning, tested.</content>
internal sealed partial class MlpPruningChapter
{
    private static readonly ImmutableArray<Definition> Definitions = Definition.AllOf(Readings);

    private static readonly ImmutableArray<bool> NoAndYes = [false, true];

    private double Most => experiment.Settings.Amounts.Max();

    private static Estimate WithAccuracy(Curve curve, Definition definition) =>
        Estimate.Spearman(curve.After(0).Points.Select(point => (point.Of(definition), point.Record.Train.Accuracy)));

    private Claim EmergenceFalls() => new(
        "Emergence falls as training accuracy rises.", "4.1",
        "Spearman's correlation of E with training accuracy over the epochs from 1 on; below zero. Epochs of one run are not "
        + "independent, so its interval is too narrow.",
        [
            .. from dataset in experiment.Datasets
               from definition in Definitions
               select Evidence.Of(experiment.Settings.Seeds, dataset + ", not pruned", definition.Name, -1,
                   seed => WithAccuracy(Unpruned(dataset, seed), definition)),
            .. from dataset in experiment.Datasets
               from arm in PrunedArms
               select Evidence.Of(
                   experiment.Settings.Seeds, $"{dataset}, {Name(arm.Treatment, arm.Amount)}", Definition.Usual.Name, -1,
                   seed => WithAccuracy(Run(dataset, seed, arm.Treatment, arm.Amount).After(experiment.PruneEpoch),
                       Definition.Usual)),
        ]);

    private Claim AliveShareRival() => new(
        "The share of alive nodes rises as training accuracy rises.", "",
        "Spearman's correlation of the alive share with training accuracy over the epochs from 1 on; above zero. Where it is "
        + "as strong as that of E, E tells nothing more.",
        [
            .. from dataset in experiment.Datasets
               from reading in Readings
               let definition = new Definition(Quantity.AliveShare, reading)
               select Evidence.Of(experiment.Settings.Seeds, dataset + ", not pruned", definition.Name, 1,
                   seed => WithAccuracy(Unpruned(dataset, seed), definition)),
        ]);

    private Claim PruningLowers() => Against(
        "Pruning lowers emergence.", -1, [.. Definitions.Where(definition => definition.Threshold == 0.05)]);

    private Claim PruningRaisesRelative() => Against(
        "Pruning raises relative emergence.", 1,
        [.. from reading in Readings from quantity in new[] { Quantity.Relative, Quantity.RelativeAll }
            select new Definition(quantity, reading)]);

    private Claim Against(string statement, int sign, ImmutableArray<Definition> definitions) => new(
        statement, "4.1, 4.2",
        $"The logarithm of pruned over not pruned at the same epoch, its median over the epochs {experiment.PruneEpoch + 1} "
        + $"to {experiment.LastEpoch} with the interval of the median; {(sign > 0 ? "above" : "below")} zero. −∞ stands where "
        + "the pruned network has E = 0 and the other has not.",
        [
            .. from dataset in experiment.Datasets
               from arm in PrunedArms
               from definition in definitions
               select Evidence.Of(experiment.Settings.Seeds, $"{dataset}, {Name(arm.Treatment, arm.Amount)}", definition.Name,
                   sign, seed =>
               {
                   var whole = Unpruned(dataset, seed);
                   return Estimate.Median(Run(dataset, seed, arm.Treatment, arm.Amount).After(experiment.PruneEpoch).Points
                       .Select(point => Estimate.LogRatio(point.Of(definition), whole.At(point.Epoch).Of(definition))));
               }),
        ]);

    private Claim MostPrunedConvergesFirst() => new(
        string.Create(CultureInfo.InvariantCulture, $"The network of which {Most * 100:0} % is pruned converges fastest."),
        "4.1, 4.2",
        "Epochs until training accuracy stays within one point of its own last value, less the fewest of the other amounts; "
        + "below zero. A network that ends lower is near its end sooner: so also the epochs until all reach a common "
        + "accuracy, one point below the lowest last value among them.",
        [
            .. from dataset in experiment.Datasets
               from treatment in new[] { Treatment.Regrown, Treatment.Kept }
               from common in NoAndYes
               select Evidence.Of(
                   experiment.Settings.Seeds,
                   $"{dataset}, {Name(treatment, Most)}, {(common ? "to a common accuracy" : "to its own end")}", "", -1,
                   seed => Estimate.Point(Lead(dataset, seed, treatment, common))),
        ]);

    private int Lead(string dataset, long seed, Treatment treatment, bool common)
    {
        var curves = experiment.Settings.Amounts.ToDictionary(
            amount => amount, amount => amount == 0 ? Unpruned(dataset, seed) : Run(dataset, seed, treatment, amount));
        var target = curves.Values.Min(curve => curve.Last.Record.Train.Accuracy) - 0.01;
        return Epochs(Most) - experiment.Settings.Amounts.Where(amount => amount < Most).Min(Epochs);

        int Epochs(double amount) => common ? Convergence.Reaches(curves[amount], target) : Convergence.Epoch(curves[amount]);
    }

    private Claim MostPrunedEndsLower() => new(
        string.Create(CultureInfo.InvariantCulture,
            $"The network of which {Most * 100:0} % is pruned ends at a lower accuracy."), "4.1, 4.2",
        "Accuracy in the last epoch less that of the network that is not pruned, in points, with the interval of two shares; "
        + "below zero. Both networks see the same images, so that the interval is rather too wide.",
        [
            .. from dataset in experiment.Datasets
               from treatment in new[] { Treatment.Regrown, Treatment.Kept }
               from train in NoAndYes
               select Evidence.Of(
                   experiment.Settings.Seeds, $"{dataset}, {Name(treatment, Most)}, {(train ? "training" : "test")} accuracy",
                   "", -1,
                   seed =>
                   {
                       var (pruned, whole) = (Run(dataset, seed, treatment, Most).Last, Unpruned(dataset, seed).Last);
                       return train
                           ? Convergence.Points(pruned.Record.Train, whole.Record.Train,
                               experiment.Settings.TrainingSamples ?? DatasetCatalog.Find(dataset)!.TrainingSamples)
                           : Convergence.Points(pruned, whole);
                   }),
        ]);

    private Claim EarlyPruningGivesUpMore() => new(
        "Pruning specialises a network only after enough training: the earlier it is pruned, the more it loses.", "4.2",
        string.Create(
            CultureInfo.InvariantCulture,
            $"Test accuracy in the last epoch of the network of which {Most * 100:0} % is pruned after the epoch, the zeros "
            + $"kept, less that of the one pruned after epoch {experiment.Settings.PruneAfter.Max()}, in points; below zero."),
        [
            .. from epoch in experiment.Settings.PruneAfter.Order().SkipLast(1)
               select Evidence.Of(
                   experiment.Settings.Seeds,
                   string.Create(CultureInfo.InvariantCulture, $"{experiment.Datasets[0]}, pruned after epoch {epoch}"), "", -1,
                   seed => Convergence.Points(
                       Run(experiment.Datasets[0], seed, Treatment.Kept, Most, epoch).Last,
                       Run(experiment.Datasets[0], seed, Treatment.Kept, Most, experiment.Settings.PruneAfter.Max()).Last)),
        ]);
}
