using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Steps;

namespace Emergence.Trainer.Experiments;

/// <summary>What becomes of the pruned part when training goes on.</summary>
internal enum Treatment
{
    /// <summary>Weights are set to zero once, and train on with the others: what comes closest to the
    /// paper's accuracies.</summary>
    Regrown,

    /// <summary>Weights are set to zero and stay zero.</summary>
    Kept,

    /// <summary>Nodes are cut out of the network.</summary>
    Nodes,
}

/// <summary>
/// Sections 4.1 and 4.2 of the paper: train a network, prune copies of it by magnitude, train them on. Beyond the paper: three
/// meanings of pruning, and pruning after other epochs.
/// </summary>
/// <param name="Settings">Networks, epochs, seeds.</param>
/// <param name="Datasets">Data sets; each is an experiment of its own.</param>
internal sealed record MlpPruning(ExperimentSettings Settings, ImmutableArray<string> Datasets)
{
    /// <summary>One line of a figure: a copy of the network, from its pruning on.</summary>
    /// <param name="Treatment">What pruning means.</param>
    /// <param name="Amount">Share that is pruned.</param>
    /// <param name="PruneAfter">When.</param>
    /// <param name="Run">The training after it.</param>
    internal sealed record Arm(Treatment Treatment, double Amount, int PruneAfter, TrainStep Run);

    /// <summary>The share of nodes that is pruned.</summary>
    private const double Nodes = 0.5;

    /// <summary>How each series is read.</summary>
    public static ImmutableArray<Reading> Readings { get; } = [Reading.Mean, Reading.Max, Reading.Share, Reading.MeanWithInput];

    /// <summary>The epoch of the pruning that the figures show.</summary>
    public int PruneEpoch => Settings.PruneAfter[0];

    /// <summary>The last epoch of every run.</summary>
    public int LastEpoch => PruneEpoch + Settings.Epochs;

    /// <summary>The whole work.</summary>
    public IEnumerable<Step> Steps =>
        from dataset in Datasets
        from seed in Settings.Seeds
        from run in Arms(dataset, seed).Select(arm => arm.Run).Prepend(Base(dataset, seed))
        from reading in Readings
        select new AnalyzeStep(run, reading, Settings.ProbeSamples);

    /// <summary>The training before any pruning.</summary>
    public TrainStep Base(string dataset, long seed) =>
        new($"{Folder(dataset, seed)}/base", Settings.Mlp(dataset, seed), 0,
            dataset == Datasets[0] ? Settings.PruneAfter.Max() : PruneEpoch);

    /// <summary>
    /// The pruned copies: all amounts of weights and one of nodes after the first of the epochs; on the
    /// first data set the largest
    /// amount of weights after the others, too. The copy that is not pruned does not depend on when.
    /// </summary>
    public ImmutableArray<Arm> Arms(string dataset, long seed)
    {
        return
        [
            .. Settings.Amounts.Select(amount => Create(Treatment.Regrown, amount, PruneEpoch)),
            .. Settings.Amounts.Where(amount => amount > 0).Select(amount => Create(Treatment.Kept, amount, PruneEpoch)),
            Create(Treatment.Nodes, Nodes, PruneEpoch),
            .. dataset == Datasets[0]
                ? Settings.PruneAfter.Skip(1).Select(epoch => Create(Treatment.Kept, Settings.Amounts.Max(), epoch))
                : [],
        ];

        Arm Create(Treatment treatment, double amount, int epoch)
        {
            var folder = string.Create(
                CultureInfo.InvariantCulture,
                $"{Folder(dataset, seed)}/after-{epoch}-{treatment.ToString().ToLowerInvariant()}-{amount * 100:0.##}");
            var structure = treatment == Treatment.Nodes ? PruningStructure.Nodes : PruningStructure.Weights;
            var prune = new PruneStep(folder, Base(dataset, seed), epoch, structure, amount);
            return new Arm(
                treatment, amount, epoch,
                new TrainStep(folder, Settings.Mlp(dataset, seed), epoch, LastEpoch, prune,
                    Regrow: treatment == Treatment.Regrown));
        }
    }

    /// <summary>The results of the copy that is not pruned, from the first epoch on: those before the
    /// pruning are the base's.</summary>
    public Curve ReadUnpruned(Workbench bench, string dataset, long seed) =>
        Curve.Read(bench, Base(dataset, seed), Readings).Until(PruneEpoch)
            .Then(Curve.Read(bench, Arms(dataset, seed).First(arm => arm.Amount == 0).Run, Readings));

    private static string Folder(string dataset, long seed) =>
        string.Create(CultureInfo.InvariantCulture, $"mlp-pruning/{dataset}/seed-{seed}");
}
