using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Experiments.Steps;

namespace Emergence.Trainer.Experiments;

/// <summary>
/// Figure 1 of the paper, measured: whether emergence goes with how rugged the loss is around a network, as it is and pruned. The
/// paper draws it and measures nothing.
/// </summary>
/// <param name="Settings">Network, epochs, seeds.</param>
/// <param name="Dataset">What networks are trained on.</param>
internal sealed record Ruggedness(ExperimentSettings Settings, string Dataset)
{
    /// <summary>A network at an epoch.</summary>
    /// <param name="Name">In tables.</param>
    /// <param name="Amount">The share of its weights that is pruned; null before any pruning.</param>
    /// <param name="Epoch">Epochs trained.</param>
    internal sealed record State(string Name, double? Amount, int Epoch);

    private const int Grid = 21, Pairs = 5, Samples = 512, QuickGrid = 5, QuickPairs = 2;

    /// <summary>Shares of the weights that are pruned; 0 is the copy that is not.</summary>
    public static ImmutableArray<double> Amounts { get; } = [0, 0.5, 0.9];

    /// <summary>When copies are pruned: in the middle.</summary>
    public int PruneEpoch => Math.Max(2, Settings.ShortEpochs / 2);

    /// <summary>The last epoch.</summary>
    public int LastEpoch => Math.Max(Settings.ShortEpochs, PruneEpoch + 1);

    /// <summary>Samples of a loss.</summary>
    public int LossSamples => Math.Min(Samples, Settings.ProbeSamples);

    /// <summary>Where networks are looked at: early, before the pruning, and each copy at the end.</summary>
    public ImmutableArray<State> States =>
    [
        new("epoch 1", null, 1),
        new(string.Create(CultureInfo.InvariantCulture, $"epoch {PruneEpoch}"), null, PruneEpoch),
        .. Amounts.Select(amount => new State(string.Create(CultureInfo.InvariantCulture,
            $"epoch {LastEpoch}, {(amount == 0 ? "not pruned" : $"{amount * 100:0} % pruned")}"), amount, LastEpoch)),
    ];

    /// <summary>The whole work.</summary>
    public IEnumerable<Step> Steps =>
        from seed in Settings.Seeds
        from run in Amounts.Select(amount => Arm(amount, seed)).Prepend(Base(seed))
        from step in new Step[] { new AnalyzeStep(run, Reading.Mean, Settings.ProbeSamples), Landscape(run) }
        select step;

    /// <summary>The training of a state.</summary>
    public TrainStep Run(State state, long seed) => state.Amount is { } amount ? Arm(amount, seed) : Base(seed);

    /// <summary>The losses around the checkpoints of a training that are looked at.</summary>
    public LandscapeStep Landscape(TrainStep run) => new(
        run, run.From is null ? [1, PruneEpoch] : [LastEpoch], LossSamples, Settings.IsQuick ? QuickGrid : Grid,
        Settings.IsQuick ? QuickPairs : Pairs);

    private TrainStep Base(long seed) => new($"{Folder(seed)}/base", Setting(seed), 0, PruneEpoch);

    // Pruned weights stay zero, so that it is the landscape of the pruned network.
    private TrainStep Arm(double amount, long seed)
    {
        var folder = string.Create(CultureInfo.InvariantCulture, $"{Folder(seed)}/kept-{amount * 100:0}");
        return new TrainStep(folder, Setting(seed), PruneEpoch, LastEpoch,
            new PruneStep(folder, Base(seed), PruneEpoch, PruningStructure.Weights, amount));
    }

    private TrainingSetting Setting(long seed) => Settings.Mlp(Dataset, seed) with { Samples = Settings.ShortSamples };

    private string Folder(long seed) => string.Create(CultureInfo.InvariantCulture, $"ruggedness/{Dataset}/seed-{seed}");
}
