using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Devices;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Tracing.Model;

namespace Emergence.Measuring.Statistics;

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
