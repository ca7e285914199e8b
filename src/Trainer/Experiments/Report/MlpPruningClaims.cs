using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Verdicts;
using static Emergence.Trainer.Experiments.MlpPruning;

namespace Emergence.Trainer.Experiments.Report;

/// <content>The paper's statements on pruning, tested.</content>
internal sealed partial class MlpPruningChapter
{
    private static readonly ImmutableArray<Definition> Definitions = Definition.AllOf(Readings);

    private static readonly ImmutableArray<bool> NoAndYes = [false, true];

    private double Most => experiment.Settings.Amounts.Max();

    private static readonly ImmutableArray<Treatment> WeightTreatments = [Treatment.Regrown, Treatment.Kept];

    private ImmutableArray<long> EachSeed => experiment.Settings.Seeds;

    // The paper's figures, and of them the network that is pruned most.
    private bool IsPrimary(Treatment treatment, double amount) => treatment == Treatment.Regrown && amount == Most;

    private Claim EmergenceFalls() => new(
        "Emergence falls as training accuracy rises.", "4.1",
        "For each run the correlation of E with training accuracy over the epochs from 1 on (of a pruned network: from the "
        + "first after the pruning), both less the mean over the seeds at the same epoch; below zero. Primary: E by the mean "
        + "above 0.05, not pruned.",
        [
            .. from dataset in experiment.Datasets
               from definition in Definitions
               select Evidence.WithAccuracy(dataset + ", not pruned", definition, -1,
                   EachSeed.Select(seed => Unpruned(dataset, seed).After(0))) with
               {
                   IsPrimary = definition == Definition.Usual,
               },
            .. from dataset in experiment.Datasets
               from arm in PrunedArms
               select Evidence.WithAccuracy($"{dataset}, {Name(arm.Treatment, arm.Amount)}", Definition.Usual, -1,
                   Seeds(dataset, arm.Treatment, arm.Amount).Select(curve => curve.After(experiment.PruneEpoch))),
        ]);

    private Claim AliveShareRival() => new(
        "The share of alive nodes rises as training accuracy rises.", "",
        "The same correlation of the alive share; above zero. Where it is as strong as that of E, E tells nothing more.",
        [
            .. from dataset in experiment.Datasets
               from reading in Readings
               let definition = new Definition(Quantity.AliveShare, reading)
               select Evidence.WithAccuracy(dataset + ", not pruned", definition, 1,
                   EachSeed.Select(seed => Unpruned(dataset, seed).After(0))),
        ]);

    private Claim PruningLowers() => Against(
        "Pruning lowers emergence.", Definition.Usual, -1, [.. Definitions.Where(definition => definition.Threshold == 0.05)]);

    private Claim PruningRaisesRelative() => Against(
        "Pruning raises relative emergence.", Definition.Usual with { Quantity = Quantity.Relative }, 1,
        [.. from reading in Readings from quantity in new[] { Quantity.Relative, Quantity.RelativeAll }
            select new Definition(quantity, reading)]);

    private Claim Against(string statement, Definition primary, int sign, ImmutableArray<Definition> definitions) => new(
        statement, "4.1, 4.2",
        $"For each run (pruned − not pruned) / (pruned + not pruned) at the same epoch, its mean over the epochs "
        + $"{experiment.PruneEpoch + 1} to {experiment.LastEpoch}; {(sign > 0 ? "above" : "below")} zero. It is −1 where the "
        + $"pruned network has E = 0 throughout. Primary: {primary.Symbol} by the mean above 0.05, "
        + $"{Name(Treatment.Regrown, Most)}.",
        [
            .. from dataset in experiment.Datasets
               from arm in PrunedArms
               from definition in definitions
               select Evidence.Of($"{dataset}, {Name(arm.Treatment, arm.Amount)}", definition.Name, Rule.Difference, sign,
                   EachSeed.Select(seed => Difference(dataset, seed, arm.Treatment, arm.Amount, definition))) with
               {
                   IsPrimary = IsPrimary(arm.Treatment, arm.Amount) && definition == primary,
               },
        ]);

    private double Difference(string dataset, long seed, Treatment treatment, double amount, Definition definition)
    {
        var whole = Unpruned(dataset, seed);
        return Courses.Difference(Run(dataset, seed, treatment, amount).After(experiment.PruneEpoch).Points
            .Select(point => (point.Of(definition), whole.At(point.Epoch).Of(definition))));
    }

    private Claim MostPrunedConvergesFirst() => new(
        string.Create(CultureInfo.InvariantCulture, $"The network of which {Most * 100:0} % is pruned converges fastest."),
        "4.1, 4.2",
        "Epochs until training accuracy reaches one point below the lowest last value of all amounts, less the mean of the other "
        + "amounts (less the fewest of them, even equal networks would lose); below zero. Primary: that, pruned weights regrown. "
        + "Also the epochs until it stays within one point of its own last value, which favors a network that ends lower.",
        [
            .. from dataset in experiment.Datasets
               from treatment in WeightTreatments
               from common in NoAndYes
               select Evidence.Of(
                   $"{dataset}, {Name(treatment, Most)}, {(common ? "to a common accuracy" : "to its own end")}", "", Rule.Epochs,
                   -1, EachSeed.Select(seed => Lead(dataset, seed, treatment, common))) with
               {
                   IsPrimary = IsPrimary(treatment, Most) && common,
                   Within = experiment.LastEpoch,
               },
        ]);

    private double Lead(string dataset, long seed, Treatment treatment, bool common)
    {
        var curves = experiment.Settings.Amounts.ToDictionary(
            amount => amount, amount => amount == 0 ? Unpruned(dataset, seed) : Run(dataset, seed, treatment, amount));
        var target = curves.Values.Min(curve => curve.Last.Record.Train.Accuracy) - 0.01;
        return Convergence.Lag(Epochs(Most), experiment.Settings.Amounts.Where(amount => amount < Most).Average(Epochs));

        double Epochs(double amount) =>
            common ? Convergence.Reaches(curves[amount], target) : Convergence.Settles(curves[amount]);
    }

    private Claim MostPrunedEndsLower() => new(
        string.Create(CultureInfo.InvariantCulture,
            $"The network of which {Most * 100:0} % is pruned ends at a lower accuracy."), "4.1, 4.2",
        "Accuracy in the last epoch less that of the network that is not pruned, in points; below zero. Primary: test accuracy, "
        + "pruned weights regrown.",
        [
            .. from dataset in experiment.Datasets
               from treatment in WeightTreatments
               from train in NoAndYes
               select Evidence.Of(
                   $"{dataset}, {Name(treatment, Most)}, {(train ? "training" : "test")} accuracy", "", Rule.Difference, -1,
                   EachSeed.Select(seed => Convergence.Points(
                       Run(dataset, seed, treatment, Most).Last, Unpruned(dataset, seed).Last, train))) with
               {
                   IsPrimary = IsPrimary(treatment, Most) && !train,
               },
        ]);

    private Claim EarlyPruningGivesUpMore() => new(
        "Pruning specialises a network only after enough training: the earlier it is pruned, the more it loses.", "4.2",
        string.Create(
            CultureInfo.InvariantCulture,
            $"How much test accuracy in the last epoch rises, in points, with each epoch by which {Most * 100:0} % of the "
            + $"weights are pruned later, the zeros kept: the slope over the epochs of pruning, the primary number; above zero. And its "
            + $"difference from that of the network pruned last."),
        PruneTimesInOrder.Length < 2 ? [] :
        [
            Evidence.Of($"{experiment.Datasets[0]}, slope", "", Rule.Difference, 1, EachSeed.Select(seed => Courses.Slope(
                [.. PruneTimesInOrder.Select(epoch => ((double)epoch, 100 * PrunedAt(seed, epoch).Record.Test.Accuracy))]))) with
            {
                IsPrimary = true,
            },
            .. from epoch in PruneTimesInOrder.SkipLast(1)
               select Evidence.Of(
                   string.Create(CultureInfo.InvariantCulture, $"{experiment.Datasets[0]}, pruned after epoch {epoch}"), "",
                   Rule.Difference, -1,
                   EachSeed.Select(seed => Convergence.Points(PrunedAt(seed, epoch), PrunedAt(seed, PruneTimesInOrder[^1])))),
        ]);

    private ImmutableArray<int> PruneTimesInOrder => [.. experiment.Settings.PruneAfter.Order()];

    private CurvePoint PrunedAt(long seed, int epoch) => Run(experiment.Datasets[0], seed, Treatment.Kept, Most, epoch).Last;
}
