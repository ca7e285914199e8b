using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Weights;
using Emergence.Tracing.Model;
using Microsoft.ML.OnnxRuntime;

namespace Emergence.Measuring.Losses;

/// <summary>
/// The loss of a network as a function of its stored weights: the model is opened once, with the weights as inputs. Each run
/// takes one thread and a number of samples that depends on the model alone, so that no loss depends on how many threads
/// there are or on how much memory is used.
/// </summary>
public sealed class LossSurface : IDisposable
{
    // As many samples as the default plan takes at most, where their activations are no reason to take fewer.
    private const int SmallSamples = 256;

    private readonly InferenceSession session;
    private readonly LayerGraph graph;
    private readonly SurfaceModel model;
    private readonly Probe probe;
    private readonly LossSettings settings;
    private readonly BatchPlan plan;
    private readonly string path;
    private LossHead head;

    private LossSurface(
        InferenceSession session, LayerGraph graph, SurfaceModel model, Probe probe, LossSettings settings, BatchPlan plan,
        string path, LossHead head)
    {
        (this.session, this.graph, this.model, this.probe) = (session, graph, model, probe);
        (this.settings, this.plan, this.path, this.head) = (settings, plan, path, head);
    }

    /// <summary>The tensors that directions have parts of.</summary>
    public ImmutableArray<MovedTensor> Tensors => model.Tensors;

    /// <summary>The loss at the checkpoint itself.</summary>
    public LossValue Center { get; private set; }

    /// <summary>The tensor that the loss is computed from.</summary>
    public string Output => head.Tensor;

    /// <summary>What its numbers are.</summary>
    public OutputForm Form => head.Form;

    /// <summary>What the user should know.</summary>
    public ImmutableArray<Diagnostic> Diagnostics { get; private set; } = [];

    /// <summary>How many workers run at a time.</summary>
    public int Workers { get; private init; }

    /// <summary>Opens a model.</summary>
    /// <param name="traced">The checkpoint.</param>
    /// <param name="probe">The samples.</param>
    /// <param name="analysis">Device and optimization; threads and batch are those of <paramref name="settings"/>.</param>
    /// <param name="settings">The loss.</param>
    /// <param name="token">Ends the run in progress.</param>
    /// <exception cref="UserException">The model or the samples do not have what the loss needs.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public static LossSurface Open(
        TracedCheckpoint traced, Probe probe, AnalysisSettings analysis, LossSettings settings, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(traced);
        ArgumentNullException.ThrowIfNull(probe);
        ArgumentNullException.ThrowIfNull(settings);
        var (checkpoint, name) = (traced.Checkpoint, traced.Checkpoint.FileName);
        if (settings.Targets is { } targets
            && (targets.Samples < probe.Samples || targets.Samples != (probe.Available ?? targets.Samples)))
        {
            throw new UserException(
                $"{targets.Subject}: has {targets.Samples:N0} targets for {probe.Available ?? probe.Samples:N0} samples; give a "
                + "target for each sample");
        }
        var head = LossHead.Find(checkpoint.Model.Graph, settings, probe, name);
        var model = SurfaceModel.Of(checkpoint, traced.Traced, traced.Graph, settings.Others);
        var sessions = SessionFactory.Create(analysis with { Threads = 1, Batch = 0 });
        var form = traced.Form(probe, sessions, token);
        var plan = PlanFor(form.Graph, probe.Samples, sessions.Budget);
        var session = sessions.Open(model.Apply(form.Model, head.Tensor), checkpoint.Path);
        var surface = new LossSurface(session, form.Graph, model, probe, settings, plan, checkpoint.Path, head)
        {
            Workers = sessions.Device == Device.Cpu ? WorkersFor(settings, plan) : 1,
        };
        try
        {
            surface.MeasureCenter([.. traced.Graph.Diagnostics, .. probe.Diagnostics, .. sessions.Diagnostics,
                .. form.Diagnostics, .. plan.Diagnostics, .. model.Diagnostics], token);
            return surface;
        }
        catch
        {
            surface.Dispose();
            throw;
        }
    }

    /// <summary>A worker of its own buffers; workers of one surface may run at the same time.</summary>
    public LossWorker NewWorker() => new(session, graph, model, probe, plan, path,
        new LossMeter(head, settings, probe, Path.GetFileName(path)));

    /// <inheritdoc/>
    public void Dispose() => session.Dispose();

    private void MeasureCenter(ImmutableArray<Diagnostic> known, CancellationToken token)
    {
        using var worker = NewWorker();
        Center = worker.At([], token);
        head = worker.Meter.Head;
        Diagnostics = [.. known, .. new[] { head.Remark, worker.Meter.Shifted }.OfType<Diagnostic>()];
    }

    /// <summary>Runs whose size depends on the model alone, and is large where samples are small.</summary>
    // The runtime packs weights that are inputs at every run: a quarter of the runs of a small network saves a tenth of the time.
    private static BatchPlan PlanFor(LayerGraph graph, int samples, RunBudget budget)
    {
        var plan = BatchPlan.Create(graph, samples, requested: 0, budget: budget);
        return plan.FixedBatch is null && plan.Segments[0].RunSize is >= SmallSamples and < 4 * SmallSamples
            ? BatchPlan.Create(graph, samples, 4 * SmallSamples)
            : plan;
    }

    private static int WorkersFor(LossSettings settings, BatchPlan plan)
    {
        var wanted = settings.Workers > 0 ? settings.Workers : Environment.ProcessorCount;
        var perRun = Math.Max(1, plan.FixedBatch ?? plan.Segments.Max(segment => segment.RunSize));
        return settings.SamplesAtATime > 0 ? Math.Clamp(settings.SamplesAtATime / perRun, 1, wanted) : wanted;
    }
}
