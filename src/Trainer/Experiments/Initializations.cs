using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Networks;

namespace Emergence.Trainer.Experiments;

/// <summary>What the initial weights do to emergence, before and after training (the paper speaks of it,
/// and does not measure it).</summary>
/// <param name="Settings">Network, samples, seeds.</param>
/// <param name="Dataset">What all are trained on.</param>
internal sealed record Initializations(ExperimentSettings Settings, string Dataset)
{
    /// <summary>The ways to draw them.</summary>
    public static ImmutableArray<Initialization> All { get; } = [.. Enum.GetValues<Initialization>()];

    /// <summary>The whole work.</summary>
    public IEnumerable<Step> Steps =>
        from initialization in All
        from seed in Settings.Seeds
        select new AnalyzeStep(Run(initialization, seed), Reading.Mean, Settings.ProbeSamples);

    /// <summary>A training as long as the one before pruning.</summary>
    public TrainStep Run(Initialization initialization, long seed) => new(
        string.Create(CultureInfo.InvariantCulture,
            $"initialization/{Dataset}/{initialization.ToString().ToLowerInvariant()}/seed-{seed}"),
        Settings.Mlp(Settings.Design with { Initialization = initialization }, Dataset, seed),
        0,
        Settings.PruneAfter[0]);
}
