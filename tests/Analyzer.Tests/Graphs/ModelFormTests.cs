using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Tracing;
using Google.Protobuf;
using Onnx;
using static Emergence.Analyzer.Tests.Instrumentation.TinyModel;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>The forms in which files come: formats, names, orders, types, batches and where the weights are kept.</summary>
public class ModelFormTests
{
    private const string TwoLayers = """
        Gemm Relu a [B C6] n=6 m=6 (w +b)
        Gemm - y [B C3] n=3 m=3 (v +c)
        0>1
        """;

    [Theory]
    [InlineData(DataType.Double)]
    [InlineData(DataType.Float16)]
    public void double_and_half_precision_are_traced_and_counted(DataType type) => TracedRun.Holds(Mlp(type: type), TwoLayers);

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(10)]
    public void a_fixed_batch_is_looped_or_padded(int batch)
    {
        var graph = TracedRun.Holds(Mlp(batch: batch), TwoLayers);
        Assert.Equal(batch, graph.Inputs[0].Shape[0]);
    }

    [Fact]
    public void before_format_version_4_initializers_are_inputs_too()
    {
        var tiny = Mlp(opset: 8, ir: 3);
        foreach (var tensor in tiny.Proto.Graph.Initializer)
            tiny.Input(tensor.Name, [.. tensor.Dims.Select(dim => (long?)dim)]);
        var graph = TracedRun.Holds(tiny, TwoLayers);
        Assert.Equal("x", Assert.Single(graph.Inputs).Name);
    }

    [Fact]
    public void nodes_may_stand_in_any_order()
    {
        var tiny = Mlp();
        var reversed = tiny.Proto.Graph.Node.Reverse().ToList();
        tiny.Proto.Graph.Node.Clear();
        tiny.Proto.Graph.Node.Add(reversed);
        TracedRun.Holds(tiny, TwoLayers);
    }

    [Fact]
    public void layers_of_one_name_are_told_apart_by_their_outputs()
    {
        var tiny = Mlp();
        foreach (var node in tiny.Proto.Graph.Node)
            node.Name = "dense";
        Assert.Equal(["dense", "y"], TracedRun.OnlyTraces(tiny.Proto).Layers.Select(layer => layer.Name));
        Assert.Equal(["h", "y"], TracedRun.OnlyTraces(Mlp().Proto).Layers.Select(layer => layer.Name));
    }

    [Fact]
    public void weights_may_be_constant_nodes()
    {
        var tiny = Mlp();
        foreach (var tensor in tiny.Proto.Graph.Initializer)
            tiny.Node("Constant", "", tensor.Name, AttributeProto.Of("value", tensor));
        tiny.Proto.Graph.Initializer.Clear();
        Assert.Equal(51, TracedRun.Holds(tiny, TwoLayers).Parameters.Sum(parameter => parameter.Count));
    }

    [Fact]
    public void weights_may_be_sparse()
    {
        var tiny = Mlp();
        var dense = tiny.Proto.Graph.Initializer.Single(tensor => tensor.Name == "w");
        tiny.Proto.Graph.Initializer.Remove(dense);
        tiny.Proto.Graph.SparseInitializer.Add(new SparseTensorProto
        {
            Values = TensorValues.FromFloats("w", [3], [1, -2, 0.5f]),
            Indices = TensorValues.FromLongs("", [3], [0, 7, 23]),
            Dims = { 4, 6 },
        });
        var weight = TracedRun.Holds(tiny, TwoLayers).Layers[0].Parameters[0];
        Assert.Equal((24, 3), (weight.Count, weight.Nonzero));
    }

    [Fact]
    public void weights_may_lie_in_a_file_of_their_own()
    {
        using var folder = new TemporaryFolder();
        var tiny = Mlp();
        var weight = tiny.Proto.Graph.Initializer.Single(tensor => tensor.Name == "w");
        folder.Write("w.bin", weight.RawData.ToByteArray());
        weight.RawData = ByteString.Empty;
        weight.DataLocation = DataLocation.External;
        weight.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "w.bin" });
        ModelFile.Save(tiny.Proto, folder.Path("tiny.onnx"));
        var checkpoint = Checkpoint.Open(folder.Path("tiny.onnx"));
        var graph = LayerTracer.Trace(checkpoint, new TraceOptions());
        Assert.Equal(GraphText.Tidy(TwoLayers), GraphText.Of(graph));
        TracedRun.Runs(checkpoint, graph);
    }

    [Fact]
    public void outputs_may_be_activations_already() => TracedRun.Holds(Mlp().Output("a").Output("h"), TwoLayers);

    [Fact]
    public void several_inputs_feed_branches() => TracedRun.Holds(
        new TinyModel(13).Input("x", [null, 4]).Input("z", [null, 2]).Weight("w", 4, 6).Weight("u", 2, 6).Weight("v", 6, 3)
            .Node("MatMul", "x w", "p")
                .Node("MatMul", "z u", "q")
                .Node("Add", "p q", "s")
                .Node("Relu", "s", "a")
                .Node("MatMul", "a v", "y")
                .Output("y"), """
        MatMul - p [B C6] n=6 m=6 (w)
        MatMul Relu a [B C6] n=6 m=6 (u)
        MatMul - y [B C3] n=3 m=3 (v)
        0=1 1>2
        """);

    [Fact]
    public void the_input_is_a_layer_where_it_is_asked_for() => TracedRun.Holds(Mlp(), """
        Input - x [B C4] n=4 m=4
        Gemm Relu a [B C6] n=6 m=6 (w +b)
        Gemm - y [B C3] n=3 m=3 (v +c)
        0>1 1>2
        """, new TraceOptions { IncludeInput = true });

    [Fact]
    public void a_scalar_output_is_no_obstacle() => TracedRun.Holds(
        Mlp().Node("ReduceMean", "y", "loss", AttributeProto.Of("keepdims", 0)).Output("loss"), TwoLayers);

    [Fact]
    public void free_dimensions_take_the_sizes_given()
    {
        var tiny = new TinyModel(13)
            .Input("x", [null, 7, 4])
            .Weight("w", 4, 6)
            .Node("MatMul", "x w", "h")
            .Node("Relu", "h", "y")
            .Output("y");
        tiny.Proto.Graph.Input[0].Type.TensorType.Shape.Dim[1] = new TensorShapeProto.Types.Dimension { DimParam = "T" };
        var options = new TraceOptions { Dimensions = TraceOptionsWith("T", 9) };
        TracedRun.Holds(tiny, "MatMul Relu y [B S9 C6] n=6 m=6 (w)", options);
    }

    [Fact]
    public void an_operator_nobody_knows_is_passed_by_data_flow_with_a_warning()
    {
        var tiny = Mlp();
        tiny.Proto.Graph.Node[^1].Input[0] = "g";
        tiny.Node("my.domain::Gate", "a", "g");
        tiny.Proto.Graph.Node[^1].Name = "gate";
        tiny.Proto.Graph.ValueInfo.Add(new ValueInfoProto
        {
            Name = "g",
            Type = new TypeProto
            {
                TensorType = new TypeProto.Types.Tensor
                {
                    ElemType = 1,
                    Shape = new TensorShapeProto
                    {
                        Dim = { new TensorShapeProto.Types.Dimension { DimParam = "N" },
                new TensorShapeProto.Types.Dimension { DimValue = 6 } }
                    }
                }
            },
        });
        var graph = TracedRun.OnlyTraces(tiny.Proto);
        Assert.Equal(GraphText.Tidy(TwoLayers), GraphText.Of(graph));
        Assert.Equal(
            [
                "gate: operator my.domain::Gate is not known: what follows is taken to be fed by everything it reads",
                "g: the shape of this tensor is what the file declares, unchecked: it follows only from a run of the model",
            ],
            graph.Diagnostics.Select(diagnostic => $"{diagnostic}"));
    }

    [Fact]
    public void a_weight_that_two_layers_share_counts_once()
    {
        var tiny = new TinyModel(13)
            .Input("x", [null, 6])
            .Weight("w", 6, 6)
            .Node("MatMul", "x w", "h")
            .Node("Relu", "h", "a")
            .Node("MatMul", "a w", "y")
            .Output("y");
        var graph = TracedRun.Holds(tiny, """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul - y [B C6] n=6 m=6 (w)
            0>1
            """);
        Assert.Equal(36, graph.Parameters.Sum(parameter => parameter.Count));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void a_weight_stored_again_counts_once_also_transposed(bool isTransposed)
    {
        var values = Quarters(24, 5);
        double[] copy = isTransposed ? [.. Enumerable.Range(0, 24).Select(i => values[i % 4 * 6 + i / 4])] : values;
        var tiny = new TinyModel(13)
            .Input("x", [null, 4])
            .Initializer("w", [4, 6], values)
            .Initializer("v", isTransposed ? [6, 4] : [4, 6], copy)
            .Node("MatMul", "x w", "h")
                .Node("Relu", "h", "a")
                .Node("Gemm", "a v", "y", AttributeProto.Of("transB", isTransposed ? 0 : 1))
                .Output("y");
        var graph = TracedRun.Traces(tiny.Proto);
        Assert.Equal(["w", "w"], graph.Layers.Select(layer => layer.Parameters[0].Original));
        Assert.Equal(24, graph.Parameters.Sum(parameter => parameter.Count));
    }

    [Fact]
    public void a_weight_with_the_same_values_in_another_order_is_another()
    {
        var values = Quarters(24, 5);
        var tiny = new TinyModel(13).Input("x", [null, 4]).Initializer("w", [4, 6], values).Initializer("v", [6, 4], values)
            .Node("MatMul", "x w", "h").Node("Relu", "h", "a").Node("MatMul", "a v", "y").Output("y");
        Assert.Equal(48, TracedRun.Traces(tiny.Proto).Parameters.Sum(parameter => parameter.Count));
    }

    [Fact]
    public void biases_and_scales_that_happen_to_be_alike_each_count()
    {
        var zeros = new double[20];
        var tiny = new TinyModel(13)
            .Input("x", [null, 20])
            .Weight("w", 20, 20)
            .Weight("v", 20, 20)
            .Initializer("b", [20], zeros)
            .Initializer("c", [20], zeros)
            .Node("Gemm", "x w b", "h").Node("Relu", "h", "a").Node("Gemm", "a v c", "y").Output("y");
        Assert.Equal(840, TracedRun.Traces(tiny.Proto).Parameters.Sum(parameter => parameter.Count));
    }

    [Fact]
    public void a_tensor_that_two_nodes_write_is_refused_with_its_name()
    {
        var tiny = Mlp().Node("Tanh", "h", "a");
        var e = Assert.Throws<UserException>(() => TracedRun.OnlyTraces(tiny.Proto));
        Assert.Equal("tiny.onnx: two nodes write the tensor 'a'; the file is damaged", e.Message);
    }

    private static System.Collections.Immutable.ImmutableDictionary<string, int> TraceOptionsWith(string name, int size) =>
        System.Collections.Immutable.ImmutableDictionary<string, int>.Empty.Add(name, size);

    private static TinyModel Mlp(int opset = 13, int ir = 7, int? batch = null, DataType type = DataType.Float) =>
        new TinyModel(opset, ir).Input("x", [batch, 4], type)
        .Initializer("w", [4, 6], Quarters(24, 1), type).Initializer("b", [6], Quarters(6, 2), type)
        .Initializer("v", [6, 3], Quarters(18, 3), type).Initializer("c", [3], Quarters(3, 4), type)
        .Node("Gemm", "x w b", "h").Node("Relu", "h", "a").Node("Gemm", "a v c", "y").Output("y", null, type);
}
