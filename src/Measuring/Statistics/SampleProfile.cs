using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;

namespace Emergence.Measuring.Statistics;

/// <summary>What was measured on each single sample of a probe, under one threshold.</summary>
/// <param name="Emergence">E of each sample, in order.</param>
/// <param name="EmergenceActive">E_H of each sample, in order.</param>
/// <param name="Layers">What was counted of each layer.</param>
public sealed record SampleProfile(
    ImmutableArray<EmergenceValue> Emergence, ImmutableArray<EmergenceValue> EmergenceActive,
    ImmutableArray<LayerSamples> Layers);

/// <summary>The alive nodes of one layer over single samples.</summary>
/// <param name="Alive">Sum of a over the samples.</param>
/// <param name="AliveChannels">Sum of α over the samples.</param>
/// <param name="Borderline">The most borderline nodes on any one sample.</param>
public readonly record struct LayerSamples(long Alive, long AliveChannels, int Borderline)
{
    /// <summary>Takes in one more sample.</summary>
    internal LayerSamples With(LayerActivity activity, int borderline) => new(
        Alive + activity.Alive, AliveChannels + (activity.AliveChannels ?? activity.Alive), Math.Max(Borderline, borderline));
}
