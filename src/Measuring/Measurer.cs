using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Tracing.Model;
using Emergence.Tracing.Rewriting;
using Onnx;

namespace Emergence.Measuring;

/// <summary>Measures a model: which nodes are alive on a probe, and what emergence follows from that.</summary>
public static class Measurer
{
    /// <summary>Traces a checkpoint, runs a probe through it and measures.</summary>
    /// <param name="checkpoint">The checkpoint as it was opened.</param>
    /// <param name="settings">What to measure, and how.</param>
    /// <param name="probe">The samples.</param>
    /// <param name="token">Ends a download or the run in progress.</param>
    /// <exception cref="UsageException">An option does not fit the model: a glob that matches nothing, a
    /// device that does not exist.</exception>
    /// <exception cref="UserException">The model cannot be traced or run, or the samples cannot be had.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public static ModelMeasurement Measure(
        Checkpoint checkpoint, AnalysisSettings settings, ProbeOptions probe, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(probe);
        var sessions = SessionFactory.Create(settings);
        var (model, samples) = TracedCheckpoint.On(checkpoint, settings, new ProbeCache(probe), sessions, loaded: null, token);
        return model.Measure(samples, sessions, samplesDone: null, token);
    }

    /// <summary>For a viewer: a copy of the model, prepared, with counters of every node's sum and largest activation.</summary>
    /// <param name="checkpoint">The checkpoint as it was opened.</param>
    /// <param name="graph">Its layers, as they were traced.</param>
    /// <exception cref="UserException">The model cannot be prepared.</exception>
    public static ModelProto Instrumented(Checkpoint checkpoint, LayerGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return Instrumenter.Instrument(ModelPreparation.Prepare(checkpoint).Model, graph.Layers, new CountingOptions
        {
            Counters = [new Counter(CounterKind.Sum), new Counter(CounterKind.Max)],
            KeepOutputs = true,
        }).Model;
    }
}
