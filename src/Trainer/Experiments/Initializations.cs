using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Networks;

namespace Emergence.Trainer.Experiments;

/// <summary>What the initial weights do to emergence, before and after training (the paper speaks of it, and does not measure
/// it); and whether raising it at the start helps.</summary>
/// <param name="Settings">Network, samples, seeds.</param>
/// <param name="Dataset">What all are trained on.</param>
internal sealed record Initializations(ExperimentSettings Settings, string Dataset)
{
    /// <summary>What EmergenceInit scales by: 3 divides the first layer of three by 3 and multiplies the last.</summary>
    public static ImmutableArray<double> Alphas { get; } = [1.5, 3];

    /// <summary>The ways to draw them, then those that raise emergence, each with its control.</summary>
    public static ImmutableArray<InitialWeights> All { get; } =
    [
        .. Enum.GetValues<Initialization>().Select(rule => (InitialWeights)rule),
        .. Alphas.SelectMany(alpha => new[] { Raised(alpha), Control(alpha) }),
    ];

    /// <summary>PyTorch's weights as EmergenceInit scales them.</summary>
    public static InitialWeights Raised(double alpha) =>
        new(Initialization.PyTorch, new WeightScaling(ScalingProfile.Emergence, alpha));

    /// <summary>The same weights scaled by one factor, to the same norm.</summary>
    public static InitialWeights Control(double alpha) =>
        new(Initialization.PyTorch, new WeightScaling(ScalingProfile.Scaled, alpha));

    /// <summary>The whole work.</summary>
    public IEnumerable<Step> Steps =>
        from initialization in All
        from seed in Settings.Seeds
        select new AnalyzeStep(Run(initialization, seed), Reading.Mean, Settings.ProbeSamples);

    /// <summary>A training as long as the one before pruning.</summary>
    public TrainStep Run(InitialWeights initialization, long seed) => new(
        string.Create(CultureInfo.InvariantCulture,
            $"initialization/{Dataset}/{initialization.ToString().Replace(':', '-')}/seed-{seed}"),
        Settings.Mlp(Settings.Design with { Initialization = initialization }, Dataset, seed),
        0,
        Settings.PruneAfter[0]);
}
