using System.Globalization;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Experiments;

/// <summary>
/// Not in the paper: the same training with labels, or images, that are random (Zhang et al. 2017). What emergence does there as
/// well, it does not do because a network learns what generalizes.
/// </summary>
/// <param name="Settings">Network, epochs, seeds.</param>
/// <param name="Dataset">What the true samples are.</param>
internal sealed record Controls(ExperimentSettings Settings, string Dataset)
{
    /// <summary>What is shown to a network.</summary>
    internal enum Arm
    {
        /// <summary>The samples as they are.</summary>
        True,

        /// <summary>Each with a class drawn at random.</summary>
        Labels,

        /// <summary>Noise with the labels of the true images.</summary>
        Inputs,
    }

    /// <summary>The whole work.</summary>
    public IEnumerable<Step> Steps =>
        from arm in Enum.GetValues<Arm>()
        from seed in Settings.Seeds
        select new AnalyzeStep(Run(arm, seed), Reading.Mean, Settings.ProbeSamples);

    /// <summary>A short training. The seed of the run is that of its random labels or images, too.</summary>
    public TrainStep Run(Arm arm, long seed) => new(
        string.Create(CultureInfo.InvariantCulture, $"controls/{Dataset}/{arm.ToString().ToLowerInvariant()}/seed-{seed}"),
        Settings.Mlp(Dataset, seed) with
        {
            Samples = Settings.ShortSamples,
            Random = arm switch
            {
                Arm.Labels => new RandomData(Labels: seed),
                Arm.Inputs => new RandomData(Inputs: seed),
                _ => RandomData.None,
            },
        },
        0,
        Settings.ShortEpochs);
}
