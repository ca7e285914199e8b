using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Measuring.Settings;

namespace Emergence.Measuring.Statistics;

/// <summary>Why an emergence is zero.</summary>
public enum ZeroCause
{
    /// <summary>It is not zero.</summary>
    None,

    /// <summary>Every node is alive.</summary>
    AllAlive,

    /// <summary>No node is alive, by value or because its activations are not finite.</summary>
    AllDead,

    /// <summary>Some nodes are dead and some alive, but no path leads from a dead one to an alive one.</summary>
    NoPath,
}

/// <summary>What moved E since the checkpoint before.</summary>
/// <param name="Structure">
/// The whole change where the structure differs, as there are no nodes then that could be compared; else zero.
/// </param>
/// <param name="Split">The change split among layers and nodes; null where the structure differs.</param>
public sealed record EmergenceStep(EmergenceChange Structure, EmergenceSplit? Split)
{
    /// <summary>The change of E.</summary>
    public EmergenceChange Change => Split?.Change ?? Structure;
}

/// <summary>One row of a series: a checkpoint under one threshold.</summary>
public sealed record Measurement
{
    /// <summary>θ, as float32 (for <see cref="Statistic.Share"/>: what one activation is compared with).</summary>
    public required float Threshold { get; init; }

    /// <summary>The layers, in topological order.</summary>
    public required ImmutableArray<LayerResult> Layers { get; init; }

    /// <summary>E, the paper's measure; with <see cref="Statistic.Sample"/> its mean over the samples, exactly.</summary>
    public required EmergenceValue Emergence { get; init; }

    /// <summary>E_H, Li 2023's measure; null in the same cases.</summary>
    public required EmergenceValue EmergenceActive { get; init; }

    /// <summary>E_w, over the connections that exist; null unless asked for.</summary>
    public required EmergenceValue? EmergenceWired { get; init; }

    /// <summary>E and E_H of the single samples; null unless the statistic is <see cref="Statistic.Sample"/>.</summary>
    public SampleEmergence? PerSample { get; init; }

    /// <summary>How far a, E and E_H move with the choice of samples; null unless a bootstrap was asked for.</summary>
    public BootstrapIntervals? Intervals { get; init; }

    /// <summary>E by the layer its paths start from and the layer they end in; null unless asked for.</summary>
    public Contributions? Contributions { get; init; }

    /// <summary>Where E, E_H and E_w lie among what they are by chance; empty unless asked for.</summary>
    public ImmutableArray<NullResult> Nulls { get; init; } = [];

    /// <summary>The path norm of the network, the same under each threshold; null unless asked for, and where it is not
    /// known.</summary>
    public double? PathNorm { get; init; }

    /// <summary>What others judge a network by, as means over the layers.</summary>
    public RivalMeans Rivals => RivalMeans.Of(Layers, PathNorm);

    /// <summary>Why E is zero.</summary>
    public required ZeroCause ZeroCause { get; init; }

    /// <summary>E over the non-zero parameters of the traced layers; null where there are none.</summary>
    public required double? RelativeEmergence { get; init; }

    /// <summary>E over all parameters of the traced layers; null where there are none.</summary>
    public required double? RelativeEmergenceAll { get; init; }

    /// <summary>
    /// ‖s − s'‖₂ / ‖s'‖₂, s the statistic of every node here and s' in the checkpoint before; null for the first of a
    /// series, with <see cref="Statistic.Sample"/>, where the two were not fed the same samples, where s' is zero, and
    /// where an activation is not finite.
    /// </summary>
    public double? ActivationChange { get; init; }

    /// <summary>
    /// What moved E since the checkpoint before; null for the first of a series, with <see cref="Statistic.Sample"/>, and where
    /// the two were not fed the same samples.
    /// </summary>
    public EmergenceStep? Step { get; init; }

    /// <summary>Nodes of all layers that are alive and were dead in the checkpoint before; null where there
    /// is nothing to compare.</summary>
    public int? Woke => Layers.Any(layer => layer.Woke is null) ? null : Layers.Sum(layer => layer.Woke);

    /// <summary>Nodes of all layers that are dead and were alive in the checkpoint before; null in the same cases.</summary>
    public int? Died => Layers.Any(layer => layer.Died is null) ? null : Layers.Sum(layer => layer.Died);

    /// <summary>Nodes of all layers.</summary>
    public int Nodes => Layers.Sum(layer => layer.Nodes);

    /// <summary>Alive nodes of all layers.</summary>
    public int Alive => Layers.Sum(layer => layer.Alive);

    /// <summary>Borderline nodes of all layers.</summary>
    public int Borderline => Layers.Sum(layer => layer.Borderline);

    /// <summary>Nodes alive by bias only, of all layers where that is known; null where it is known of none.</summary>
    public int? AliveByBias => Layers.All(layer => layer.AliveByBias is null) ? null : Layers.Sum(layer => layer.AliveByBias);

    /// <summary>Nodes with no activation above the threshold on any sample, of all layers; null where that
    /// is not known.</summary>
    public int? NeverFired => Layers.Any(layer => layer.NeverFired is null) ? null : Layers.Sum(layer => layer.NeverFired);

    /// <summary>Nodes with a NaN activation, of all layers.</summary>
    public int NodesNan => Layers.Sum(layer => layer.NodesNan);

    /// <summary>Nodes with an infinite activation, of all layers.</summary>
    public int NodesInf => Layers.Sum(layer => layer.NodesInf);
}
