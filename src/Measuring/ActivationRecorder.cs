using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Devices;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Model;
using Onnx;

namespace Emergence.Measuring;

/// <summary>Runs a probe through a model and counts, node by node, what the settings ask for.</summary>
internal sealed class ActivationRecorder
{
    private static readonly ImmutableArray<Counter> Faults = [new(CounterKind.NotANumber), new(CounterKind.NotFinite)];

    private readonly ModelProto model;
    private readonly string path;
    private readonly LayerGraph graph;
    private readonly SessionFactory sessions;
    private readonly AnalysisSettings settings;

    // Of the first session, which runs most of the samples.
    private ImmutableArray<ProviderNodes> providers = [];
    private ImmutableArray<Diagnostic> onCpu = [];

    // What a device would be fed and bring back; where one is, it is counted as it happens.
    private CopiedBytes planned = CopiedBytes.None;

    /// <summary>Prepares a recording.</summary>
    /// <param name="model">The model that <paramref name="graph"/> was traced in; it is not changed.</param>
    /// <param name="path">Its file, for external data and errors.</param>
    /// <param name="graph">Its layers and inputs.</param>
    /// <param name="sessions">The device.</param>
    /// <param name="settings">What to count.</param>
    public ActivationRecorder(ModelProto model, string path, LayerGraph graph, SessionFactory sessions, AnalysisSettings settings)
    {
        this.model = model;
        this.path = path;
        this.graph = graph;
        this.sessions = sessions;
        this.settings = settings;
    }

    /// <summary>
    /// Runs every sample once; a second time, with sums in double and counters of NaN and infinity, for the layers where a
    /// sum shows that an activation was not finite, or may be wrong on which side of a threshold it lies.
    /// </summary>
    /// <param name="probe">The samples.</param>
    /// <param name="samplesDone">Told after each run how many samples are done.</param>
    /// <param name="token">Ends the run in progress.</param>
    /// <exception cref="UsageException">There are fewer samples than the blocks of a bootstrap.</exception>
    /// <exception cref="UserException">
    /// The model does not run on the probe, what was counted cannot be, or a bootstrap is asked for and a layer does not
    /// keep the samples apart.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public ActivationProfile Record(Probe probe, Action<int>? samplesDone, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(probe);
        var blocks = settings.Bootstrap is null ? 1 : BootstrapSettings.Blocks;
        if (probe.Samples < blocks)
        {
            throw new UsageException(
                $"--bootstrap: needs at least {blocks} samples, one for each block, and the probe has {probe.Samples}; " +
                "raise --samples or leave out --bootstrap");
        }
        var plan = BatchPlan.Create(graph, probe.Samples, settings.Batch, blocks, sessions.Budget);
        // Of blocks of samples and of single samples, the sums are few.
        if (settings.Bootstrap is not null || settings.Statistic == Statistic.Sample)
            return Record(probe, plan, samplesDone, token);
        var grouped = plan.InGroups(graph);
        try
        {
            return Record(probe, grouped, samplesDone, token);
        }
        // A model may take fewer samples than a group, or have other axes than were traced. Sums in double are right, or tell.
        catch (UserException) when (grouped.Group > 1)
        {
            return Record(probe, plan, samplesDone, token);
        }
    }

    private ActivationProfile Record(Probe probe, BatchPlan plan, Action<int>? samplesDone, CancellationToken token)
    {
        using var runner = new ProbeRunner(graph.Inputs, probe, plan, path, sessions.Binding);

        var classifier = probe.Labels is { } labels ? new Classifier(model.Graph, labels, probe.LabelOrigin) : null;
        var samples = settings.Statistic == Statistic.Sample ? new SampleAccumulator(graph, settings) : null;
        var counters = AliveRule.CountersFor(settings);
        (providers, onCpu, planned) = ([], [], CopiedBytes.None);
        var layers = Count(runner, plan, graph.Layers, counters, AliveRule.CountersByBlock(settings), plan.Group > 1,
            classifier, samples, samplesDone, token);
        var profiles = layers.Select(layer => layer.ToProfile()).ToImmutableArray();

        AliveRule[] rules = [.. settings.Thresholds.Select(threshold => new AliveRule(settings, threshold))];
        bool IsUnsure(LayerProfile profile) => plan.Group > 1 && Array.Exists(rules, rule => rule.IsUnsure(profile));
        var suspects = profiles.Where(profile => !profile.HasFiniteSums || IsUnsure(profile)).Select(profile => profile.Layer)
            .ToImmutableArray();
        var exact = suspects.IsEmpty
            ? []
            : Count(runner, plan, suspects, [.. Faults, .. counters.Where(counter => counter.IsSum)], [], byGroups: false,
                null, null, null, token);
        var exactOf = suspects.Zip(exact).ToDictionary(pair => pair.First, pair => pair.Second.ToProfile().Totals);
        var idle = graph.Layers.Zip(layers).Where(pair => pair.Second.Samples == 0).Select(pair => Diagnostic.Warning(
            pair.First.Name,
            "its body never ran on the probe: its nodes are dead; feed samples that run it, or leave it out with --exclude"));
        return new ActivationProfile(
            [.. profiles.Select(profile => ProfileLaws.Require(profile.With(exactOf.GetValueOrDefault(profile.Layer))))],
            classifier?.Accuracy,
            [.. plan.Diagnostics, .. classifier?.Diagnostics ?? [], .. idle, .. onCpu])
        {
            Providers = providers,
            Copied = sessions.Binding is null ? planned : runner.Copied,
            Samples = samples?.ToProfiles() ?? [],
        };
    }

    /// <summary>Runs the whole probe once with one set of counters.</summary>
    private LayerAccumulator[] Count(
        ProbeRunner runner, BatchPlan plan, ImmutableArray<TracedLayer> layers, ImmutableArray<Counter> counters,
        ImmutableArray<Counter> byBlock, bool byGroups, Classifier? classifier, SampleAccumulator? samples,
        Action<int>? samplesDone, CancellationToken token)
    {
        LayerAccumulator[] accumulators = [.. layers.Select(layer => AccumulatorOf(layer, plan, counters, byBlock))];
        var done = 0;
        var batch = graph.Inputs.FirstOrDefault(input => input.BatchAxis >= 0);
        foreach (var segments in plan.Segments.GroupBy(segment => segment.Rows))
        {
            token.ThrowIfCancellationRequested();
            var instrumented = Instrumenter.Instrument(model, layers, new CountingOptions
            {
                Counters = counters,
                ConvNodes = settings.ConvNodes,
                ByGroups = byGroups,
                OneByOne = plan.IsOneByOne,
                TracedBatch = plan.FixedBatch ?? graph.Batch,
                Rows = segments.Key,
                Logits = classifier?.Logits,
                SampleThresholds = samples is null ? [] : settings.Thresholds,
                SampleMasks = samples?.Masked ?? [],
                Batch = batch is null ? null : (batch.Name, batch.BatchAxis),
            });
            using var session = sessions.Open(instrumented.Model, path);
            Note(NodePlacement.Of(session));
            foreach (var segment in segments)
                runner.Run(session, instrumented.Outputs, segment, run => Receive(run, segment, instrumented), token,
                    instrumented.Ones);
        }
        return accumulators;

        void Receive(RunOutputs run, ProbeSegment segment, InstrumentedModel instrumented)
        {
            planned = planned.Plus(new CopiedBytes(
                run.Count, 1, run.Fed * (runner.SampleBytes + (instrumented.Ones is null ? 0 : sizeof(float))),
                instrumented.BytesBack(segment.Rows ?? run.Fed)
                + (instrumented.Logits is null ? 0 : run.Outputs[0].GetTensorSizeInBytes())));
            using var outputs = run.Outputs.GetEnumerator();
            if (instrumented.Logits is not null && outputs.MoveNext())
                classifier!.Add(outputs.Current, run);
            foreach (var (accumulator, counted) in accumulators.Zip(instrumented.Layers))
            {
                accumulator.Add(counted, outputs, run.Fed, segment);
                samples?.Add(counted, outputs, run.Count);
            }
            samples?.EndRun();
            done += run.Count;
            samplesDone?.Invoke(done);
        }
    }

    private void Note(ImmutableArray<PlacedNode> nodes)
    {
        if (!providers.IsEmpty)
            return;
        providers = NodePlacement.Count(nodes);
        onCpu = NodePlacement.Check(nodes, graph.Layers, sessions.Device, sessions.IsExplicit, path);
    }

    private LayerAccumulator AccumulatorOf(TracedLayer layer, BatchPlan plan, ImmutableArray<Counter> counters,
        ImmutableArray<Counter> byBlock)
    {
        var layout = new NodeLayout(layer, settings.ConvNodes);
        var assumed = plan.FixedBatch ?? graph.Batch;
        if (byBlock.IsEmpty)
            return new LayerAccumulator(layer, layout, counters, assumed, null);
        if (layout.BatchAxis < 0 && plan.Segments.Any(segment => segment.RunSize > 1))
            throw new UserException(
                $"layer '{layer.Name}' ({layer.Op}): its activations have no batch axis, so {BlockAccumulator.NotApart}");
        return new LayerAccumulator(layer, layout, counters, assumed,
            new BlockAccumulator(byBlock, BootstrapSettings.Blocks, layout.Nodes));
    }
}
