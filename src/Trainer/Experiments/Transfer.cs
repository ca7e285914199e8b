using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Experiments.Steps;

namespace Emergence.Trainer.Experiments;

/// <summary>
/// Section 4.3 of the paper: train on one data set, prune a copy, train both on another, beside fresh networks of both sizes.
/// </summary>
/// <param name="Settings">Networks, epochs, seeds.</param>
/// <param name="Source">Data set of the first training.</param>
/// <param name="Target">Data set of the second.</param>
internal sealed record Transfer(ExperimentSettings Settings, string Source, string Target)
{
    /// <summary>Names of the networks, in the order of <see cref="Arms"/>.</summary>
    public const string Unpruned = "unpruned", NodesPruned = "nodes pruned", WeightsPruned = "weights pruned",
        Random = "random", RandomSmall = "random, pruned size";

    /// <summary>A network on the second data set.</summary>
    internal sealed record Arm(string Name, TrainStep Run);

    /// <summary>The whole work.</summary>
    public IEnumerable<Step> Steps =>
        from seed in Settings.Seeds
        from arm in Arms(seed)
        from reading in MlpPruning.Readings
        select new AnalyzeStep(arm.Run, reading, Settings.ProbeSamples);

    /// <summary>The training on the first data set.</summary>
    public TrainStep Base(long seed) => new($"{Folder(seed)}/base", Settings.Mlp(Source, seed), 0, Settings.Epochs);

    /// <summary>The networks on the second data set.</summary>
    public ImmutableArray<Arm> Arms(long seed)
    {
        var small = Settings.Design with
        {
            Hidden = [.. Settings.Design.Hidden.Select(nodes =>
                nodes - Math.Min(nodes - 1, (int)Math.Round(nodes * Settings.TransferAmount)))],
        };
        return
        [
            Moved(Unpruned, PruningStructure.Weights, 0),
            Moved(NodesPruned, PruningStructure.Nodes, Settings.TransferAmount),
            Moved(WeightsPruned, PruningStructure.Weights, Settings.TransferAmount),
            new(Random, new TrainStep($"{Folder(seed)}/random", Settings.Mlp(Target, seed), 0, Settings.Epochs)),
            new(RandomSmall,
                new TrainStep($"{Folder(seed)}/random-small", Settings.Mlp(small, Target, seed), 0, Settings.Epochs)),
        ];

        Arm Moved(string name, PruningStructure structure, double amount)
        {
            var folder = $"{Folder(seed)}/{name.Replace(' ', '-')}";
            var prune = new PruneStep(folder, Base(seed), Settings.Epochs, structure, amount);
            return new Arm(name, new TrainStep(folder, Settings.Mlp(Target, seed), Settings.Epochs, 2 * Settings.Epochs, prune));
        }
    }

    private string Folder(long seed) => string.Create(CultureInfo.InvariantCulture, $"transfer/{Source}-{Target}/seed-{seed}");
}
