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

    // What takes a thread long enough to add up that others are worth starting.
    private const long WorthThreads = 4L << 20;

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
    public ActivationProfile Record(Probe probe, Action<int>? samplesDone, CancellationToken token) =>
        InGroups(probe, plan => Record(probe, plan, samplesDone, token));

    /// <summary>Counts on a share of the samples, twice: what needs sums in double only the whole shows.</summary>
    /// <param name="probe">All samples.</param>
    /// <param name="index">Which share, from 1.</param>
    /// <param name="count">Of how many.</param>
    /// <param name="samplesDone">Told after each run of the first time how many samples are done.</param>
    /// <param name="token">Ends the run in progress.</param>
    /// <inheritdoc cref="Record(Probe, Action{int}, CancellationToken)" path="/exception"/>
    public ProbeCounts RecordShare(Probe probe, int index, int count, Action<int>? samplesDone, CancellationToken token) =>
        InGroups(probe, plan => RecordShare(probe, plan, ShareOf(plan, index, count), samplesDone, token));

    /// <summary>What recording all samples gives, from what was counted of each share.</summary>
    /// <param name="probe">All samples.</param>
    /// <param name="shares">All shares, each once, in any order.</param>
    /// <exception cref="UserException">They were not counted in the same way, or what was counted cannot be.</exception>
    public ActivationProfile Join(Probe probe, ImmutableArray<ProbeCounts> shares)
    {
        ProbeCounts[] run = [.. shares.Where(share => share.First is not null).OrderBy(share => share.First)];
        var group = run[0].Group;
        if (Array.Find(run, share => share.Group != group) is { } other)
        {
            throw new UserException($"shares of the samples were added up {group} and {other.Group} at a time, as the model does "
                + "not take every number of samples; measure it without --shard-samples");
        }
        var plan = PlanOf(probe);
        (providers, onCpu) = (run[0].Providers, run[0].Placed);
        var counters = AliveRule.CountersFor(settings);
        return Profile(plan, group, Joined(graph.Layers, counters, AliveRule.CountersByBlock(settings), share => share.Layers),
            shares.Where(share => share.First is null).Concat(run)
                .Aggregate(new ClassifierCounts(0, 0, null, null), (sum, share) => sum.Then(share.Classified)),
            SampleProfile.Join([.. run.Select(share => share.Samples)]),
            suspects => Joined(suspects, ExactOf(counters), [], share => share.Exact));

        LayerAccumulator[] Joined(ImmutableArray<TracedLayer> layers, ImmutableArray<Counter> counters,
            ImmutableArray<Counter> byBlock, Func<ProbeCounts, ImmutableArray<LayerCounts>> counts) =>
            [.. layers.Select(layer =>
            {
                var accumulator = AccumulatorOf(layer, plan, counters, byBlock, keeps: false);
                accumulator.Add([.. run.Select(share => counts(share)[graph.Layers.IndexOf(layer)])]);
                return accumulator;
            })];
    }

    private BatchPlan PlanOf(Probe probe)
    {
        ArgumentNullException.ThrowIfNull(probe);
        var blocks = settings.Bootstrap is null ? 1 : BootstrapSettings.Blocks;
        if (probe.Samples < blocks)
        {
            throw new UsageException(
                $"--bootstrap: needs at least {blocks} samples, one for each block, and the probe has {probe.Samples}; " +
                "raise --samples or leave out --bootstrap");
        }
        return BatchPlan.Create(graph, probe.Samples, settings.Batch, blocks, sessions.Budget);
    }

    private long Nodes => graph.Layers.Sum(layer => (long)new NodeLayout(layer, settings.ConvNodes).Nodes);

    private T InGroups<T>(Probe probe, Func<BatchPlan, T> record)
    {
        var plan = PlanOf(probe);
        // Of blocks of samples and of single samples, the sums are few.
        if (settings.Bootstrap is not null || settings.Statistic == Statistic.Sample || Nodes > sessions.Budget.NodesInGroups)
            return record(plan);
        var grouped = plan.InGroups(graph);
        try
        {
            return record(grouped);
        }
        // A model may take fewer samples than a group, or have other axes than were traced. Sums in double are right, or tell.
        catch (UserException) when (grouped.Group > 1)
        {
            return record(plan);
        }
    }

    private ActivationProfile Record(Probe probe, BatchPlan plan, Action<int>? samplesDone, CancellationToken token)
    {
        var pass = Begin(probe, plan, [.. plan.Stretches().Index()], keeps: false);
        using var runner = new ProbeRunner(graph.Inputs, probe, plan, path, sessions.Binding);
        var counters = AliveRule.CountersFor(settings);
        var layers = Count(runner, pass, graph.Layers, counters, AliveRule.CountersByBlock(settings), samplesDone, token);
        var profile = Profile(plan, plan.Group, layers, pass.Classifier?.Counts ?? new(0, 0, null, null),
            pass.Samples?.ToProfiles() ?? [],
            suspects => Count(runner, pass.Exactly, suspects, ExactOf(counters), [], null, token));
        return profile with { Copied = sessions.Binding is null ? planned : runner.Copied };
    }

    private ProbeCounts RecordShare(
        Probe probe, BatchPlan plan, ImmutableArray<(int, ProbeStretch)> own, Action<int>? samplesDone, CancellationToken token)
    {
        var pass = Begin(probe, plan, own, keeps: true);
        var counters = AliveRule.CountersFor(settings);
        using var runner = own.IsEmpty ? null : new ProbeRunner(graph.Inputs, probe, plan, path, sessions.Binding);
        var layers = runner is null ? []
            : Count(runner, pass, graph.Layers, counters, AliveRule.CountersByBlock(settings), samplesDone, token);
        var exact = runner is null ? []
            : Count(runner, pass.Exactly, graph.Layers, ExactOf(counters), [], null, token);
        return new ProbeCounts(plan.Group, own.IsEmpty ? null : own[0].Item1,
            [.. layers.Select(layer => layer.ToCounts())], [.. exact.Select(layer => layer.ToCounts())])
        {
            Classified = pass.Classifier?.Counts ?? new(0, 0, null, null),
            Samples = pass.Samples?.ToProfiles() ?? [],
            Providers = providers,
            Placed = onCpu,
        };
    }

    private static ImmutableArray<(int, ProbeStretch)> ShareOf(BatchPlan plan, int index, int count)
    {
        var stretches = plan.Stretches();
        var units = stretches.Max(stretch => stretch.Unit) + 1L;
        return [.. stretches.Index().Where(stretch =>
            stretch.Item.Unit >= units * (index - 1) / count && stretch.Item.Unit < units * index / count)];
    }

    private RecordingPass Begin(Probe probe, BatchPlan plan, ImmutableArray<(int, ProbeStretch)> stretches, bool keeps)
    {
        (providers, onCpu, planned) = ([], [], CopiedBytes.None);
        return new RecordingPass(plan, stretches, keeps)
        {
            ByGroups = plan.Group > 1,
            Classifier = probe.Labels is { } labels ? new Classifier(model.Graph, labels, probe.LabelOrigin) : null,
            Samples = settings.Statistic == Statistic.Sample ? new SampleAccumulator(graph, settings) : null,
        };
    }

    private static ImmutableArray<Counter> ExactOf(ImmutableArray<Counter> counters) =>
        [.. Faults, .. counters.Where(counter => counter.IsSum)];

    /// <summary>What was counted of all samples, with exact counts where these are needed.</summary>
    private ActivationProfile Profile(
        BatchPlan plan, int group, LayerAccumulator[] layers, ClassifierCounts classified, ImmutableArray<SampleProfile> samples,
        Func<ImmutableArray<TracedLayer>, LayerAccumulator[]> exactly)
    {
        var profiles = layers.Select(layer => layer.ToProfile()).ToImmutableArray();
        AliveRule[] rules = [.. settings.Thresholds.Select(threshold => new AliveRule(settings, threshold))];
        bool IsUnsure(LayerProfile profile) => group > 1 && Array.Exists(rules, rule => rule.IsUnsure(profile));
        var suspects = profiles.Where(profile => !profile.HasFiniteSums || IsUnsure(profile)).Select(profile => profile.Layer)
            .ToImmutableArray();
        var exact = suspects.IsEmpty ? [] : exactly(suspects);
        var exactOf = suspects.Zip(exact).ToDictionary(pair => pair.First, pair => pair.Second.ToProfile().Totals);
        var idle = graph.Layers.Zip(layers).Where(pair => pair.Second.Samples == 0).Select(pair => Diagnostic.Warning(
            pair.First.Name,
            "its body never ran on the probe: its nodes are dead; feed samples that run it, or leave it out with --exclude"));
        return new ActivationProfile(
            [.. profiles.Select(profile => ProfileLaws.Require(profile.With(exactOf.GetValueOrDefault(profile.Layer))))],
            classified.Accuracy,
            [.. plan.Diagnostics, .. classified.Diagnostics, .. idle, .. onCpu])
        {
            Providers = providers,
            Samples = samples,
        };
    }

    /// <summary>Runs the stretches of a pass once with one set of counters.</summary>
    private LayerAccumulator[] Count(
        ProbeRunner runner, RecordingPass pass, ImmutableArray<TracedLayer> layers, ImmutableArray<Counter> counters,
        ImmutableArray<Counter> byBlock, Action<int>? samplesDone, CancellationToken token)
    {
        var plan = pass.Plan;
        LayerAccumulator[] accumulators = [.. layers.Select(layer => AccumulatorOf(layer, plan, counters, byBlock, pass.Keeps))];
        var done = 0;
        var batch = graph.Inputs.FirstOrDefault(input => input.BatchAxis >= 0);
        foreach (var segments in pass.Segments.GroupBy(segment => segment.Rows))
        {
            token.ThrowIfCancellationRequested();
            var instrumented = Instrumenter.Instrument(model, layers, new CountingOptions
            {
                Counters = counters,
                ConvNodes = settings.ConvNodes,
                ByGroups = pass.ByGroups,
                GroupsOutside = !sessions.IsElsewhere && byBlock.IsEmpty,
                OneByOne = plan.IsOneByOne,
                OnHost = sessions.IsElsewhere ? [] : ActivationBudget.LayersWithin(layers, plan),
                TracedBatch = plan.FixedBatch ?? graph.Batch,
                Rows = segments.Key,
                Logits = pass.Classifier?.Logits,
                SampleThresholds = pass.Samples is null ? [] : settings.Thresholds,
                SampleMasks = pass.Samples?.Masked ?? [],
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
                instrumented.BytesBack(segment.Rows ?? run.Fed, plan.Group)
                + (instrumented.Logits is null ? 0 : run.Outputs[0].GetTensorSizeInBytes())));
            if (instrumented.Logits is not null)
                pass.Classifier!.Add(run.Outputs[0], run);
            var (stretch, isWhole) = pass.StretchOf(run);
            // Each layer has its own accumulator and outputs; single samples go over all layers.
            var isWorthThreads = pass.Samples is null && instrumented.BytesBack(run.Fed, plan.Group) >= WorthThreads;
            Layerwise.Do(accumulators.Length, isWorthThreads ? sessions.Threads : 1, i =>
            {
                using var outputs = run.Outputs.Skip(instrumented.FirstOutputs[i]).GetEnumerator();
                accumulators[i].Add(instrumented.Layers[i], outputs, run.Fed, segment, stretch, isWhole);
                pass.Samples?.Add(instrumented.Layers[i], outputs, run.Count);
            });
            pass.Samples?.EndRun();
            done += run.Count;
            samplesDone?.Invoke(done);
        }
    }

    private void Note(ImmutableArray<PlacedNode> nodes)
    {
        if (!providers.IsEmpty)
            return;
        // How activations are counted depends on how many samples run together; what the model is made of does not.
        providers = NodePlacement.Count(nodes.Where(node => !CounterNodes.IsCounter(node.Name)));
        onCpu = NodePlacement.Check(nodes, graph.Layers, sessions.Device, sessions.IsExplicit, path);
    }

    private LayerAccumulator AccumulatorOf(TracedLayer layer, BatchPlan plan, ImmutableArray<Counter> counters,
        ImmutableArray<Counter> byBlock, bool keeps)
    {
        var layout = new NodeLayout(layer, settings.ConvNodes);
        var assumed = plan.FixedBatch ?? graph.Batch;
        if (byBlock.IsEmpty)
            return new LayerAccumulator(layer, layout, counters, assumed, null, keeps);
        if (layout.BatchAxis < 0 && plan.Segments.Any(segment => segment.RunSize > 1))
            throw new UserException(
                $"layer '{layer.Name}' ({layer.Op}): its activations have no batch axis, so {BlockAccumulator.NotApart}");
        return new LayerAccumulator(layer, layout, counters, assumed,
            new BlockAccumulator(byBlock, BootstrapSettings.Blocks, layout.Nodes), keeps);
    }
}
