using System.Collections.Immutable;
using Emergence.Analyzer.Tests.Activations;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Pruning;
using Emergence.Tracing;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;
using Emergence.Tracing.Rewriting;

namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>
/// Layers inside the bodies of If, Loop and Scan: what is counted of them is, to the last bit, what is counted of all copies
/// of them together where the iterations stand one after the other.
/// </summary>
public class BodyTests
{
    private const int Samples = 7;

    public static TheoryData<Statistic, Optimization> Settings => new MatrixTheoryData<Statistic, Optimization>(
        [Statistic.Mean, Statistic.Max, Statistic.AbsMean, Statistic.AbsMax, Statistic.Share],
        [Optimization.None, Optimization.Default]);

    [Theory]
    [MemberData(nameof(Settings))]
    public void a_scan_counts_what_its_unrolled_copies_count(Statistic statistic, Optimization optimization) =>
        Agree(UnrolledNetworks.ScanRnn(4), UnrolledNetworks.UnrolledRnn(4), Of(statistic, optimization));

    [Fact]
    public void an_older_scan_counts_too() =>
        Agree(UnrolledNetworks.ScanRnn(3, opset: 9), UnrolledNetworks.UnrolledRnn(3, opset: 9), Of());

    [Theory]
    [MemberData(nameof(Settings))]
    public void a_loop_counts_what_its_unrolled_copies_count(Statistic statistic, Optimization optimization) =>
        Agree(UnrolledNetworks.LoopGru(3), UnrolledNetworks.UnrolledGru(3), Of(statistic, optimization));

    [Theory]
    [InlineData(ConvNodes.Units, 0)]
    [InlineData(ConvNodes.Filters, 0)]
    [InlineData(ConvNodes.Units, 4)]
    [InlineData(ConvNodes.Filters, 4)]
    public void a_convolution_counts_whether_the_last_run_is_padded_or_not(ConvNodes nodes, int batch)
    {
        foreach (var statistic in (Statistic[])[Statistic.Mean, Statistic.Share])
        {
            Agree(
                UnrolledNetworks.LoopConvolution(3, batch), UnrolledNetworks.UnrolledConvolution(3, batch),
                Of(statistic) with { ConvNodes = nodes });
        }
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void an_if_inside_a_loop_counts_by_the_branch_taken(Statistic statistic, Optimization optimization) =>
        Agree(UnrolledNetworks.Nested(5), UnrolledNetworks.UnrolledNested(5), Of(statistic, optimization));

    [Fact]
    public void values_that_are_not_finite_are_counted_in_every_iteration() =>
        Agree(
            UnrolledNetworks.ScanRnn(4), UnrolledNetworks.UnrolledRnn(4), Of(),
            values => [.. values.Select((value, i) => i == 3 ? double.NaN : i == 14 ? double.PositiveInfinity : value)]);

    [Fact]
    public void blocks_of_a_bootstrap_add_up()
    {
        var settings = Of() with { Bootstrap = new BootstrapSettings(100, 0) };
        var (_, profile) = Counted(UnrolledNetworks.ScanRnn(4), ProbeOf(UnrolledNetworks.ScanRnn(4), 40), settings);
        foreach (var layer in profile.Layers)
        {
            Assert.Equal(layer.Samples, layer.Blocks!.Samples.Sum());
            var sum = new Counter(CounterKind.Sum);
            var blocks = layer.Blocks.Totals[sum];
            Assert.Equal(layer.Totals[sum], Enumerable.Range(0, layer.Nodes).Select(node => blocks.Sum(block => block[node])));
        }
    }

    [Theory]
    [InlineData(Statistic.Mean)]
    [InlineData(Statistic.Max)]
    [InlineData(Statistic.Share)]
    public void a_branch_counts_the_samples_that_take_it(Statistic statistic)
    {
        var settings = Of(statistic);
        var (graph, both) = Counted(UnrolledNetworks.Branches(), ProbeOf(UnrolledNetworks.Branches()), settings);
        Assert.Equal(GraphText.Tidy("""
            MatMul Relu a [B C6] n=6 m=6 (w0)
            MatMul Relu h/then/p [B C5] n=5 m=5 (h/then/v1 +h/then/c1)
            MatMul Relu h/then/chosen [B C3] n=3 m=3 (h/then/v2)
            MatMul LeakyRelu h/else/chosen [B C3] n=3 m=3 (h/else/v3)
            MatMul - y [B C2] n=2 m=2 (u)
            0>1 0>3 1>2 2>4 3>4
            """), GraphText.Of(graph));
        Assert.Equal(0, graph.UntracedParameters);
        var taken = 0L;
        foreach (var condition in (bool[])[true, false])
        {
            var branch = UnrolledNetworks.Branch(condition);
            var (_, alone) = Counted(branch, Chosen(branch, condition), settings);
            foreach (var expected in alone.Layers.Where(layer => WeightOf(layer.Layer).StartsWith('v')))
                Equal(both.Layers.Single(layer => WeightOf(layer.Layer) == WeightOf(expected.Layer)), [expected], settings);
            taken += alone.Layers[0].Samples;
        }
        Assert.Equal(Samples, taken);
        Assert.DoesNotContain(both.Diagnostics, diagnostic => diagnostic.Severity == Severity.Warning);
    }

    [Fact]
    public void a_branch_that_never_ran_is_named_and_dead()
    {
        var tiny = UnrolledNetworks.Branches();
        var (graph, profile) = Counted(tiny, Chosen(tiny, false), Of());
        var idle = profile.Diagnostics.Where(diagnostic => diagnostic.Message.Contains("never ran", StringComparison.Ordinal));
        Assert.Equal(["h/then/p0", "h/then/q"], idle.Select(diagnostic => diagnostic.Subject));
        var alive = Measurements.Of(graph, profile, Of())[0].Layers.Select(layer => layer.Alive).ToArray();
        Assert.Equal([0, 0], alive[1..3]);
        Assert.True(alive[3] > 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void on_single_samples_a_node_has_the_mean_of_its_iterations(bool isScan)
    {
        var (looped, unrolled) = isScan
            ? (UnrolledNetworks.ScanRnn(4), UnrolledNetworks.UnrolledRnn(4))
            : (UnrolledNetworks.LoopGru(3), UnrolledNetworks.UnrolledGru(3));
        var settings = Of(Statistic.Sample);
        var probe = ProbeOf(looped);
        var (graph, profile) = Counted(looped, probe, settings);
        using var folder = new TemporaryFolder();
        var copies = Traced(unrolled, folder);
        var activations = SlowReference.Activations(copies.Checkpoint.Model, copies.Checkpoint.Path, copies.Graph, probe, Of());
        var inBodies = graph.Layers.Zip(profile.Samples[0].Layers)
            .Where(pair => pair.First.Reading.Tensor.Contains('/', StringComparison.Ordinal)).ToArray();
        Assert.Equal(isScan ? 2 : 6, inBodies.Length);
        foreach (var (layer, counted) in inBodies)
        {
            var own = copies.Graph.Layers.Where(copy => WeightOf(copy) == WeightOf(layer))
                .Select(copy => activations[copy.Index]).ToArray();
            var expected = Enumerable.Range(0, layer.Channels).Sum(node => Enumerable.Range(0, Samples)
                .Count(sample => (float)own.Average(copy => copy[node][sample].Average()) > settings.Thresholds[0]));
            Assert.Equal(expected, counted.Alive);
        }
    }

    [Fact]
    public void on_samples_that_take_the_other_branch_no_node_is_alive()
    {
        var tiny = UnrolledNetworks.Branches();
        var (_, both) = Counted(tiny, ProbeOf(tiny), Of(Statistic.Sample));
        var branch = UnrolledNetworks.Branch(true);
        var (_, alone) = Counted(branch, Chosen(branch, true), Of(Statistic.Sample));
        Assert.Equal(alone.Samples[0].Layers[1..3], both.Samples[0].Layers[1..3]);
    }

    [Theory]
    [InlineData(0, 0, 0, "(r_in +last/b)")]
    [InlineData(1, 0.5, -0.25, "(r_in +last/b +start)")]
    public void weights_handed_on_as_states_are_weights_and_a_stored_start_is_a_parameter(
        double a, double b, double c, string parameters)
    {
        var settings = Of();
        var tiny = UnrolledNetworks.LoopRnn(4, a, b, c);
        var (graph, profile) = Counted(tiny, ProbeOf(tiny), settings);
        Assert.Equal(GraphText.Tidy($"""
            MatMul - last/next_x [B C3] n=3 m=3 (w_in)
            MatMul Relu last/next [B C3] n=3 m=3 {parameters}
            MatMul - y [B C2] n=2 m=2 (u)
            0=1 1>2
            """), GraphText.Of(graph));
        Assert.Equal(0, graph.UntracedParameters);
        Assert.Null(graph.Mixer);
        var (_, copies) = Counted(UnrolledNetworks.UnrolledLoopRnn(4, a, b, c), ProbeOf(tiny), settings);
        var states = copies.Layers.Where(copy => copy.Layer.Reading.Tensor is "h0" or "h1" or "h2" or "h3");
        Equal(profile.Layers[1], [.. states], settings);
    }

    [Fact]
    public void a_loop_in_a_branch_counts_and_shapes_inside_are_measured()
    {
        const int Steps = 3;
        var tiny = UnrolledNetworks.LoopInBranch(Steps);
        var (graph, profile) = Counted(tiny, ProbeOf(tiny), Of());
        Assert.Equal(["v", "w", "u"], graph.Layers.Select(WeightOf));
        Assert.Equal([4, 2, 2], graph.Layers.Select(layer => layer.Channels));
        Assert.Equal(0, graph.UntracedParameters);
        // Each of the samples that take the branch gives three iterations, of two rows for the second layer.
        var taken = Chosen(tiny, true).Samples;
        Assert.Equal([Steps * taken, Steps * taken * 2, Samples], profile.Layers.Select(layer => (int)layer.Samples));
    }

    [Fact]
    public void weights_in_bodies_are_pruned_and_nodes_in_them_are_left_alone()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Path("scan.onnx");
        ModelFile.Save(UnrolledNetworks.ScanRnn(4).Proto, path);
        var checkpoint = Checkpoint.Open(path);
        var pruned = Pruner.Prune(checkpoint, new PruneOptions { Amount = 0.5 });
        Assert.Equal(["a0", "s1_0", "s2_0", "last/next_x", "last/next_r", "y"], pruned.Layers.Select(layer => layer.Name));
        Assert.All(pruned.Layers, layer => Assert.True(layer.IsSelected));
        Assert.Equal(pruned.Weights, pruned.Layers.Sum(layer => layer.Weights));
        Assert.Equal((long)Math.Round(pruned.Weights / 2m), pruned.Zeros);
        ModelFile.Save(pruned.Model, folder.Path("pruned.onnx"));
        var after = LayerTracer.Trace(Checkpoint.Open(folder.Path("pruned.onnx")), new TraceOptions());
        var weights = after.Parameters.Where(parameter => parameter.Role == ParameterRole.Weight);
        Assert.Equal(pruned.Zeros, weights.Sum(parameter => parameter.Count - parameter.Nonzero));
        Assert.Equal(GraphText.Of(LayerTracer.Trace(checkpoint, new TraceOptions())), GraphText.Of(after));

        var nodes = Pruner.Prune(checkpoint, new PruneOptions { Amount = 0.5, Structure = PruneStructure.Nodes, Shrink = true });
        var inBody = nodes.Layers.Where(layer => layer.Name.StartsWith("last/", StringComparison.Ordinal)).ToArray();
        Assert.Equal([0, 0], inBody.Select(layer => layer.UnitsRemoved));
        ModelFile.Save(nodes.Model, folder.Path("nodes.onnx"));
        using var session = SessionFactory.Create(Of()).Open(nodes.Model, folder.Path("nodes.onnx"));
        Assert.Single(session.OutputMetadata);

    }

    [Fact]
    public void connections_into_a_body_are_known_one_by_one()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Path("scan.onnx");
        var tiny = UnrolledNetworks.ScanRnn(4);
        ModelFile.Save(tiny.Proto, path);
        var settings = Of() with { Wired = true };
        var measured = TracedCheckpoint.Of(Checkpoint.Open(path), settings, new TraceOptions())
            .Measure(ProbeOf(tiny), SessionFactory.Create(settings), null, TestContext.Current.CancellationToken);
        var result = measured.Measurements[0];
        Assert.DoesNotContain(measured.Diagnostics, diagnostic => diagnostic.Message.Contains("E_w", StringComparison.Ordinal));
        Assert.True(result.EmergenceWired!.Value.CompareTo(result.Emergence) < 0);
    }

    [Fact]
    public void preparing_a_prepared_model_changes_nothing()
    {
        using var folder = new TemporaryFolder();
        TinyModel[] models =
            [UnrolledNetworks.ScanRnn(4), UnrolledNetworks.LoopGru(3), UnrolledNetworks.Branches(), UnrolledNetworks.Nested(4)];
        foreach (var tiny in models)
        {
            var (checkpoint, _) = Traced(tiny, folder);
            Assert.Same(checkpoint, ModelPreparation.Prepare(checkpoint));
        }
    }

    private static AnalysisSettings Of(Statistic statistic = Statistic.Mean, Optimization optimization = Optimization.None) =>
        new()
        {
            Device = Device.Cpu,
            Threads = 1,
            Batch = 4,
            Statistic = statistic,
            AliveShare = 0.4,
            Optimization = optimization,
        };

    private static void Agree(
        TinyModel looped, TinyModel unrolled, AnalysisSettings settings, Func<double[], double[]>? change = null)
    {
        var probe = ProbeOf(looped, Samples, change);
        var (graph, profile) = Counted(looped, probe, settings);
        var (_, copies) = Counted(unrolled, probe, settings);
        Assert.Equal(0, graph.UntracedParameters);
        Assert.Empty(graph.Diagnostics.Where(diagnostic => diagnostic.Severity == Severity.Warning));
        var byWeight = copies.Layers.ToLookup(layer => WeightOf(layer.Layer));
        Assert.Equal(
            byWeight.Select(group => group.Key).Order(StringComparer.Ordinal),
            profile.Layers.Select(layer => WeightOf(layer.Layer)).Order(StringComparer.Ordinal));
        foreach (var layer in profile.Layers)
            Equal(layer, [.. byWeight[WeightOf(layer.Layer)]], settings);
    }

    /// <summary>Every counter of a layer is that of its copies together, and so is the verdict on every node.</summary>
    private static void Equal(LayerProfile layer, LayerProfile[] copies, AnalysisSettings settings)
    {
        Assert.NotEmpty(copies);
        Assert.Equal(copies.Sum(copy => copy.Samples), layer.Samples);
        Assert.Equal(copies[^1].Layer.Activation, layer.Layer.Activation);
        var together = layer with { Totals = layer.Totals.ToImmutableDictionary(pair => pair.Key, pair => Together(pair.Key)) };
        // A largest value has no meaning beside one that is not finite.
        var isFinite = layer.Totals[new Counter(CounterKind.Sum)].All(double.IsFinite);
        foreach (var (counter, totals) in layer.Totals.Where(entry => isFinite || !entry.Key.KeepsLargest))
        {
            // Outside of bodies, sums of groups of samples are rounded to float32.
            Assert.All(together.Totals[counter].Zip(totals), pair =>
                Assert.True(pair.First.Equals(pair.Second)
                    || (counter.IsSum && Math.Abs(pair.First - pair.Second) <= 1e-6 * (1 + Math.Abs(pair.First))),
                    $"{counter.Kind}: {pair.First}, {pair.Second}"));
        }
        var rule = new AliveRule(settings, settings.Thresholds[0]);
        Assert.Equal(rule.Apply(together).Mask, rule.Apply(layer).Mask);

        ImmutableArray<double> Together(Counter counter) => [.. Enumerable.Range(0, layer.Nodes).Select(node =>
        {
            // What is finite everywhere is not counted again.
            var values = copies.Where(copy => copy.Totals.ContainsKey(counter))
                .Select(copy => copy.Totals[counter][node]).DefaultIfEmpty(0).ToArray();
            return counter.KeepsLargest ? values.Max() : values.Sum();
        })];
    }

    private static (LayerGraph Graph, ActivationProfile Profile) Counted(TinyModel tiny, Probe probe, AnalysisSettings settings)
    {
        using var folder = new TemporaryFolder();
        var (checkpoint, graph) = Traced(tiny, folder);
        var sessions = SessionFactory.Create(settings);
        var recorder = new ActivationRecorder(checkpoint.Model, checkpoint.Path, graph, sessions, settings);
        return (graph, recorder.Record(probe, null, TestContext.Current.CancellationToken));
    }

    private static (Checkpoint Checkpoint, LayerGraph Graph) Traced(TinyModel tiny, TemporaryFolder folder)
    {
        var path = folder.Path("tiny.onnx");
        ModelFile.Save(tiny.Proto, path);
        var checkpoint = ModelPreparation.Prepare(Checkpoint.Open(path));
        var options = new TraceOptions { MeasureShapes = ShapeRun.OnRandom(TestContext.Current.CancellationToken) };
        return (checkpoint, LayerTracer.Trace(checkpoint, options));
    }

    /// <summary>The weight of a layer, by which it is told from others.</summary>
    private static string WeightOf(TracedLayer layer) => layer.Parameters[0].Tensor.Split('/')[^1];

    private static Probe ProbeOf(TinyModel tiny, int samples = Samples, Func<double[], double[]>? change = null)
    {
        var shape = tiny.Graph.Inputs[0].Shape;
        var count = shape.Skip(1).Aggregate(samples, (product, size) => product * (int)size!.Value);
        var values = TinyModel.Quarters(count, 5);
        return tiny.Probe(samples, change?.Invoke(values) ?? values);
    }

    /// <summary>The samples of the probe that take a branch of <see cref="UnrolledNetworks.Branches"/>.</summary>
    private static Probe Chosen(TinyModel tiny, bool condition)
    {
        var rows = TinyModel.Quarters(Samples * 4, 5).Chunk(4).Where(row => row.Max() > 0.5 == condition).ToArray();
        return tiny.Probe(rows.Length, rows.SelectMany(row => row).ToArray());
    }
}
