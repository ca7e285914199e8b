using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Measuring.Devices;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Tracing.Model;

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

/// <summary>Everything measured on one checkpoint.</summary>
public sealed record CheckpointResult
{
    /// <summary>The file as the user named it.</summary>
    public required string File { get; init; }

    /// <summary>Epoch: from metadata, else from a step number in the file's name, else null.</summary>
    public required int? Epoch { get; init; }

    /// <summary>Whether <see cref="Epoch"/> is a number in the file's name, as nothing is recorded.</summary>
    public bool IsEpochOfName { get; init; }

    /// <summary>SHA-256 of the model file, lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Bytes of the model file, its external data included; null where unknown.</summary>
    public long? Bytes { get; init; }

    /// <summary>One entry per threshold, in the order asked for.</summary>
    public required ImmutableArray<Measurement> Measurements { get; init; }

    /// <summary>Edges of the traced layer graph (from, to, kind), by layer index.</summary>
    public required ImmutableArray<LayerEdge> Edges { get; init; }

    /// <summary>#parameters: stored elements of the traced layers, tied ones once.</summary>
    public required long Parameters { get; init; }

    /// <summary>Those that are not zero.</summary>
    public required long ParametersNonzero { get; init; }

    /// <summary>
    /// ‖w − w'‖₂ / ‖w'‖₂, w the parameters here and w' in the checkpoint before; null for the first of a series, where w'
    /// is zero, where one is not finite, and where the two do not store the same parameters.
    /// </summary>
    public double? WeightChange { get; init; }

    /// <summary>Accuracy measured here on a labeled probe, in [0, 1].</summary>
    public required double? Accuracy { get; init; }

    /// <summary>Training accuracy the checkpoint records, in [0, 1].</summary>
    public required double? TrainAccuracy { get; init; }

    /// <summary>Test accuracy the checkpoint records, in [0, 1].</summary>
    public required double? TestAccuracy { get; init; }

    /// <summary>Training loss the checkpoint records.</summary>
    public double? TrainLoss { get; init; }

    /// <summary>Test loss the checkpoint records.</summary>
    public double? TestLoss { get; init; }

    /// <summary>The probe.</summary>
    public required ProbeProvenance Probe { get; init; }

    /// <summary>Device the model ran on; never <see cref="Device.Auto"/>.</summary>
    public required Device Device { get; init; }

    /// <summary>How many nodes each execution provider ran, the largest number first; empty where that was not kept.</summary>
    public ImmutableArray<ProviderNodes> Providers { get; init; } = [];

    /// <summary>What went between the program and the runtime; nothing where the result was known already.</summary>
    public CopiedBytes Copied { get; init; } = CopiedBytes.None;

    /// <summary>Warnings and notes.</summary>
    public required ImmutableArray<Diagnostic> Diagnostics { get; init; }
}

/// <summary>The whole answer: a series under one setting.</summary>
/// <param name="Settings">What shaped every number.</param>
/// <param name="ToolVersion">Version of this program.</param>
/// <param name="RuntimeVersion">Version of ONNX Runtime.</param>
/// <param name="Checkpoints">In epoch order.</param>
public sealed record SeriesResult(
    AnalysisSettings Settings, string ToolVersion, string RuntimeVersion, ImmutableArray<CheckpointResult> Checkpoints)
{
    /// <summary>Why the models ran where they did: one line; empty where that was not kept.</summary>
    public string DeviceReason { get; init; } = "";
}
