using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Devices;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Journal;

/// <summary>
/// What running a checkpoint gives: all of its result that does not follow from the file, the samples and the trace, which
/// every run reads again, nor from the checkpoint before it in the series.
/// </summary>
/// <param name="Measurements">One entry per threshold, in the order asked for.</param>
/// <param name="Accuracy">Accuracy measured on a labeled probe; null without one.</param>
/// <param name="NodeValues">What each node is judged by, by threshold and layer: the next checkpoint is compared with it.</param>
/// <param name="Diagnostics">Warnings and notes.</param>
/// <param name="Providers">How many nodes each execution provider ran.</param>
internal sealed record MeasuredCheckpoint(
    ImmutableArray<Measurement> Measurements, double? Accuracy, ImmutableArray<float[][]> NodeValues,
    ImmutableArray<Diagnostic> Diagnostics, ImmutableArray<ProviderNodes> Providers);
