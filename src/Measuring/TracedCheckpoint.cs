using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Rivals;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Measuring.Weights;
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

    private TracedCheckpoint(Checkpoint checkpoint, TracedModel traced, TraceOptions options, AnalysisSettings settings)
    {
        Checkpoint = checkpoint;
        Options = options;
        this.traced = traced;
        this.settings = settings;
        Graph = LayerSelection.Select(traced.Graph, settings.Only, settings.Exclude);
        if (Graph.Layers.FirstOrDefault(layer => layer.Channels == 0 || layer.Positions == 0) is { } empty)
            throw new UserException(
                $"{checkpoint.FileName}: layer '{empty.Name}' ({empty.Op}) has no nodes, as a size of its output is 0; leave "
                + "it out with --exclude");
    }

    /// <summary>The checkpoint with the model that runs: prepared, not instrumented.</summary>
    public Checkpoint Checkpoint { get; }

    /// <summary>The layers that count, and the model's inputs.</summary>
    public LayerGraph Graph { get; }

    /// <summary>What it was traced with.</summary>
    public TraceOptions Options { get; }

    /// <summary>Prepares and traces a checkpoint.</summary>
    /// <param name="checkpoint">The checkpoint as it was opened.</param>
    /// <param name="settings">What to measure, and how.</param>
    /// <param name="options">What the user says of the trace; shapes that the file does not tell are measured on random samples
    /// unless it says how.</param>
    /// <exception cref="UsageException">The selection of layers does not fit the model.</exception>
    /// <exception cref="UserException">The model is damaged, or has no layer.</exception>
    public static TracedCheckpoint Of(Checkpoint checkpoint, AnalysisSettings settings, TraceOptions options)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(options);
        checkpoint = ModelPreparation.Prepare(checkpoint);
        options = options with
        {
            IncludeInput = settings.IncludeInput,
            MeasureShapes = options.MeasureShapes ?? ShapeRun.OnRandom(CancellationToken.None),
        };
        return new TracedCheckpoint(checkpoint, LayerTracer.TraceFully(checkpoint, options), options, settings);
    }

    /// <summary>Prepares a checkpoint and traces it with the sizes of the samples that it will run on.</summary>
    /// <param name="checkpoint">The checkpoint as it was opened.</param>
    /// <param name="settings">What to measure, and how.</param>
    /// <param name="probes">The samples.</param>
    /// <param name="sessions">The device on which shapes are measured that the file does not tell.</param>
    /// <param name="loaded">Receives the bytes of the samples that are read from files, and of this machine's memory that the
    /// device's libraries take, before the model is traced or run; optional.</param>
    /// <param name="token">Ends a download or a run.</param>
    /// <exception cref="UsageException">The selection of layers does not fit the model.</exception>
    /// <exception cref="UserException">The model is damaged or has no layer, or its samples cannot be had
    /// or do not fit it.</exception>
    public static (TracedCheckpoint Model, Probe Probe) On(
        Checkpoint checkpoint, AnalysisSettings settings, ProbeCache probes, SessionFactory sessions, Action<long, long>? loaded,
        CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(probes);
        checkpoint = ModelPreparation.Prepare(checkpoint);
        var options = new TraceOptions
        {
            Dimensions = probes.Options.Dimensions,
            IncludeInput = settings.IncludeInput,
            MeasureShapes = new ShapeRun(
                sessions, (model, graph) => probes.Resolve(model, graph, probes.Load(model, graph.Inputs, token)), token).Measure,
        };
        var inputs = LayerTracer.InputsOf(checkpoint, options);
        for (var isLast = false; ; isLast = true)
        {
            var sources = probes.Load(checkpoint, inputs, token);
            loaded?.Invoke(probes.BytesOf(inputs, sources), sessions.HostMemory);
            var sized = ProbeResolver.Sized(checkpoint, inputs, probes.Options, sources, options);
            var traced = LayerTracer.TraceFully(checkpoint, sized);
            // The operators may take another axis for the samples than names tell: the data are then read along that one.
            var assumed = inputs.Select(input => sized.BatchAxes.GetValueOrDefault(input.Name, input.BatchAxis));
            if (isLast || sources.IsEmpty || traced.Graph.Inputs.Select(input => input.BatchAxis).SequenceEqual(assumed))
                return (new TracedCheckpoint(checkpoint, traced, sized, settings),
                    probes.Resolve(checkpoint, traced.Graph, sources));
            inputs = traced.Graph.Inputs;
        }
    }

    /// <summary>The trace in full.</summary>
    internal TracedModel Traced => traced;

    /// <summary>The form of the model that runs on a probe.</summary>
    internal RunnableModel Form(Probe probe, SessionFactory sessions, CancellationToken token) =>
        RunnableModel.Of(Checkpoint, traced, Graph, Options, settings, probe, sessions, token);

    /// <summary>Runs a probe through the model and measures what was counted.</summary>
    /// <param name="probe">The samples.</param>
    /// <param name="sessions">The device, chosen under the same settings.</param>
    /// <param name="samplesDone">Receives after each run how many samples are done; optional.</param>
    /// <param name="token">Ends the run in progress.</param>
    /// <exception cref="UserException">The model does not run on the probe.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public ModelMeasurement Measure(Probe probe, SessionFactory sessions, Action<int>? samplesDone, CancellationToken token) =>
        Measure(probe, sessions, recorder => recorder.Record(probe, samplesDone, token), samplesDone, token);

    /// <summary>Measures what was counted on shares of a probe: the same as measuring on all samples.</summary>
    /// <param name="probe">All samples.</param>
    /// <param name="shares">What was counted, of each share once.</param>
    /// <param name="sessions">The device.</param>
    /// <param name="token">Ends the work.</param>
    /// <exception cref="UserException">The shares were not counted in the same way.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public ModelMeasurement Measure(
        Probe probe, ImmutableArray<ProbeCounts> shares, SessionFactory sessions, CancellationToken token) =>
        Measure(probe, sessions, recorder => recorder.Join(probe, shares), samplesDone: null, token);

    /// <summary>Counts on a share of the samples.</summary>
    /// <param name="probe">All samples.</param>
    /// <param name="index">Which share, from 1.</param>
    /// <param name="count">Of how many.</param>
    /// <param name="sessions">The device.</param>
    /// <param name="samplesDone">Receives after each run how many samples are done; optional.</param>
    /// <param name="token">Ends the run in progress.</param>
    /// <exception cref="UserException">The model does not run on the probe.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public ProbeCounts CountShare(
        Probe probe, int index, int count, SessionFactory sessions, Action<int>? samplesDone, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(probe);
        ArgumentNullException.ThrowIfNull(sessions);
        var counts = RecorderOf(Form(probe, sessions, token), sessions).RecordShare(probe, index, count, samplesDone, token);
        Checkpoint.RequireUnchanged();
        return counts;
    }

    private ActivationRecorder RecorderOf(RunnableModel form, SessionFactory sessions) =>
        new(form.Model, Checkpoint.Path, form.Graph, sessions, settings);

    private ModelMeasurement Measure(Probe probe, SessionFactory sessions,
        Func<ActivationRecorder, ActivationProfile> record, Action<int>? samplesDone, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(probe);
        ArgumentNullException.ThrowIfNull(sessions);
        var form = Form(probe, sessions, token);
        var profile = record(RecorderOf(form, sessions));
        var wired = settings.Wired ? WiredNetwork.Of(traced, settings.ConvNodes) : null;
        var unfed = settings.Statistic == Statistic.Sample ? null : UnfedNodes.Of(traced, settings.ConvNodes);
        var measured = Measurements.Of(Graph, profile, settings, wired?.Network, unfed, token);
        (measured, var missing) = settings.Rivals
            ? WithRivals(measured, form, probe, sessions, token)
            : (measured, ImmutableArray<Diagnostic>.Empty);
        var nulls = new NullComparisons(Checkpoint, traced, Graph, settings, Options);
        measured = nulls.AddTo(measured, wired?.Network, form, probe, sessions, samplesDone, token);
        // The runtime reads weights from the files itself, and later than they were hashed.
        Checkpoint.RequireUnchanged();
        return new ModelMeasurement(
            measured,
            profile,
            [.. Graph.Diagnostics, .. wired?.Diagnostics ?? [], .. probe.Diagnostics, .. sessions.Diagnostics,
                .. form.Diagnostics, .. profile.Diagnostics, .. nulls.Diagnostics, .. missing]);
    }

    private (ImmutableArray<Measurement> Measured, ImmutableArray<Diagnostic> Missing) WithRivals(
        ImmutableArray<Measurement> measured, RunnableModel form, Probe probe, SessionFactory sessions, CancellationToken token)
    {
        var (weights, noWeights) = LayerSpectra.Of(Checkpoint, traced, Graph);
        var (activations, noActivations) = ActivationSpectra.Of(
            form.Model, form.Graph, Checkpoint.Path, settings, probe, sessions, token);
        var (norm, noNorm) = PathNorm.Of(Checkpoint, traced, probe, sessions, token);
        return
        (
            [
                .. measured.Select(measurement => measurement with
                {
                    PathNorm = norm,
                    Layers =
                    [
                        .. measurement.Layers.Select(layer => layer with
                        {
                            Spectrum = weights.GetValueOrDefault(layer.Name),
                            ActivationRanks = activations.GetValueOrDefault(layer.Name),
                        }),
                    ],
                }),
            ],
            [.. noWeights, .. noActivations, .. noNorm]
        );
    }
}
