using System.Collections.Immutable;

namespace Emergence.Measuring.Losses;

/// <summary>What is averaged over the samples.</summary>
public enum LossKind
{
    /// <summary>−log of the probability of the sample's class.</summary>
    CrossEntropy,

    /// <summary>The squared difference from the target, averaged over the values of a sample.</summary>
    SquaredError,

    /// <summary>What the model gives: one value for a sample, or one for a run.</summary>
    Output,
}

/// <summary>Which loss is computed, and from what.</summary>
/// <param name="Kind">The loss.</param>
public sealed record LossSettings(LossKind Kind)
{
    /// <summary>What a regression should give; null: the classes of the samples.</summary>
    public LossTargets? Targets { get; init; }

    /// <summary>Workers that each run the model on one thread; 0: one for each processor. Does not affect any number.</summary>
    public int Workers { get; init; }

    /// <summary>
    /// Samples that all workers together may hold at a time, in whole runs; 0: a run for each worker. Does not affect any
    /// number.
    /// </summary>
    public int SamplesAtATime { get; init; }

    /// <summary>
    /// Stored tensors that are moved beside the parameters of the layers: statistics of normalizations, between two models.
    /// </summary>
    public ImmutableArray<string> Others { get; init; } = [];
}

/// <summary>The loss at one point.</summary>
/// <param name="Loss">The mean over the samples, in double; not finite where the network is not.</param>
/// <param name="Accuracy">Share of samples classified as labeled; null where there are no classes.</param>
public readonly record struct LossValue(double Loss, double? Accuracy);
