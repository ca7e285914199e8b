using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Measuring.Settings;

namespace Emergence.Measuring.Statistics;

/// <summary>One layer as one threshold sees it.</summary>
public sealed record LayerResult
{
    /// <summary>Position in topological order.</summary>
    public required int Index { get; init; }

    /// <summary>The layer's unique name.</summary>
    public required string Name { get; init; }

    /// <summary>Operator that opened it.</summary>
    public required string Op { get; init; }

    /// <summary>Its activation function, or empty.</summary>
    public required string Activation { get; init; }

    /// <summary>n: number of nodes.</summary>
    public required int Nodes { get; init; }

    /// <summary>a: number of alive nodes; with <see cref="Statistic.Sample"/> the mean over the samples,
    /// rounded half to even.</summary>
    public required int Alive { get; init; }

    /// <summary>Where a lies on 95 % of resamples of the probe; null unless a bootstrap was asked for.</summary>
    public Interval<int>? AliveInterval { get; init; }

    /// <summary>m: path multiplicity (n, or the number of filters).</summary>
    public required int Multiplicity { get; init; }

    /// <summary>α: alive path multiplicity; null in the same cases.</summary>
    public required int AliveMultiplicity { get; init; }

    /// <summary>
    /// Nodes whose statistic lies within 1e-4 of the threshold; with <see cref="Statistic.Sample"/> the most there are on
    /// any one sample.
    /// </summary>
    public required int Borderline { get; init; }

    /// <summary>Nodes with a NaN activation on some sample.</summary>
    public required int NodesNan { get; init; }

    /// <summary>Nodes with an infinite activation on some sample (and no NaN).</summary>
    public required int NodesInf { get; init; }

    /// <summary>
    /// Alive nodes all of whose incoming weights are exactly zero, so that a bias alone makes them alive; null where the
    /// weights are not known node by node, and with <see cref="Statistic.Sample"/>.
    /// </summary>
    public int? AliveByBias { get; init; }

    /// <summary>
    /// Share of E that starts at dead nodes of this layer, in [0, 1]; null where E is zero, and with
    /// <see cref="Statistic.Sample"/>.
    /// </summary>
    public double? EmergenceShare { get; init; }

    /// <summary>
    /// Nodes with no activation above the threshold on any sample, so that they are dead; null where their largest activation
    /// is not counted: unless <see cref="AnalysisSettings.Maxima"/> or the units are asked for, or the statistic needs it.
    /// </summary>
    public int? NeverFired { get; init; }

    /// <summary>
    /// By how much E changes if one more of its nodes were alive, on average over its dead nodes; null where none is dead, and
    /// with <see cref="Statistic.Sample"/>.
    /// </summary>
    public EmergenceChange? Slope { get; init; }

    /// <summary>What its weight matrix comes to; null unless asked for, and where there is none that is known.</summary>
    public WeightSpectrum? Spectrum { get; init; }

    /// <summary>The ranks of its activations; null unless asked for, and where they are not known.</summary>
    public ActivationSpectrum? ActivationRanks { get; init; }

    /// <summary>What was counted of the single nodes; null unless asked for.</summary>
    public LayerUnits? Units { get; init; }

    /// <summary>Alive nodes that were dead in the checkpoint before; null where there is nothing to compare.</summary>
    public int? Woke { get; init; }

    /// <summary>Dead nodes that were alive in the checkpoint before; null in the same cases.</summary>
    public int? Died { get; init; }

    /// <summary>Elements of its stored tensors.</summary>
    public required long Parameters { get; init; }

    /// <summary>Elements of its stored tensors that are not zero.</summary>
    public required long ParametersNonzero { get; init; }

    /// <summary>Mean of its activations over nodes and samples; null where not finite.</summary>
    public required double? ActivationMean { get; init; }

    /// <summary>Largest activation over nodes and samples; null where not finite, or not counted.</summary>
    public required double? ActivationMax { get; init; }

    /// <summary>
    /// Which nodes are alive, channel-major (node = channel × positions + position); null with <see cref="Statistic.Sample"/>,
    /// where that differs from sample to sample.
    /// </summary>
    public required NodeMask? Mask { get; init; }
}

/// <summary>What was counted of each node of a layer, channel-major (node = channel × positions + position).</summary>
/// <param name="Mean">Mean activation over the samples; NaN where one is not finite.</param>
/// <param name="Max">Largest activation; NaN where one is not finite.</param>
/// <param name="Share">Share of the samples on which it is above the threshold.</param>
public sealed record LayerUnits(ImmutableArray<float> Mean, ImmutableArray<float> Max, ImmutableArray<float> Share);
