using Emergence.Measuring;
using Emergence.Measuring.Devices;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using static Emergence.Analyzer.Tests.Instrumentation.TinyModel;

namespace Emergence.Analyzer.Tests.Instrumentation;

/// <summary>Sums in float32 over groups of samples: as good as sums in double, whatever runs together.</summary>
public class SampleGroupsTests
{
    private const int Samples = 83;

    [Theory]
    [InlineData(Statistic.Mean)]
    [InlineData(Statistic.AbsMean)]
    [InlineData(Statistic.Share)]
    // Blocks of samples are kept apart, so that the graph adds the groups up.
    [InlineData(Statistic.Mean, 100)]
    [InlineData(Statistic.Share, 100)]
    public void sums_by_groups_are_those_in_double(Statistic statistic, int bootstrap = 0)
    {
        var tiny = Network();
        var settings = new AnalysisSettings
        {
            Device = Device.Cpu,
            Statistic = statistic,
            Bootstrap = bootstrap > 0 ? new(bootstrap) : null,
        };
        var grouped = Record(tiny, settings);
        var values = Reference();
        foreach (var layer in grouped.Layers)
        {
            foreach (var (counter, totals) in layer.Totals)
                Assert.All(totals.Index(), total =>
                    Assert.Equal(Expected(values[layer.Layer.Name], total.Index, counter), total.Item, 1e-6 * Samples));
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 2)]
    [InlineData(16, 4)]
    [InlineData(48, 2)]
    [InlineData(256, 1)]
    public void no_sum_depends_on_what_runs_together(int batch, int threads)
    {
        var settings = new AnalysisSettings { Device = Device.Cpu };
        var expected = Record(Network(), settings with { Threads = 1 });
        var actual = Record(Network(), settings with { Batch = batch, Threads = threads });
        Assert.All(expected.Layers.Zip(actual.Layers), pair => Assert.Equal(
            pair.First.Totals[new(CounterKind.Sum)].Select(BitConverter.DoubleToInt64Bits),
            pair.Second.Totals[new(CounterKind.Sum)].Select(BitConverter.DoubleToInt64Bits)));
    }

    // Maxima are taken outside the graph where the activations of a run are few, inside it where they are many.
    [Fact]
    public void nodes_of_the_model_are_counted_whatever_counts_its_activations()
    {
        const int Width = 200_000;
        var tiny = new TinyModel(13).Input("x", [null, Width]).Node("Relu", "x", "y").Output("y")
            .Layer("y", [Batch(), Channel(Width)]);
        ProviderNodes[] Providers(int batch)
        {
            var settings = new AnalysisSettings { Device = Device.Cpu, Statistic = Statistic.Max, Batch = batch };
            var recorder = new ActivationRecorder(tiny.Proto, "tiny.onnx", tiny.Graph, SessionFactory.Create(settings), settings);
            return [.. recorder.Record(tiny.Probe(64, new double[64 * Width]), null, default).Providers];
        }
        Assert.Equal([new ProviderNodes("CPUExecutionProvider", 1)], Providers(16));
        Assert.Equal(Providers(16), Providers(64));
    }

    // In float32, sixteen times 0.05f over 16 is 0.05000001.
    [Theory]
    [InlineData(0.05f, 0)]
    [InlineData(0.050000004f, 1)]
    public void a_mean_next_to_the_threshold_is_counted_again_in_double(float value, int alive)
    {
        var tiny = new TinyModel(13).Input("x", [null, 1]).Node("Relu", "x", "y").Output("y").Layer("y", [Batch(), Channel(1)]);
        var settings = new AnalysisSettings { Device = Device.Cpu };
        var profile = new ActivationRecorder(tiny.Proto, "tiny.onnx", tiny.Graph, SessionFactory.Create(settings), settings)
            .Record(tiny.Probe(48, [.. Enumerable.Repeat((double)value, 48)]), null, default);
        Assert.Equal(48 * (double)value, profile.Layers[0].Totals[new(CounterKind.Sum)][0]);
        Assert.Equal(alive, new AliveRule(settings, 0.05f).Apply(profile.Layers[0]).Alive);
    }

    // Three times 2e38 is more than float32 holds, though each of them is a number.
    [Fact]
    public void a_sum_that_float32_cannot_hold_is_counted_again_in_double()
    {
        var tiny = new TinyModel(13).Input("x", [null, 1]).Node("Relu", "x", "y").Output("y").Layer("y", [Batch(), Channel(1)]);
        var settings = new AnalysisSettings { Device = Device.Cpu };
        var profile = new ActivationRecorder(tiny.Proto, "tiny.onnx", tiny.Graph, SessionFactory.Create(settings), settings)
            .Record(tiny.Probe(3, [2e38, 2e38, 2e38]), null, default);
        Assert.Equal(3 * (double)2e38f, profile.Layers[0].Totals[new(CounterKind.Sum)][0]);
        Assert.False(profile.Layers[0].IsNotFinite(0));
    }

    private static ActivationProfile Record(TinyModel tiny, AnalysisSettings settings) =>
        new ActivationRecorder(tiny.Proto, "tiny.onnx", tiny.Graph, SessionFactory.Create(settings), settings)
            .Record(tiny.Probe(Samples, Inputs()), null, default);

    private static double[] Inputs()
    {
        var random = new Random(7);
        return [.. Enumerable.Range(0, Samples * 12).Select(_ => (double)(float)((random.NextDouble() - 0.4) * 3))];
    }

    // One layer of features, one of tokens and one of an image.
    private static TinyModel Network() => new TinyModel(13).Input("x", [null, 3, 4])
        .Node("Relu", "x", "tokens").Output("tokens").Layer("tokens", [Batch(), Sample(3), Channel(4)])
        .Longs("flat", -1, 12).Node("Reshape", "x flat", "f").Node("Tanh", "f", "features").Output("features")
        .Layer("features", [Batch(), Channel(12)])
        .Longs("image", -1, 3, 2, 2).Node("Reshape", "x image", "i").Node("Sigmoid", "i", "pixels").Output("pixels")
        .Layer("pixels", [Batch(), Channel(3), Position(2), Position(2)], convolution: true);

    /// <summary>By layer, the activations: sample, node, and those that count as samples of it.</summary>
    private static Dictionary<string, double[][][]> Reference()
    {
        var inputs = Inputs().Chunk(12).ToArray();
        double[][][] Nodes(Func<double, double> function) =>
            [.. inputs.Select(sample => sample.Select(x => (double[])[(float)function(x)]).ToArray())];
        return new()
        {
            ["layer-tokens"] = [.. inputs.Select(sample => Enumerable.Range(0, 4)
                .Select(c => Enumerable.Range(0, 3).Select(t => Math.Max(sample[t * 4 + c], 0)).ToArray()).ToArray())],
            ["layer-features"] = Nodes(Math.Tanh),
            ["layer-pixels"] = Nodes(x => 1 / (1 + Math.Exp(-x))),
        };
    }

    private static double Expected(double[][][] samples, int node, Counter counter)
    {
        var values = samples.SelectMany(sample => sample[node]);
        return counter.Kind switch
        {
            CounterKind.Sum => values.Sum(),
            CounterKind.AbsSum => values.Sum(Math.Abs),
            CounterKind.Above => values.Count(value => value > counter.Threshold),
            _ => throw new ArgumentOutOfRangeException(nameof(counter)),
        };
    }
}
