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

namespace Emergence.Analyzer.Tests.Activations;

/// <summary>E and E_H sample by sample, against masks made of activations that are exposed whole.</summary>
public class SampleStatisticTests
{
    private static readonly AnalysisSettings PerSample =
        new() { Device = Device.Cpu, Threads = 1, Statistic = Statistic.Sample, Thresholds = [0.05f, 0f, 0.25f] };

    [Theory]
    [InlineData(7, "Float")]
    [InlineData(11, "Double")]
    [InlineData(13, "Float16")]
    [InlineData(18, "Float")]
    [InlineData(26, "Float")]
    public void a_dense_chain_is_counted_sample_by_sample(int opset, string typeName)
    {
        var type = Enum.Parse<DataType>(typeName);
        var tiny = new TinyModel(opset)
            .Input("x", [null, 4], type)
            .Initializer("w1", [4, 6], Quarters(24, 20), type)
            .Initializer("w2", [6, 3], Quarters(18, 22), type)
            .Node("MatMul", "x w1", "h1").Node("Relu", "h1", "y1")
            .Node("MatMul", "y1 w2", "y2")
            .Output("y2", [null, 3], type)
            .Layer("y1", [Batch(), Channel(6)], type)
            .Layer("y2", [Batch(), Channel(3)], type);
        AssertAgrees(tiny, [new(0, 1, EdgeKind.Dense)], tiny.Probe(23, Quarters(23 * 4, 1)), PerSample);
    }

    [Theory]
    [InlineData(7, ConvNodes.Units)]
    [InlineData(13, ConvNodes.Filters)]
    [InlineData(18, ConvNodes.Units)]
    public void channels_of_a_convolution_are_counted_too(int opset, ConvNodes nodes)
    {
        var tiny = new TinyModel(opset)
            .Input("x", [null, 2, 5, 4])
            .Initializer("w", [3, 2, 3, 3], Sixteenths(54, 2))
            .Initializer("b", [3], [0.25, -0.5, -1])
            .Node("Relu", "x", "y0")
            .Node("Conv", "y0 w b", "c").Node("Relu", "c", "y")
            .Output("y")
            .Layer("y0", [Batch(), Channel(2), Position(5), Position(4)], convolution: true)
            .Layer("y", [Batch(), Channel(3), Position(3), Position(2)], convolution: true);
        // A layer behind, so that the channels of the middle one matter to E_H.
        tiny.Node("Flatten", "y", "f").Weight("w2", 18, 4).Node("MatMul", "f w2", "z").Layer("z", [Batch(), Channel(4)]);
        AssertAgrees(
            tiny, [new(0, 1, EdgeKind.Dense), new(1, 2, EdgeKind.Dense)], tiny.Probe(11, Sixteenths(11 * 40, 3)),
            PerSample with { ConvNodes = nodes });
    }

    [Fact]
    public void identity_edges_are_followed_by_masks_whatever_the_axis_order()
    {
        var tiny = new TinyModel(13)
            .Input("x", [null, 3, 2, 4])
            .Weight("w", 4, 4)
            .Node("Relu", "x", "y0")
            .Node("MatMul", "y0 w", "h").Node("Relu", "h", "y1")
            .Node("Add", "y0 y1", "y2")
            .Output("y2")
            .Layer("y0", [Batch(), Position(3), Position(2), Channel(4)], convolution: true)
            .Layer("y1", [Batch(), Position(3), Position(2), Channel(4)], convolution: true)
            .Layer("y2", [Batch(), Position(3), Position(2), Channel(4)], convolution: true);
        AssertAgrees(
            tiny, [new(0, 1, EdgeKind.Dense), new(0, 2, EdgeKind.Identity), new(1, 2, EdgeKind.Identity)],
            tiny.Probe(9, Sixteenths(9 * 24, 4)), PerSample);
    }

    [Theory]
    [InlineData(1, 7)]
    [InlineData(4, 8)]
    [InlineData(4, 10)]
    [InlineData(16, 3)]
    public void padding_of_a_fixed_batch_is_no_sample(int batch, int samples)
    {
        var tiny = new TinyModel(13)
            .Input("x", [batch, 4]).Weight("w", 4, 5)
            .Node("Relu", "x", "y0").Node("MatMul", "y0 w", "y1").Output("y1")
            .Layer("y0", [Batch(batch), Channel(4)]).Layer("y1", [Batch(batch), Channel(5)]);
        AssertAgrees(tiny, [new(0, 1, EdgeKind.Dense)], tiny.Probe(samples, Sixteenths(samples * 4, 9)), PerSample);
    }

    [Fact]
    public void a_node_with_tokens_is_alive_by_its_mean_over_them()
    {
        var tiny = new TinyModel(13).Input("x", [null, 2, 2]).Node("Identity", "x", "y").Output("y")
            .Layer("y", [Batch(), Sample(2), Channel(2)]).Layer("y", [Batch(), Sample(2), Channel(2)]);
        // By token, two nodes each: means 0.1 and 0; then −0.1 and 0.06.
        var samples = Record(tiny, [new(0, 1, EdgeKind.Dense)], tiny.Probe(2, [0.3, 0.2, -0.1, -0.2, 0, 0.12, -0.2, 0]),
            PerSample with { Thresholds = [0.05f] })[0];
        Assert.Equal([new LayerSamples(2, 2, 0), new LayerSamples(2, 2, 0)], samples.Layers);
        // One dead node before one that is alive, on either sample.
        Assert.Equal(["1", "1"], samples.Emergence.Select(value => $"{value}"));
    }

    [Fact]
    public void a_node_that_is_not_finite_is_dead_on_that_sample_only()
    {
        var tiny = new TinyModel(13).Input("x", [null, 3]).Node("Identity", "x", "y").Output("y")
            .Layer("y", [Batch(), Channel(3)]).Layer("y", [Batch(), Channel(3)]);
        var probe = tiny.Probe(3, [1, double.NaN, 1, 1, 1, double.PositiveInfinity, 1, 1, 1]);
        var settings = PerSample with { Thresholds = [0f] };
        var (graph, profile) = Profile(tiny, [new(0, 1, EdgeKind.Dense)], probe, settings);
        Assert.Equal(["2", "2", "0"], profile.Samples[0].Emergence.Select(value => $"{value}"));
        var layer = Measurements.Of(graph, profile, settings)[0].Layers[0];
        // 7 of 9: 2.33 nodes.
        Assert.Equal((2, 1, 1), (layer.Alive, layer.NodesNan, layer.NodesInf));
        Assert.Null(layer.Mask);
    }

    [Fact]
    public void a_model_without_batch_axis_gives_one_sample_a_run()
    {
        var tiny = new TinyModel(13)
            .Input("x", [4], batchAxis: -1)
            .Node("Relu", "x", "y")
            .Output("y")
            .Layer("y", [Channel(4)])
            .Layer("y", [Channel(4)]);
        var values = Sixteenths(36, 10);
        var samples =
            Record(tiny, [new(0, 1, EdgeKind.Dense)], tiny.Probe(9, values), PerSample with { Thresholds = [0.05f] })[0];
        var alive = values.Chunk(4).Select(sample => sample.Count(value => value > 0.05)).ToArray();
        Assert.Equal(alive.Select(a => $"{(4 - a) * a}"), samples.Emergence.Select(value => $"{value}"));
    }

    [Fact]
    public void a_layer_that_does_not_keep_samples_apart_is_refused()
    {
        var tiny = new TinyModel(13)
            .Input("x", [null, 3])
            .Node("ReduceMean", "x", "y", Onnx.AttributeProto.Of("axes", [0]), Onnx.AttributeProto.Of("keepdims", 0))
            .Output("y").Layer("y", [Channel(3)]);
        var e = Assert.Throws<UserException>(() => Record(tiny, [], tiny.Probe(4, Sixteenths(12, 1)), PerSample));
        Assert.Equal(
            "layer 'layer-y' (Gemm): its activations have 1 entries for 4 samples, so samples cannot be told apart; " +
            "choose another --statistic, or leave the layer out with --exclude", e.Message);
    }

    [Fact]
    public void emergence_is_the_exact_mean_of_the_samples()
    {
        var tiny = new TinyModel(13).Input("x", [null, 2]).Node("Identity", "x", "y").Output("y")
            .Layer("y", [Batch(), Channel(2)]).Layer("y", [Batch(), Channel(2)]);
        var settings = PerSample with { Thresholds = [0f, 2f, -1f] };
        // One of two alive on the first and on none of the others: E is 1, 0, 0.
        var (graph, profile) = Profile(tiny, [new(0, 1, EdgeKind.Dense)], tiny.Probe(3, [1, 0, 0, 0, 0, 0]), settings);
        var measurements = Measurements.Of(graph, profile, settings);
        Assert.Equal("1/3", $"{measurements[0].Emergence}");
        Assert.Equal([ZeroCause.None, ZeroCause.AllDead, ZeroCause.AllAlive],
            measurements.Select(measurement => measurement.ZeroCause));
        Assert.Equal([0, 0, 2], measurements.Select(measurement => measurement.Layers[0].Alive));
        Assert.Equal("1", $"{measurements[0].PerSample!.Emergence.Quantile(100)}");
        Assert.Throws<ArgumentException>(() => Measurements.Of(graph, profile, settings, NetworkGraph.Chain(2, 2)));
    }

    private static void AssertAgrees(TinyModel tiny, ImmutableArray<LayerEdge> edges, Probe probe, AnalysisSettings settings)
    {
        var graph = tiny.Graph with { Edges = edges };
        var network = NetworkGraphs.Of(graph, settings.ConvNodes);
        var activations = SlowReference.Activations(tiny.Proto, "tiny.onnx", graph, probe, settings);
        foreach (var batch in (int[])[1, 4, 100])
        {
            var profiles = Record(tiny, edges, probe, settings with { Batch = batch });
            foreach (var (threshold, profile) in settings.Thresholds.Zip(profiles))
            {
                var samples =
                    Enumerable.Range(0, probe.Samples).Select(sample => activations.Select((layer, i) => LayerActivity.FromMask(
                    network.Layers[i], layer.Select(node => (float)node[sample].Average() > threshold).ToArray())).ToArray())
                        .ToArray();
                Assert.Equal(samples.Select(sample => MeasureCatalog.Emergence.Of(network, sample)), profile.Emergence);
                Assert.Equal(samples.Select(sample => MeasureCatalog.EmergenceActive.Of(network, sample)),
                    profile.EmergenceActive);
                var borderline = activations.Select(layer => Enumerable.Range(0, probe.Samples).Max(
                    sample => layer.Count(node => Math.Abs(node[sample].Average() - threshold) < 1e-4)));
                Assert.Equal(borderline, profile.Layers.Select(layer => layer.Borderline));
            }
        }
        Assert.True(Record(tiny, edges, probe, settings)[0].Emergence.Distinct().Count() > 1);
    }

    private static ImmutableArray<SampleProfile> Record(TinyModel tiny, ImmutableArray<LayerEdge> edges, Probe probe,
        AnalysisSettings settings) =>
        Profile(tiny, edges, probe, settings).Profile.Samples;

    private static (LayerGraph Graph, ActivationProfile Profile) Profile(TinyModel tiny, ImmutableArray<LayerEdge> edges,
        Probe probe, AnalysisSettings settings)
    {
        var graph = tiny.Graph with { Edges = edges };
        return (graph, new ActivationRecorder(tiny.Proto, "tiny.onnx", graph, SessionFactory.Create(settings), settings)
            .Record(probe, null, TestContext.Current.CancellationToken));
    }
}
