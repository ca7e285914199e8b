using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;
using static Emergence.Analyzer.Tests.Instrumentation.TinyModel;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Uncertainty;

/// <summary>Intervals of recorded models against <see cref="SlowBootstrap"/>.</summary>
public class BootstrapTests
{
    private static readonly AnalysisSettings Bootstrapped = new()
    {
        Device = Device.Cpu,
        Threads = 1,
        Thresholds = [0.05f, 0f, 0.25f],
        AliveShare = 0.4,
        Bootstrap = new BootstrapSettings(100, Seed: 3),
    };

    [Theory]
    [InlineData(7, "Float", Statistic.Mean, 64)]
    [InlineData(13, "Double", Statistic.AbsMean, 75)]
    [InlineData(13, "Float16", Statistic.Share, 40)]
    [InlineData(18, "Float", Statistic.Share, 32)]
    [InlineData(26, "Float", Statistic.Mean, 33)]
    public void a_dense_chain_has_the_intervals_of_the_reference(int opset, string typeName, Statistic statistic, int samples)
    {
        var type = Enum.Parse<DataType>(typeName);
        AssertAgrees(Chain(opset, type), [new(0, 1, EdgeKind.Dense)], samples, Quarters(samples * 4, 1),
            Bootstrapped with { Statistic = statistic });
    }

    [Theory]
    [InlineData(Statistic.Mean, ConvNodes.Units)]
    [InlineData(Statistic.Mean, ConvNodes.Filters)]
    [InlineData(Statistic.Share, ConvNodes.Filters)]
    public void positions_and_channels_of_a_convolution_are_counted(Statistic statistic, ConvNodes nodes)
    {
        var tiny = new TinyModel(13)
            .Input("x", [null, 2, 5, 4])
            .Initializer("w", [3, 2, 3, 3], Sixteenths(54, 2))
            .Initializer("b", [3], [0.25, -0.5, -1])
            .Node("Relu", "x", "y0").Node("Conv", "y0 w b", "c").Node("Relu", "c", "y").Output("y")
            .Layer("y0", [Batch(), Channel(2), Position(5), Position(4)], convolution: true)
            .Layer("y", [Batch(), Channel(3), Position(3), Position(2)], convolution: true);
        tiny.Node("Flatten", "y", "f").Weight("w2", 18, 4).Node("MatMul", "f w2", "z").Layer("z", [Batch(), Channel(4)]);
        AssertAgrees(
            tiny, [new(0, 1, EdgeKind.Dense), new(1, 2, EdgeKind.Dense)], 50, Sixteenths(50 * 40, 3),
            Bootstrapped with { Statistic = statistic, ConvNodes = nodes });
    }

    [Fact]
    public void identity_edges_are_followed_by_the_masks_of_each_resample()
    {
        var tiny = new TinyModel(13)
            .Input("x", [null, 3, 2, 4])
            .Weight("w", 4, 4)
            .Node("Relu", "x", "y0").Node("MatMul", "y0 w", "h").Node("Relu", "h", "y1").Node("Add", "y0 y1", "y2").Output("y2")
            .Layer("y0", [Batch(), Position(3), Position(2), Channel(4)], convolution: true)
            .Layer("y1", [Batch(), Position(3), Position(2), Channel(4)], convolution: true)
            .Layer("y2", [Batch(), Position(3), Position(2), Channel(4)], convolution: true);
        AssertAgrees(
            tiny, [new(0, 1, EdgeKind.Dense), new(0, 2, EdgeKind.Identity), new(1, 2, EdgeKind.Identity)],
            45, Sixteenths(45 * 24, 4), Bootstrapped with { Thresholds = [0.3f, 0.5f] });
    }

    [Fact]
    public void tokens_belong_to_the_block_of_their_sample()
    {
        var tiny = new TinyModel(13).Input("x", [null, 5, 3]).Node("Relu", "x", "y").Output("y")
            .Layer("y", [Batch(), Sample(5), Channel(3)]).Layer("y", [Batch(), Sample(5), Channel(3)]);
        AssertAgrees(tiny, [new(0, 1, EdgeKind.Dense)], 39, Sixteenths(39 * 15, 5), Bootstrapped with { Thresholds = [0.25f] });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(16)]
    [InlineData(100)]
    public void a_fixed_batch_is_padded_block_by_block(int batch)
    {
        // Blocks of two and of three samples.
        var tiny = new TinyModel(13)
            .Input("x", [batch, 4]).Weight("w", 4, 5)
            .Node("Relu", "x", "y0").Node("MatMul", "y0 w", "y1").Output("y1")
            .Layer("y0", [Batch(batch), Channel(4)]).Layer("y1", [Batch(batch), Channel(5)]);
        AssertAgrees(tiny, [new(0, 1, EdgeKind.Dense)], 83, Sixteenths(83 * 4, 9),
            Bootstrapped with { Thresholds = [0.25f, 0.2f] });
    }

    [Fact]
    public void a_model_without_batch_axis_is_run_sample_by_sample()
    {
        var tiny = new TinyModel(13)
            .Input("x", [4], batchAxis: -1)
            .Node("Relu", "x", "y")
            .Output("y")
            .Layer("y", [Channel(4)])
            .Layer("y", [Channel(4)]);
        AssertAgrees(tiny, [new(0, 1, EdgeKind.Dense)], 36, Sixteenths(36 * 4, 10),
            Bootstrapped with { Thresholds = [0.25f, 0.3f] });
    }

    [Fact]
    public void a_node_is_dead_on_resamples_that_draw_a_block_where_it_is_not_finite()
    {
        foreach (var statistic in (Statistic[])[Statistic.Mean, Statistic.AbsMean, Statistic.Share])
        {
            foreach (var fault in (double[])[double.NaN, double.PositiveInfinity, double.NegativeInfinity])
            {
                var tiny = new TinyModel(13).Input("x", [null, 3]).Node("Identity", "x", "y").Output("y")
                    .Layer("y", [Batch(), Channel(3)]).Layer("y", [Batch(), Channel(3)]);
                var values = Enumerable.Repeat(1.0, 40 * 3).ToArray();
                values[17 * 3] = fault;
                var intervals = AssertAgrees(tiny, [new(0, 1, EdgeKind.Dense)], 40, values,
                    Bootstrapped with { Statistic = statistic, Thresholds = [0.05f] }, mustMove: false);
                // About 37 % of resamples leave the block out.
                Assert.Equal(new Interval<int>(4, 6), intervals[0].Intervals!.Alive);
            }
        }
    }

    [Fact]
    public void the_batch_changes_no_interval_where_sums_are_rounded()
    {
        var tiny = Chain(13, DataType.Float);
        var random = new Random(11);
        double[] values = [.. Enumerable.Range(0, 800).Select(_ => random.NextDouble() - 0.5)];
        var settings = Bootstrapped with { Thresholds = [0.05f, 0.1f, 0.15f, 0.2f] };
        var whole = Measure(tiny, Dense, tiny.Probe(200, values), settings with { Batch = 256 });
        Assert.Contains(whole, measurement => measurement.Intervals!.Emergence is var (low, high) && low < high);
        foreach (var batch in (int[])[1, 2, 7, 64, 199])
            Assert.Equal(SlowBootstrap.Spell(whole),
                SlowBootstrap.Spell(Measure(tiny, Dense, tiny.Probe(200, values), settings with { Batch = batch })));
    }

    [Fact]
    public void the_seed_decides()
    {
        var tiny = Chain(13, DataType.Float);
        var probe = tiny.Probe(64, Sixteenths(64 * 4, 12));
        string Intervals(int seed) =>
            SlowBootstrap.Spell(Measure(tiny, Dense, probe, Bootstrapped with { Bootstrap = new BootstrapSettings(100, seed) }));
        Assert.Equal(Intervals(1), Intervals(1));
        Assert.True(Enumerable.Range(0, 8).Select(Intervals).Distinct().Count() > 1);
    }

    [Fact]
    public void a_sweep_equals_a_bootstrap_for_each_threshold()
    {
        var tiny = Chain(13, DataType.Float);
        var probe = tiny.Probe(64, Sixteenths(64 * 4, 13));
        foreach (var statistic in (Statistic[])[Statistic.Mean, Statistic.Share])
        {
            var settings = Bootstrapped with { Statistic = statistic, Thresholds = [0.25f, 0f, 0.1f, -0.2f, 1f] };
            var sweep = Measure(tiny, Dense, probe, settings);
            Assert.Equal(
                settings.Thresholds.Select(threshold =>
                    SlowBootstrap.Spell(Measure(tiny, Dense, probe, settings with { Thresholds = [threshold] }))),
                sweep.Select(measurement => SlowBootstrap.Spell([measurement])));
            Assert.True(sweep.Select(measurement => measurement.Intervals!.Alive).Distinct().Count() > 1);
        }
    }

    [Fact]
    public void samples_that_are_all_equal_leave_nothing_open()
    {
        var tiny = Chain(13, DataType.Float);
        double[] sample = [0.25, -0.5, 0.75, 1];
        foreach (var measurement in Measure(tiny, Dense, tiny.Probe(50, [.. Enumerable.Repeat(sample, 50).SelectMany(x => x)]),
            Bootstrapped))
        {
            var intervals = measurement.Intervals!;
            Assert.Equal((measurement.Alive, measurement.Alive), (intervals.Alive.Low, intervals.Alive.High));
            Assert.Equal((measurement.Emergence, measurement.Emergence), (intervals.Emergence.Low, intervals.Emergence.High));
            Assert.Equal((measurement.EmergenceActive, measurement.EmergenceActive),
                (intervals.EmergenceActive.Low, intervals.EmergenceActive.High));
        }
    }

    [Fact]
    public void a_bootstrap_changes_no_other_number()
    {
        var tiny = Chain(13, DataType.Float);
        var probe = tiny.Probe(75, Sixteenths(75 * 4, 14));
        foreach (var (with, without) in Measure(tiny, Dense, probe, Bootstrapped)
            .Zip(Measure(tiny, Dense, probe, Bootstrapped with { Bootstrap = null })))
        {
            Assert.Equal((without.Emergence, without.EmergenceActive, without.Alive),
                (with.Emergence, with.EmergenceActive, with.Alive));
            Assert.Equal(without.Layers.Select(layer => layer.ActivationMax), with.Layers.Select(layer => layer.ActivationMax));
            Assert.Null(without.Intervals);
            Assert.All(without.Layers, layer => Assert.Null(layer.AliveInterval));
        }
    }

    [Fact]
    public void progress_counts_every_sample_once()
    {
        // Full and padded runs of one block use different models, so they are not run in the order of the samples.
        var tiny = new TinyModel(13).Input("x", [2, 4]).Node("Relu", "x", "y").Output("y").Layer("y", [Batch(2), Channel(4)]);
        var done = new List<int>();
        new ActivationRecorder(tiny.Proto, "tiny.onnx", tiny.Graph, SessionFactory.Create(Bootstrapped), Bootstrapped)
            .Record(tiny.Probe(100, Sixteenths(400, 1)), done.Add, TestContext.Current.CancellationToken);
        Assert.Equal(done.Order(), done);
        Assert.Equal(100, done[^1]);
    }

    [Fact]
    public void fewer_samples_than_blocks_are_refused()
    {
        var tiny = Chain(13, DataType.Float);
        var e = Assert.Throws<UsageException>(() => Measure(tiny, Dense, tiny.Probe(31, Sixteenths(31 * 4, 1)), Bootstrapped));
        Assert.Equal(
            "--bootstrap: needs at least 32 samples, one for each block, and the probe has 31; raise --samples or leave out "
            + "--bootstrap", e.Message);
    }

    [Fact]
    public void a_layer_that_does_not_keep_samples_apart_is_refused()
    {
        var mixed = new TinyModel(13)
            .Input("x", [null, 3])
            .Node("ReduceMean", "x", "y", Onnx.AttributeProto.Of("axes", [0]), Onnx.AttributeProto.Of("keepdims", 0))
            .Output("y").Layer("y", [Channel(3)]);
        var e = Assert.Throws<UserException>(() => Measure(mixed, [], mixed.Probe(64, Sixteenths(64 * 3, 1)), Bootstrapped));
        Assert.Equal(
            "layer 'layer-y' (Gemm): its activations have no batch axis, so blocks of samples cannot be told apart; " +
            "leave out --bootstrap, or leave the layer out with --exclude", e.Message);

        var paired = new TinyModel(13).Input("x", [null, 3]).Initializer("pairs", [2], [-1, 6], DataType.Int64)
            .Node("Reshape", "x pairs", "y").Output("y").Layer("y", [Batch(), Channel(6)]);
        e = Assert.Throws<UserException>(() => Measure(paired, [], paired.Probe(64, Sixteenths(64 * 3, 1)), Bootstrapped));
        Assert.Equal(
            "layer 'layer-y' (Gemm): its batch axis has 1 entries where 2 samples were fed, so blocks of samples cannot be "
            + "told apart; " +
            "leave out --bootstrap, or leave the layer out with --exclude", e.Message);
    }

    [Theory]
    [InlineData(Statistic.Max)]
    [InlineData(Statistic.AbsMax)]
    [InlineData(Statistic.Sample)]
    public void a_statistic_that_is_no_mean_is_refused(Statistic statistic)
    {
        var tiny = Chain(13, DataType.Float);
        Assert.Throws<ArgumentException>(() =>
            Measure(tiny, Dense, tiny.Probe(40, Sixteenths(160, 1)), Bootstrapped with { Statistic = statistic }));
    }

    [Fact]
    public void cancelling_ends_the_resampling()
    {
        var tiny = Chain(13, DataType.Float);
        var (graph, profile) = Record(tiny, Dense, tiny.Probe(40, Sixteenths(160, 1)), Bootstrapped);
        Assert.Throws<OperationCanceledException>(() =>
            Measurements.Of(graph, profile, Bootstrapped, token: new CancellationToken(canceled: true)));
    }

    private static ImmutableArray<LayerEdge> Dense => [new(0, 1, EdgeKind.Dense)];

    private static TinyModel Chain(int opset, DataType type) => new TinyModel(opset)
        .Input("x", [null, 4], type)
        .Initializer("w1", [4, 6], Quarters(24, 20), type)
        .Initializer("w2", [6, 3], Quarters(18, 22), type)
        .Node("MatMul", "x w1", "h1").Node("Relu", "h1", "y1").Node("MatMul", "y1 w2", "y2").Output("y2", [null, 3], type)
        .Layer("y1", [Batch(), Channel(6)], type)
        .Layer("y2", [Batch(), Channel(3)], type);

    private static ImmutableArray<Measurement> AssertAgrees(
        TinyModel tiny, ImmutableArray<LayerEdge> edges, int samples, double[] values, AnalysisSettings settings,
        bool mustMove = true)
    {
        var probe = tiny.Probe(samples, values);
        var expected = SlowBootstrap.Of(tiny, tiny.Graph with { Edges = edges }, probe, settings);
        ImmutableArray<Measurement> measured = [];
        foreach (var batch in (int[])[1, 7, 256])
        {
            measured = Measure(tiny, edges, probe, settings with { Batch = batch });
            Assert.Equal(expected, SlowBootstrap.Spell(measured));
        }
        if (mustMove)
            Assert.Contains(measured, measurement => measurement.Intervals!.Emergence is var (low, high) && low < high);
        return measured;
    }

    private static ImmutableArray<Measurement> Measure(TinyModel tiny, ImmutableArray<LayerEdge> edges, Probe probe,
        AnalysisSettings settings)
    {
        var (graph, profile) = Record(tiny, edges, probe, settings);
        return Measurements.Of(graph, profile, settings, token: TestContext.Current.CancellationToken);
    }

    private static (LayerGraph Graph, ActivationProfile Profile) Record(
        TinyModel tiny, ImmutableArray<LayerEdge> edges, Probe probe, AnalysisSettings settings)
    {
        var graph = tiny.Graph with { Edges = edges };
        return (graph, new ActivationRecorder(tiny.Proto, "tiny.onnx", graph, SessionFactory.Create(settings), settings)
            .Record(probe, null, TestContext.Current.CancellationToken));
    }
}
