using System.Collections.Immutable;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Networks;
using static Emergence.Analyzer.Tests.Instrumentation.TinyModel;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Activations;

public class RecordingTests
{
    private static readonly AnalysisSettings OnCpu = new() { Device = Device.Cpu, Threads = 1 };

    public static TheoryData<int, string, Statistic> Dense()
    {
        var data = new TheoryData<int, string, Statistic>();
        foreach (var statistic in Enum.GetValues<Statistic>().Except([Statistic.Sample, Statistic.Dormancy]))
        {
            foreach (var opset in (int[])[7, 9, 11, 13, 18, 20, 26])
                data.Add(opset, "Float", statistic);
            data.Add(13, "Double", statistic);
            data.Add(7, "Float16", statistic);
            data.Add(18, "Float16", statistic);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Dense))]
    public void a_dense_chain_is_counted_as_the_reference_counts_it(int opset, string typeName, Statistic statistic)
    {
        var type = Enum.Parse<DataType>(typeName);
        var tiny = DenseChain(opset, type, batch: null);
        AssertAgrees(tiny, tiny.Probe(23, Quarters(23 * 4, 1)), OnCpu with { Statistic = statistic, Batch = 5 });
    }

    [Theory]
    [InlineData(7, Statistic.Mean, ConvNodes.Units)]
    [InlineData(7, Statistic.Share, ConvNodes.Filters)]
    [InlineData(11, Statistic.AbsMean, ConvNodes.Filters)]
    [InlineData(13, Statistic.Max, ConvNodes.Filters)]
    [InlineData(13, Statistic.Share, ConvNodes.Units)]
    [InlineData(18, Statistic.Share, ConvNodes.Filters)]
    [InlineData(18, Statistic.AbsMax, ConvNodes.Units)]
    public void a_convolution_is_counted_by_units_or_by_filters(int opset, Statistic statistic, ConvNodes nodes)
    {
        var tiny = new TinyModel(opset)
            .Input("x", [null, 2, 5, 4])
            .Initializer("w", [3, 2, 3, 3], Sixteenths(54, 2))
            .Initializer("b", [3], [0.25, -0.5, -1])
            .Node("Conv", "x w b", "c")
            .Node("Relu", "c", "y")
            .Output("y")
            .Layer("y", [Batch(), Channel(3), Position(3), Position(2)], convolution: true);
        AssertAgrees(tiny, tiny.Probe(11, Sixteenths(11 * 40, 3)),
            OnCpu with { Statistic = statistic, ConvNodes = nodes, Batch = 4 });
    }

    [Theory]
    [InlineData(ConvNodes.Units, Statistic.Mean)]
    [InlineData(ConvNodes.Filters, Statistic.Mean)]
    [InlineData(ConvNodes.Filters, Statistic.Share)]
    public void nodes_are_channel_major_whatever_the_axis_order(ConvNodes nodes, Statistic statistic)
    {
        var tiny = new TinyModel(13)
            .Input("x", [null, 3, 2, 4])
            .Node("Relu", "x", "y")
            .Output("y")
            .Layer("y", [Batch(), Position(3), Position(2), Channel(4)], convolution: true);
        AssertAgrees(tiny, tiny.Probe(9, Sixteenths(9 * 24, 4)),
            OnCpu with { ConvNodes = nodes, Statistic = statistic, Batch = 2 });
    }

    [Theory]
    [InlineData(7)]
    [InlineData(13)]
    public void tokens_count_as_samples(int opset)
    {
        var tiny = new TinyModel(opset)
            .Input("x", [null, 5, 3])
            .Node("Relu", "x", "y")
            .Output("y")
            .Layer("y", [Batch(), Sample(5), Channel(3)]);
        var probe = tiny.Probe(7, Sixteenths(7 * 15, 5));
        AssertAgrees(tiny, probe, OnCpu with { Statistic = Statistic.Share, AliveShare = 0.4, Batch = 3 });
        Assert.Equal(35, Record(tiny, probe, OnCpu).Layers[0].Samples);
    }

    [Fact]
    public void the_directions_of_a_recurrence_are_channels_and_the_batch_axis_may_be_third()
    {
        var tiny = new TinyModel(11)
            .Input("x", [3, 2, null, 4], batchAxis: 2)
            .Node("Relu", "x", "y")
            .Output("y")
            .Layer("y", [Sample(3), Channel(2), Batch(), Channel(4)]);
        AssertAgrees(tiny, tiny.Probe(10, Sixteenths(10 * 24, 6)), OnCpu with { Batch = 4 });
    }

    [Fact]
    public void a_layer_that_shares_its_tensor_is_read_from_its_own_part()
    {
        foreach (var opset in (int[])[7, 9, 10, 13])
        {
            var tiny = new TinyModel(opset)
                .Input("x", [null, 6])
                .Node("Relu", "x", "y")
                .Output("y")
                .Layer("y", [Batch(), Channel(6)], slice: new(1, 0, 2))
                .Layer("y", [Batch(), Channel(6)], slice: new(1, 2, 6));
            AssertAgrees(tiny, tiny.Probe(6, Sixteenths(36, 7)), OnCpu);
        }
    }

    [Theory]
    [InlineData(7)]
    [InlineData(14)]
    public void an_axis_that_mixes_roles_is_split_first(int opset)
    {
        // Rows are (sample, token) pairs.
        var tiny = new TinyModel(opset)
            .Input("x", [null, 3, 2])
            .Initializer("shape", [2], [-1, 2], DataType.Int64)
            .Node("Reshape", "x shape", "rows")
            .Node("Relu", "rows", "y")
            .Output("y")
            .Layer("y", [Batch(), Sample(3), Channel(2)], reshape: [-1, 3, 2]);
        AssertAgrees(tiny, tiny.Probe(8, Sixteenths(48, 8)), OnCpu with { Batch = 3 });
    }

    [Theory]
    [InlineData(1, 7)]
    [InlineData(4, 8)]
    [InlineData(4, 10)]
    [InlineData(16, 3)]
    public void padding_of_a_fixed_batch_counts_in_no_statistic(int batch, int samples)
    {
        foreach (var opset in (int[])[7, 13])
        {
            foreach (var statistic in Enum.GetValues<Statistic>().Except([Statistic.Sample, Statistic.Dormancy]))
            {
                var tiny = DenseChain(opset, DataType.Float, batch);
                AssertAgrees(tiny, tiny.Probe(samples, Sixteenths(samples * 4, 9)), OnCpu with { Statistic = statistic });
            }
        }
    }

    [Fact]
    public void a_model_without_batch_axis_takes_one_sample_a_run()
    {
        var tiny = new TinyModel(13)
            .Input("x", [4], batchAxis: -1)
            .Node("Relu", "x", "y")
            .Output("y")
            .Layer("y", [Channel(4)]);
        var probe = tiny.Probe(9, Sixteenths(36, 10), [.. Enumerable.Repeat(2, 9)]);
        var values = Enumerable.Range(0, 9)
            .Select(s => Sixteenths(36, 10)[(s * 4)..(s * 4 + 4)].Select(v => Math.Max(v, 0)).ToArray())
            .ToArray();
        var profile = Record(tiny, probe, OnCpu);

        // Each run adds one activation: the profile has no axis to count samples by.
        Assert.Equal(Enumerable.Range(0, 4).Select(node => values.Sum(sample => sample[node])),
            profile.Layers[0].Totals[new(CounterKind.Sum)]);
        Assert.Equal(9, profile.Layers[0].Samples);
        Assert.Equal(values.Count(sample => Array.IndexOf(sample, sample.Max()) == 2) / 9.0, profile.Accuracy);
    }

    [Fact]
    public void masks_do_not_depend_on_the_batch()
    {
        var tiny = DenseChain(13, DataType.Float, batch: null);
        // Not representable, near the threshold, and summed in another order for each batch size.
        var random = new Random(11);
        var probe = tiny.Probe(200, [.. Enumerable.Range(0, 800).Select(_ => random.NextDouble() - 0.5)]);
        var whole = Record(tiny, probe, OnCpu with { Batch = 200 });
        foreach (var batch in (int[])[1, 2, 7, 64, 199])
        {
            var profile = Record(tiny, probe, OnCpu with { Batch = batch });
            foreach (var (expected, actual) in whole.Layers.Zip(profile.Layers))
                Assert.Equal(Apply(expected, OnCpu).Mask, Apply(actual, OnCpu).Mask);
        }
    }

    [Fact]
    public void the_model_that_is_recorded_is_not_changed()
    {
        var tiny = DenseChain(13, DataType.Float, batch: null);
        var before = tiny.Proto.Clone();
        Record(tiny, tiny.Probe(3, Sixteenths(12, 12)), OnCpu);
        Assert.Equal(before, tiny.Proto);
    }

    [Fact]
    public void accuracy_is_the_share_of_largest_logits_that_match_the_labels()
    {
        foreach (int? batch in (int?[])[null, 1, 4])
        {
            var tiny = new TinyModel(13)
                .Input("x", [batch, 3])
                .Node("Identity", "x", "logits")
                .Output("logits", [batch, 3])
                .Layer("logits", [Batch(), Channel(3)]);
            // Right, wrong, tie won by the lower index, tie lost, all NaN, infinite.
            double[] logits =
                [0, 2, 1, 3, 0, 1, 5, 5, 0, 5, 5, 0, double.NaN, double.NaN, double.NaN, 0, 1, double.PositiveInfinity];
            var probe = tiny.Probe(6, logits, [1, 2, 0, 1, 0, 2]);
            Assert.Equal(3 / 6.0, Record(tiny, probe, OnCpu).Accuracy);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public void without_logits_per_class_there_is_no_accuracy_but_a_note(int rank)
    {
        var tiny = new TinyModel(13)
            .Input("x", [null, 1])
            .Node("Relu", "x", "y")
            .Output("y", rank == 1 ? [null, 1] : null)
            .Layer("y", [Batch(), Channel(1)]);
        var profile = Record(tiny, tiny.Probe(2, [1, 2], [0, 0]), OnCpu);
        Assert.Null(profile.Accuracy);
        Assert.Equal("accuracy", Assert.Single(profile.Diagnostics).Subject);
    }

    private static TinyModel DenseChain(int opset, DataType type, int? batch) => new TinyModel(opset)
        .Input("x", [batch, 4], type)
        .Initializer("w1", [4, 6], Quarters(24, 20), type)
        .Initializer("b1", [6], Quarters(6, 21), type)
        .Initializer("w2", [6, 3], Quarters(18, 22), type)
        .Initializer("b2", [3], Quarters(3, 23), type)
        .Node("Gemm", "x w1 b1", "h1").Node("Relu", "h1", "y1")
        .Node("Gemm", "y1 w2 b2", "y2")
        .Output("y2", [batch, 3], type)
        .Layer("y1", [Batch(batch ?? 1), Channel(6)], type)
        .Layer("y2", [Batch(batch ?? 1), Channel(3)], type);

    private static ActivationProfile Record(TinyModel tiny, Probe probe, AnalysisSettings settings) =>
        new ActivationRecorder(tiny.Proto, "tiny.onnx", tiny.Graph, SessionFactory.Create(settings), settings)
            .Record(probe, null, TestContext.Current.CancellationToken);

    private static AliveNodes Apply(LayerProfile profile, AnalysisSettings settings) =>
        new AliveRule(settings, settings.Thresholds[0]).Apply(profile);

    /// <summary>Compares mask, counts and summary with what the definitions give on activations exposed whole.</summary>
    private static void AssertAgrees(TinyModel tiny, Probe probe, AnalysisSettings settings)
    {
        settings = settings with { Thresholds = [0.05f, 0f, 0.25f], Maxima = true };
        var reference = SlowReference.Activations(tiny.Proto, "tiny.onnx", tiny.Graph, probe, settings);
        var profile = Record(tiny, probe, settings);
        Assert.Equal(reference.Length, profile.Layers.Length);
        foreach (var (layer, nodes) in profile.Layers.Zip(reference))
        {
            var all = nodes.SelectMany(node => node.SelectMany(values => values)).ToArray();
            Assert.Equal(nodes.Length, layer.Nodes);
            // Within the rounding of float32, in which groups of samples are added.
            Assert.Equal(all.Average(), layer.ActivationMean!.Value, 1e-7);
            Assert.Equal(all.Max(), layer.ActivationMax!.Value, 1e-6);
            foreach (var threshold in settings.Thresholds)
            {
                var alive = new AliveRule(settings, threshold).Apply(layer);
                var expected = nodes.Select(node => ReferenceRule.Verdict(node, settings, threshold)).ToImmutableArray();
                Assert.Equal(expected.Select(verdict => verdict.Alive), alive.Mask.Cast<bool>());
                Assert.Equal(expected.Count(verdict => verdict.Alive), alive.Alive);
                Assert.Equal(expected.Count(verdict => verdict.Borderline), alive.Borderline);
                Assert.Equal(expected.Chunk(layer.Positions).Count(channel => channel.Any(verdict => verdict.Alive)),
                    alive.AliveChannels);
                Assert.Equal((0, 0), (alive.NodesNan, alive.NodesInf));
            }
        }
    }
}
