using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;

namespace Emergence.Measuring.Statistics;

/// <summary>What was measured on each single sample of a probe, under one threshold.</summary>
/// <param name="Emergence">E of each sample, in order.</param>
/// <param name="EmergenceActive">E_H of each sample, in order.</param>
/// <param name="Layers">What was counted of each layer.</param>
public sealed record SampleProfile(
    ImmutableArray<EmergenceValue> Emergence, ImmutableArray<EmergenceValue> EmergenceActive,
    ImmutableArray<LayerSamples> Layers)
{
    /// <summary>The profiles of all samples, one per threshold, from those of shares of them, in order.</summary>
    internal static ImmutableArray<SampleProfile> Join(ImmutableArray<ImmutableArray<SampleProfile>> shares) =>
        [.. Enumerable.Range(0, shares[0].Length).Select(threshold => new SampleProfile(
            [.. shares.SelectMany(share => share[threshold].Emergence)],
            [.. shares.SelectMany(share => share[threshold].EmergenceActive)],
            [.. Enumerable.Range(0, shares[0][threshold].Layers.Length).Select(layer =>
                shares.Select(share => share[threshold].Layers[layer]).Aggregate((sum, next) => sum.With(next)))]))];
}

/// <summary>The alive nodes of one layer over single samples.</summary>
/// <param name="Alive">Sum of a over the samples.</param>
/// <param name="AliveChannels">Sum of α over the samples.</param>
/// <param name="Borderline">The most borderline nodes on any one sample.</param>
public readonly record struct LayerSamples(long Alive, long AliveChannels, int Borderline)
{
    /// <summary>Takes in more samples.</summary>
    internal LayerSamples With(LayerSamples next) =>
        new(Alive + next.Alive, AliveChannels + next.AliveChannels, Math.Max(Borderline, next.Borderline));

    /// <summary>Takes in one more sample.</summary>
    internal LayerSamples With(LayerActivity activity, int borderline) => new(
        Alive + activity.Alive, AliveChannels + (activity.AliveChannels ?? activity.Alive), Math.Max(Borderline, borderline));
}
