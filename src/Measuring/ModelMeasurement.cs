using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Statistics;

namespace Emergence.Measuring;

/// <summary>What was measured on one model.</summary>
/// <param name="Measurements">One entry per threshold, in the order asked for.</param>
/// <param name="Profile">What was counted of its layers, node by node.</param>
/// <param name="Diagnostics">Warnings and notes of the trace, the probe, the device and the run.</param>
public sealed record ModelMeasurement(
    ImmutableArray<Measurement> Measurements, ActivationProfile Profile, ImmutableArray<Diagnostic> Diagnostics);
