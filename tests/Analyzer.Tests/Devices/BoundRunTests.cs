using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Testing;
using static Emergence.Analyzer.Tests.Instrumentation.TinyModel;

namespace Emergence.Analyzer.Tests.Devices;

/// <summary>The run loop of other devices, bound and with two runs in flight, on the CPU.</summary>
public class BoundRunTests
{
    private static readonly string[] Models = ["digits-mlp/ckpt_003.onnx", "digits-lenet/ckpt_003.onnx"];

    public static TheoryData<string, Statistic, int> Cases()
    {
        var cases = new TheoryData<string, Statistic, int>();
        foreach (var model in Models)
        {
            foreach (var statistic in Enum.GetValues<Statistic>())
                cases.Add(model, statistic, 2);
            cases.Add(model, Statistic.Mean, 1);
            cases.Add(model, Statistic.Mean, 3);
        }
        return cases;
    }

    /// <summary>The same values to the bit, and as many bytes as the plan says, which the plain loop adds up.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Bound_runs_count_the_same_and_copy_what_was_planned(string file, Statistic statistic, int inFlight)
    {
        var settings = new AnalysisSettings { Device = Device.Cpu, Threads = 1, Batch = 32, Statistic = statistic };
        var plain = SessionFactory.Create(settings);
        var path = Path.Combine(SharedFiles.Repository, "models", file);
        var (model, probe) = TracedCheckpoint.On(
            Checkpoint.Open(path), settings, new ProbeCache(new ProbeOptions { Samples = 200 }), plain, null, default);
        ActivationProfile Record(SessionFactory sessions) =>
            new ActivationRecorder(model.Checkpoint.Model, path, model.Graph, sessions, settings).Record(probe, null, default);
        var (expected, actual) = (Record(plain), Record(plain.Bound(inFlight)));
        Assert.Equal(expected.Accuracy, actual.Accuracy);
        Assert.Equal(expected.Copied, actual.Copied);
        Assert.Equal(200 * actual.Copied.Runs, 7 * actual.Copied.Samples);
        foreach (var (a, b) in expected.Layers.Zip(actual.Layers))
        {
            Assert.Equal(a.Samples, b.Samples);
            Assert.All(a.Totals, total => Assert.Equal(total.Value, b.Totals[total.Key]));
        }
        Assert.Equal(expected.Samples.Length, actual.Samples.Length);
    }

    /// <summary>Of many nodes a device adds in double at once, and runs nothing twice.</summary>
    [Fact]
    public void Sums_of_many_nodes_run_in_double_once()
    {
        // Every node's mean is θ to the last digit but one, so that sums in float32 cannot tell.
        var tiny = new TinyModel(13).Input("x", [null, 4]).Initializer("w", [4, 3], [.. Enumerable.Repeat(1f, 12)])
            .Node("MatMul", "x w", "h").Node("Relu", "h", "y").Output("y").Layer("y", [Batch(), Channel(3)]);
        var settings = new AnalysisSettings { Device = Device.Cpu, Threads = 1, Thresholds = [1] };
        var plain = SessionFactory.Create(settings);
        ActivationProfile Record(RunBudget budget) =>
            new ActivationRecorder(tiny.Proto, "tiny.onnx", tiny.Graph, plain.Bound(2, budget), settings)
                .Record(tiny.Probe(64, [.. Enumerable.Repeat(0.25f, 256)]), null, default);
        var (twice, once) = (Record(RunBudget.Gpu with { NodesInGroups = 3 }), Record(RunBudget.Gpu with { NodesInGroups = 2 }));
        Assert.Equal((2, 1), (twice.Copied.Runs, once.Copied.Runs));
        Assert.All(once.Layers.Zip(twice.Layers), layers =>
            Assert.All(layers.First.Totals, total => Assert.Equal(total.Value, layers.Second.Totals[total.Key])));
    }

    /// <summary>Counters of many nodes are added up by several threads, a layer each.</summary>
    [Fact]
    public void Threads_that_add_up_layers_change_no_bit()
    {
        var tiny = new TinyModel(13).Input("x", [null, 2, 64, 64]).Initializer("w", [80, 2, 1, 1], Quarters(160, 2))
            .Initializer("v", [80, 80, 1, 1], Quarters(6400, 3))
            .Node("Conv", "x w", "a").Node("Relu", "a", "b").Node("Conv", "b v", "c").Node("Relu", "c", "d").Output("d")
            .Layer("b", [Batch(), Channel(80), Position(64), Position(64)])
            .Layer("d", [Batch(), Channel(80), Position(64), Position(64)]);
        ActivationProfile Record(int threads)
        {
            var settings = new AnalysisSettings { Device = Device.Cpu, Threads = threads, Batch = 2 };
            return new ActivationRecorder(tiny.Proto, "tiny.onnx", tiny.Graph, SessionFactory.Create(settings), settings)
                .Record(tiny.Probe(6, Quarters(6 * 2 * 64 * 64, 1)), null, default);
        }
        Assert.All(Record(1).Layers.Zip(Record(3).Layers), layers =>
            Assert.All(layers.First.Totals, total => Assert.Equal(total.Value, layers.Second.Totals[total.Key])));
    }

    [Fact]
    public void A_padded_batch_copies_what_was_planned()
    {
        var tiny = new TinyModel(13).Input("x", [8, 4]).Initializer("w", [4, 3], Quarters(12, 2))
            .Node("Gemm", "x w", "h").Node("Relu", "h", "y").Output("y").Layer("y", [Batch(8), Channel(3)]);
        var settings = new AnalysisSettings { Device = Device.Cpu };
        var plain = SessionFactory.Create(settings);
        var copied = new[] { plain, plain.Bound(2) }.Select(sessions =>
            new ActivationRecorder(tiny.Proto, "tiny.onnx", tiny.Graph, sessions, settings)
                .Record(tiny.Probe(21, Quarters(84, 1)), null, default).Copied).ToArray();
        Assert.Equal(copied[0], copied[1]);
        Assert.Equal((21, 3), (copied[0].Samples, copied[0].Runs));
    }

    [Fact]
    public void A_run_that_fails_names_its_samples_and_the_others_end()
    {
        var tiny = new TinyModel(13).Input("x", [null, 4]).Initializer("w", [4, 3], Quarters(12, 2)).Node("Gemm", "x w", "y")
            .Initializer("seven", [1], [7], Onnx.TensorProto.Types.DataType.Int64).Node("Reshape", "y seven", "z")
            .Output("z").Layer("z", [Sample(7)]);
        var settings = new AnalysisSettings { Device = Device.Cpu, Batch = 2 };
        var sessions = SessionFactory.Create(settings).Bound(2);
        var recorder = new ActivationRecorder(tiny.Proto, "tiny.onnx", tiny.Graph, sessions, settings);
        var e = Assert.Throws<UserException>(() => recorder.Record(tiny.Probe(64, Quarters(256, 1)), null, default));
        Assert.StartsWith("tiny.onnx: ONNX Runtime failed on samples 0 to 1: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Canceling_ends_all_that_is_in_flight()
    {
        using var source = new CancellationTokenSource();
        var tiny = new TinyModel(13).Input("x", [null, 4]).Initializer("w", [4, 3], Quarters(12, 2))
            .Node("Gemm", "x w", "y").Output("y").Layer("y", [Batch(), Channel(3)]);
        var settings = new AnalysisSettings { Device = Device.Cpu, Batch = 16 };
        var sessions = SessionFactory.Create(settings).Bound(2);
        var recorder = new ActivationRecorder(tiny.Proto, "tiny.onnx", tiny.Graph, sessions, settings);
        Assert.ThrowsAny<OperationCanceledException>(() => recorder.Record(tiny.Probe(160, Quarters(640, 1)), done =>
        {
            if (done == 48)
                source.Cancel();
        }, source.Token));
    }

    /// <summary>A layer that is counted a second time is also copied a second time; the whole analysis agrees.</summary>
    [Fact]
    public void Outputs_of_a_model_are_the_same()
    {
        var path = Path.Combine(SharedFiles.Repository, "models", Models[1]);
        var settings = new AnalysisSettings { Device = Device.Cpu, Threads = 1 };
        var plain = SessionFactory.Create(settings);
        var (model, probe) = TracedCheckpoint.On(
            Checkpoint.Open(path), settings, new ProbeCache(new ProbeOptions { Samples = 70 }), plain, null, default);
        ModelOutputs Of(SessionFactory sessions) =>
            ModelOutputs.Of(model.Checkpoint, model.Graph, sessions, settings, probe, default);
        Assert.Equal((0d, 0d), Of(plain).ChangeTo(Of(plain.Bound(2))));
    }
}
