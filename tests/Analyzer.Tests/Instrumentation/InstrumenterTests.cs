using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using static Emergence.Analyzer.Tests.Instrumentation.TinyModel;

namespace Emergence.Analyzer.Tests.Instrumentation;

public class InstrumenterTests
{
    private static readonly CountingOptions SumAndMax = new() { Counters = [new(CounterKind.Sum), new(CounterKind.Max)] };

    [Fact]
    public void the_models_own_outputs_do_not_change_by_a_bit()
    {
        var tiny = TwoLayers(13);
        var instrumented = Instrumenter.Instrument(tiny.Proto, tiny.Graph.Layers, SumAndMax with { KeepOutputs = true });
        Assert.Equal(Run(tiny, tiny.Proto, "y2"), Run(tiny, instrumented.Model, "y2"));
    }

    [Theory]
    [InlineData(7, 3)]
    [InlineData(13, 7)]
    [InlineData(26, 13)]
    public void opset_and_format_version_stay(int opset, int ir)
    {
        var tiny = TwoLayers(opset, ir);
        var model = Instrumenter.Instrument(tiny.Proto, tiny.Graph.Layers, SumAndMax).Model;
        Assert.Equal(tiny.Proto.OpsetImport, model.OpsetImport);
        Assert.Equal(ir, model.IrVersion);
        Run(tiny, model, model.Graph.Output[0].Name);
    }

    [Theory]
    [InlineData(7, 1)]
    [InlineData(13, 1)]
    [InlineData(13, 37)]
    [InlineData(22, 16)]
    public async Task a_float16_activation_beyond_its_range_is_infinite_also_where_the_runtime_computes_in_float32(
        int opset, int samples)
    {
        using var folder = new TemporaryFolder();
        // In float16 the sums are 65504 (the largest), 65519 (rounds to it), 65520 (rounds to infinity), 131008 and -65520.
        double[] weights = [65504, 65504, 65504, 65504, -65504, 0, 15, 16, 65504, -16];
        var model = new TinyModel(opset)
            .Input("x", [null, 2])
            .Initializer("w", [2, 5], weights, TensorProto.Types.DataType.Float16)
            .Node("Cast", "x", "h", AttributeProto.Of("to", (int)TensorProto.Types.DataType.Float16))
            .Node("MatMul", "h w", "m")
            .Node("Cast", "m", "y", AttributeProto.Of("to", (int)TensorProto.Types.DataType.Float))
            .Output("y", [null, 5]);
        var ones = Encode(Enumerable.Repeat(1.0, 2 * samples), TensorProto.Types.DataType.Float);
        var data = WholeAnalysis.Data(folder, "ones.npy", ones, samples, 2);
        var result = await WholeAnalysis.Of(model, new ProbeOptions { Data = [data] });
        var layer = Assert.Single(result.Measurements[0].Layers);
        Assert.Equal((3, 0), (layer.NodesInf, layer.NodesNan));
        Assert.Equal([true, true, false, false, false], Enumerable.Range(0, 5).Select(node => layer.Mask![node]));
    }

    [Fact]
    public void only_vectors_of_nodes_and_shapes_come_out()
    {
        var tiny = TwoLayers(13);
        var instrumented = Instrumenter.Instrument(tiny.Proto, tiny.Graph.Layers, SumAndMax with { Logits = "y2" });
        Assert.Equal(instrumented.Outputs.Order(), instrumented.Model.Graph.Output.Select(output => output.Name).Order());
        Assert.Equal(instrumented.Logits, instrumented.Outputs[0]);
        Assert.Equal(1 + (2 * 3), instrumented.Outputs.Length);
    }

    [Fact]
    public void new_names_avoid_those_in_the_model()
    {
        // A model that has been instrumented before has every name that we would choose.
        var tiny = TwoLayers(13);
        var once = Instrumenter.Instrument(tiny.Proto, tiny.Graph.Layers, SumAndMax with { KeepOutputs = true }).Model;
        var twice = Instrumenter.Instrument(once, tiny.Graph.Layers, SumAndMax with { KeepOutputs = true }).Model;
        var names = twice.Graph.Node.SelectMany(node => node.Output).ToList();
        Assert.Equal(names.Distinct(), names);
        Run(tiny, twice, "y2");
    }

    [Fact]
    public void what_only_a_dropped_output_needs_is_not_computed()
    {
        // The tail fails when it runs: two rows of four do not fit its shape.
        var tiny = TwoLayers(13)
            .Initializer("impossible", [1], [7], TensorProto.Types.DataType.Int64)
            .Node("Reshape", "y2 impossible", "tail")
            .Output("tail");
        Assert.Throws<OnnxRuntimeException>(() => Run(tiny, tiny.Proto, "tail"));
        var model = Instrumenter.Instrument(tiny.Proto, tiny.Graph.Layers, SumAndMax).Model;
        Assert.DoesNotContain(model.Graph.Node, node => node.Output.Contains("tail"));
        Run(tiny, model, model.Graph.Output[0].Name);
    }

    [Fact]
    public void what_a_sub_graph_reads_from_outside_is_kept()
    {
        GraphProto Branch(string name)
        {
            var branch = new GraphBuilder(name);
            branch.Output(branch.Node("Mul", ["y1", "factor"]), TensorProto.Types.DataType.Float);
            return branch.Graph;
        }
        var tiny = TwoLayers(13).Initializer("one", [1], [1]);
        tiny.Node("Add", "one one", "factor");
        tiny.Initializer("yes", [], [1], TensorProto.Types.DataType.Int64)
            .Node("Cast", "yes", "condition", AttributeProto.Of("to", 9));
        tiny.Node("If", "condition", "chosen", AttributeProto.Of("then_branch", Branch("then")),
            AttributeProto.Of("else_branch", Branch("else")));
        tiny.Output("chosen").Layer("chosen", [Batch(), Channel(6)]);
        var model = Instrumenter.Instrument(tiny.Proto, [tiny.Graph.Layers[^1]], SumAndMax).Model;
        Assert.Contains(model.Graph.Node, node => node.Output.Contains("factor"));
        Assert.DoesNotContain(model.Graph.Node, node => node.Output.Contains("y2"));
        Run(tiny, model, model.Graph.Output[0].Name);
    }

    [Fact]
    public void a_model_of_other_domains_alone_gets_the_standard_operators()
    {
        var tiny = new TinyModel(13)
            .Input("x", [null, 4])
            .Initializer("w", [4, 3], Quarters(12, 1))
            .Node("FusedMatMul", "x w", "y")
            .Layer("y", [Batch(), Channel(3)]);
        tiny.Proto.Graph.Node[0].Domain = "com.microsoft";
        tiny.Proto.OpsetImport[0] = new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 };
        var model = Instrumenter.Instrument(tiny.Proto, tiny.Graph.Layers, SumAndMax).Model;
        Run(tiny, model, model.Graph.Output[0].Name);
    }

    [Fact]
    public void an_opset_older_than_the_runtime_knows_is_refused()
    {
        var tiny = TwoLayers(6);
        var e = Assert.Throws<UserException>(() => Instrumenter.Instrument(tiny.Proto, tiny.Graph.Layers, SumAndMax));
        Assert.Equal("opset 6 is older than ONNX Runtime runs; convert the model to opset 13 with onnx.version_converter",
            e.Message);
    }

    [Fact]
    public void padding_needs_a_batch_axis()
    {
        var tiny = new TinyModel(13).Input("x", [4, 3]).Node("Relu", "x", "y").Layer("y", [Sample(4), Channel(3)]);
        var e = Assert.Throws<UserException>(() =>
            Instrumenter.Instrument(tiny.Proto, tiny.Graph.Layers, SumAndMax with { Rows = 2 }));
        Assert.Equal(
            "layer 'layer-y' (Gemm): its activations have no batch axis, so padding cannot be told from samples; " +
            "choose --samples as a multiple of the model's fixed batch size", e.Message);
    }

    private static TinyModel TwoLayers(int opset, int ir = 7) => new TinyModel(opset, ir)
        .Input("x", [null, 4])
        .Initializer("w1", [4, 6], Quarters(24, 1))
        .Initializer("b1", [6], Quarters(6, 2))
        .Initializer("w2", [6, 3], Quarters(18, 3))
        .Initializer("b2", [3], Quarters(3, 4))
        .Node("Gemm", "x w1 b1", "h1").Node("Relu", "h1", "y1").Node("Gemm", "y1 w2 b2", "y2")
        .Output("y2")
        .Layer("y1", [Batch(), Channel(6)])
        .Layer("y2", [Batch(), Channel(3)]);

    [Fact]
    public void a_run_that_passes_two_gigabytes_is_refused()
    {
        var tiny = TwoLayers(13);
        var probe = tiny.Probe(2, [.. Enumerable.Range(0, 8).Select(i => (double)i)]);
        var error = Assert.Throws<UserException>(() => new InputFeed(tiny.Graph.Inputs[0], probe.Inputs[0], 200_000_000));
        Assert.Equal("input 'x': 200,000,000 samples of 16 bytes do not fit into one run; choose a smaller --batch",
            error.Message);
    }

    private static byte[] Run(TinyModel tiny, ModelProto model, string output)
    {
        using var session = SessionFactory.Create(new AnalysisSettings { Device = Device.Cpu, Optimization = Optimization.None })
            .Open(model, "tiny.onnx");
        var random = new Random(5);
        var probe = tiny.Probe(2, [.. Enumerable.Range(0, 8).Select(_ => random.NextDouble())]);
        using var feed = new InputFeed(tiny.Graph.Inputs[0], probe.Inputs[0], 2);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["x"], [feed.Fill(0, 2, 2)], [output]);
        return outputs[0].GetTensorMutableRawData().ToArray();
    }
}
