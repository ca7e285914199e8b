using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;
using Emergence.Tracing.Rewriting;

namespace Emergence.Measuring;

/// <summary>A checkpoint whose layers are known and that can be measured. Nothing has been run yet.</summary>
public sealed class TracedCheckpoint
{
    private readonly TracedModel traced;
    private readonly AnalysisSettings settings;

    private TracedCheckpoint(Checkpoint checkpoint, TracedModel traced, AnalysisSettings settings)
    {
        Checkpoint = checkpoint;
        this.traced = traced;
        this.settings = settings;
        Graph = LayerSelection.Select(traced.Graph, settings.Only, settings.Exclude);
    }

    /// <summary>The checkpoint with the model that runs: prepared, not instrumented.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>The layers that count, and the model's inputs.</summary>
    public LayerGraph Graph { get; }

    /// <summary>Prepares and traces a checkpoint.</summary>
    /// <param name="checkpoint">The checkpoint as it was opened.</param>
    /// <param name="settings">What to measure, and how.</param>
    /// <param name="dimensions">Sizes of free dimensions by name.</param>
    /// <exception cref="UsageException">The selection of layers does not fit the model.</exception>
    /// <exception cref="UserException">The model is damaged, or has no layer.</exception>
    public static TracedCheckpoint Of(
        Checkpoint checkpoint, AnalysisSettings settings, ImmutableDictionary<string, int> dimensions)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(settings);
        checkpoint = ModelPreparation.Prepare(checkpoint);
        var options = new TraceOptions { Dimensions = dimensions, IncludeInput = settings.IncludeInput };
        return new TracedCheckpoint(checkpoint, LayerTracer.TraceFully(checkpoint, options), settings);
    }

    /// <summary>Runs a probe through the model and measures what was counted.</summary>
    /// <param name="probe">The samples.</param>
    /// <param name="sessions">The device, chosen under the same settings.</param>
    /// <param name="samplesDone">Receives after each run how many samples are done; optional.</param>
    /// <param name="token">Ends the run in progress.</param>
    /// <exception cref="UserException">The model does not run on the probe.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was cancelled.</exception>
    public ModelMeasurement Measure(Probe probe, SessionFactory sessions, Action<int>? samplesDone, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(probe);
        ArgumentNullException.ThrowIfNull(sessions);
        var profile = new ActivationRecorder(Checkpoint.Model, Checkpoint.Path, Graph, sessions, settings)
            .Record(probe, samplesDone, token);
        var wired = settings.Wired ? WiredNetwork.Of(traced, settings.ConvNodes) : null;
        var unfed = settings.Statistic == Statistic.Sample ? null : UnfedNodes.Of(traced, settings.ConvNodes);
        return new ModelMeasurement(
            Measurements.Of(Graph, profile, settings, wired?.Network, unfed, token),
            profile,
            [
                .. Graph.Diagnostics, .. wired?.Diagnostics ?? [], .. probe.Diagnostics, .. sessions.Diagnostics,
                .. profile.Diagnostics,
            ]);
    }
}
