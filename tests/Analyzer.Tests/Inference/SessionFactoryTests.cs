using System.Runtime.InteropServices;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Settings;
using Onnx;
using static Emergence.Analyzer.Tests.Instrumentation.TinyModel;

namespace Emergence.Analyzer.Tests.Inference;

public class SessionFactoryTests
{
    private static readonly SessionFactory OnCpu = SessionFactory.Create(new AnalysisSettings { Device = Device.Cpu });

    [Theory]
    [InlineData(Optimization.Default)]
    [InlineData(Optimization.None)]
    [InlineData(Optimization.Basic)]
    [InlineData(Optimization.All)]
    public void every_level_gives_the_same_counts_on_exact_values(Optimization level)
    {
        var tiny = Gemm();
        var settings = new AnalysisSettings { Device = Device.Cpu, Optimization = level };
        var probe = tiny.Probe(9, Quarters(36, 3));
        var expected = Record(tiny, new AnalysisSettings { Device = Device.Cpu, Optimization = Optimization.None });
        var actual = Record(tiny, settings);
        foreach (var (counter, totals) in expected)
            Assert.Equal(totals, actual[counter]);

        System.Collections.Immutable.ImmutableDictionary<Counter, System.Collections.Immutable.ImmutableArray<double>> Record(
            TinyModel model, AnalysisSettings with) =>
            new ActivationRecorder(model.Proto, "tiny.onnx", model.Graph, SessionFactory.Create(with), with)
                .Record(probe, null, default).Layers[0].Totals;
    }

    [Theory]
    [InlineData(Optimization.Default, "MatMul", null)]
    [InlineData(Optimization.Default, "MatMul", 16L)]
    [InlineData(Optimization.Default, "Gemm", null)]
    [InlineData(Optimization.Default, "Gemm", 16L)]
    [InlineData(Optimization.All, "MatMul", null)]
    public void weights_behind_a_DequantizeLinear_leave_activations_in_float32(Optimization level, string op, long? block)
    {
        // Products of quarters and 64ths are exact; activations rounded to 8 bits would not be.
        const int Inputs = 64, Units = 32;
        var integers = Enumerable.Range(0, Inputs * Units).Select(i => i * 37 % 255 - 127.0).ToArray();
        var settings = new AnalysisSettings { Device = Device.Cpu, Optimization = level };
        Assert.Equal(Totals(model => model.Initializer("w", [Inputs, Units], integers.Select(q => q / 64))),
            Totals(model => model.Initializer("q", [Inputs, Units], integers, TensorProto.Types.DataType.Int8)
                .Initializer("s", block is { } size ? [Inputs / size, Units] : [Units],
                    Enumerable.Repeat(1 / 64.0, Units * (int)(Inputs / block ?? 1)))
                .Node("DequantizeLinear", "q s", "w", block is { } rows
                    ? [AttributeProto.Of("axis", 0), AttributeProto.Of("block_size", rows)] : [AttributeProto.Of("axis", 1)])));

        System.Collections.Immutable.ImmutableArray<double>[] Totals(Func<TinyModel, TinyModel> weight)
        {
            var tiny = weight(new TinyModel(21).Input("x", [null, Inputs])).Node(op, "x w", "y").Output("y")
                .Layer("y", [Batch(), Channel(Units)]);
            var recorder = new ActivationRecorder(tiny.Proto, "tiny.onnx", tiny.Graph, SessionFactory.Create(settings), settings);
            return [.. recorder.Record(tiny.Probe(8, Quarters(8 * Inputs, 3)), null, default).Layers[0].Totals
                .OrderBy(counter => counter.Key).Select(counter => counter.Value)];
        }
    }

    [Fact]
    public void external_data_is_found_beside_the_file_whatever_the_current_folder()
    {
        var folder = Directory.CreateTempSubdirectory("emergence");
        try
        {
            File.WriteAllBytes(Path.Combine(folder.FullName, "w.bin"),
                MemoryMarshal.AsBytes(Quarters(12, 2).Select(w => (float)w).ToArray().AsSpan()).ToArray());
            var tiny = Gemm();
            var weight = tiny.Proto.Graph.Initializer[0];
            weight.ClearRawData();
            weight.DataLocation = TensorProto.Types.DataLocation.External;
            weight.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "w.bin" });
            OnCpu.Open(tiny.Proto, Path.Combine(folder.FullName, "model.onnx")).Dispose();
            var e = Assert.Throws<UserException>(() =>
                OnCpu.Open(tiny.Proto, Path.Combine(folder.FullName, "elsewhere", "model.onnx")));
            Assert.EndsWith("put the model's external data file beside it", e.Message, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void a_format_too_new_says_so_with_a_remedy()
    {
        var tiny = Gemm();
        tiny.Proto.IrVersion = 99;
        var e = Assert.Throws<UserException>(() => OnCpu.Open(tiny.Proto, "new.onnx"));
        Assert.Equal(
            "new.onnx: ONNX Runtime does not take it: Unsupported model IR version: 99, max supported IR version: 13; " +
            "export it with an older onnx package, or update this program", e.Message);
    }

    [Fact]
    public void an_operator_that_does_not_exist_says_so_with_a_remedy()
    {
        var tiny = Gemm().Node("Frobnicate", "y", "z").Output("z");
        var e = Assert.Throws<UserException>(() => OnCpu.Open(tiny.Proto, "odd.onnx"));
        Assert.Contains("Frobnicate", e.Message, StringComparison.Ordinal);
        Assert.Contains("; export it with operators of the ONNX standard", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void a_probe_that_does_not_run_names_the_samples()
    {
        var tiny = Gemm().Initializer("seven", [1], [7], TensorProto.Types.DataType.Int64).Node("Reshape", "y seven", "z")
            .Output("z").Layer("z", [Sample(7)]);
        var settings = new AnalysisSettings { Device = Device.Cpu, Batch = 2 };
        var recorder = new ActivationRecorder(tiny.Proto, "tiny.onnx", tiny.Graph, OnCpu, settings);
        var e = Assert.Throws<UserException>(() => recorder.Record(tiny.Probe(4, Quarters(16, 1)), null, default));
        Assert.StartsWith("tiny.onnx: ONNX Runtime failed on samples 0 to 1: ", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("; if a batch size is built into the model, use --batch 1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void a_layer_that_runs_in_another_shape_than_was_traced_is_named()
    {
        var tiny = Gemm().Node("Transpose", "y", "z").Layer("z", [Batch(), Channel(5)]);
        var settings = new AnalysisSettings { Device = Device.Cpu };
        var recorder = new ActivationRecorder(tiny.Proto, "tiny.onnx", tiny.Graph, OnCpu, settings);
        var e = Assert.Throws<UserException>(() => recorder.Record(tiny.Probe(4, Quarters(16, 1)), null, default));
        Assert.Equal(
            "layer 'layer-z' (Gemm): its activations have shape [3,4] where [*,5] was traced; " +
            "give the sizes of free dimensions with --dim, or leave the layer out with --exclude", e.Message);
    }

    [Fact]
    public void a_batch_axis_that_is_not_the_batch_cannot_be_padded()
    {
        // Two samples become one row.
        var tiny = new TinyModel(13).Input("x", [4, 3]).Initializer("pairs", [2], [2, 6], TensorProto.Types.DataType.Int64)
            .Node("Reshape", "x pairs", "y").Layer("y", [Batch(2), Channel(6)]);
        var settings = new AnalysisSettings { Device = Device.Cpu };
        var recorder = new ActivationRecorder(tiny.Proto, "tiny.onnx", tiny.Graph, OnCpu, settings);
        recorder.Record(tiny.Probe(4, Quarters(12, 1)), null, default);
        var e = Assert.Throws<UserException>(() => recorder.Record(tiny.Probe(5, Quarters(15, 1)), null, default));
        Assert.Equal(
            "layer 'layer-y' (Gemm): its batch axis has 2 entries where 4 samples were fed, so padding cannot be told from " +
            "samples; choose --samples as a multiple of the model's fixed batch size", e.Message);
    }

    [Fact]
    public void cancelling_stops_after_the_run_in_progress()
    {
        using var source = new CancellationTokenSource();
        var tiny = Gemm();
        var settings = new AnalysisSettings { Device = Device.Cpu, Batch = 1 };
        var recorder = new ActivationRecorder(tiny.Proto, "tiny.onnx", tiny.Graph, OnCpu, settings);
        var done = 0;
        Assert.ThrowsAny<OperationCanceledException>(() =>
            recorder.Record(tiny.Probe(100, Quarters(400, 1)), StopAfterThree, source.Token));
        Assert.Equal(48, done);

        // A batch of one is rounded up to a group of 16.
        void StopAfterThree(int samples)
        {
            done = samples;
            if (samples == 48)
                source.Cancel();
        }
    }

    private static TinyModel Gemm() => new TinyModel(13)
        .Input("x", [null, 4])
        .Initializer("w", [4, 3], Quarters(12, 2))
        .Node("Gemm", "x w", "h").Node("Relu", "h", "y")
        .Output("y")
        .Layer("y", [Batch(), Channel(3)]);
}
