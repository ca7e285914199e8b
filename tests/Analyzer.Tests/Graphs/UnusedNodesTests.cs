using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Tracing;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>What reaches no output has no part in any number: it opens no layer, owns no merge and closes no reading.</summary>
public class UnusedNodesTests
{
    private const string Network = """
        MatMul Relu a [B C6] n=6 m=6 (w)
        MatMul Relu b [B C6] n=6 m=6 (v)
        MatMul - y [B C3] n=3 m=3 (u)
        0>1 1>2
        """;

    /// <summary>The layer from a to p, with something beside it of which nobody uses the result.</summary>
    private static readonly Dictionary<string, (int Unused, Func<TinyModel, TinyModel> Spell)> Cases = new()
    {
        ["a product"] = (1, model => model.Node("MatMul", "a t", "d").Node("MatMul", "a v", "p")),
        ["three layers"] = (3, model => model.Node("MatMul", "a t", "d").Node("Relu", "d", "e").Node("MatMul", "e t", "f")
            .Node("MatMul", "f t", "g").Node("MatMul", "a v", "p")),
        // They are one layer, which reaches the output.
        ["the same product in front"] = (0, model => model.Node("MatMul", "a v", "d").Node("MatMul", "a v", "p")),
        ["the same function in front"] = (0, model => model.Node("MatMul", "a v", "p").Node("Relu", "p", "d")),
        ["a merge of two layers"] = (0, model => model.Node("MatMul", "a v", "p").Node("Add", "p a", "d")),
        ["a merge with another layer"] = (1, model => model.Node("MatMul", "a t", "d").Node("MatMul", "a v", "p")
            .Node("Add", "d p", "e")),
        ["a scale"] = (0, model => model.Node("MatMul", "a v", "p").Node("Mul", "p scale", "d")),
        ["a product of which only the shape is asked"] = (1, model => model.Node("MatMul", "a t", "d").Node("Shape", "d", "s")
            .Node("MatMul", "a v", "p0").Node("Reshape", "p0 s", "p")),
        ["a loop"] = (1, model => model.Initializer("times", [], [2], DataType.Int64).Initializer("yes", [], [1], DataType.Bool)
            .Node("Loop", "times yes a", "d", AttributeProto.Of("body", Body())).Node("MatMul", "a v", "p")),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void It_changes_nothing(string name)
    {
        var model = new TinyModel(13).Input("x", [null, 4]).Weight("w", 4, 6).Weight("v", 6, 6).Weight("t", 6, 6)
            .Weight("u", 6, 3).Weight("scale", 6).Node("MatMul", "x w", "h").Node("Relu", "h", "a");
        var (unused, spell) = Cases[name];
        var graph = TracedRun.Holds(spell(model).Node("Relu", "p", "b").Node("MatMul", "b u", "y").Output("y"), Network);
        Assert.Equal(0, graph.UntracedParameters);
        Assert.Equal(unused, graph.Diagnostics.Count(diagnostic =>
            diagnostic.Message == "this MatMul is no layer: it reaches no output of the model"));
    }

    [Fact]
    public void A_model_of_which_nothing_else_is_left_has_no_layer()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Path("shape.onnx");
        ModelFile.Save(new TinyModel(13).Input("x", [null, 4]).Weight("w", 4, 6).Node("MatMul", "x w", "h")
            .Node("Shape", "h", "y").Output("y", type: DataType.Int64).Proto, path);
        Assert.Equal(
            "shape.onnx: no layer found: h: this MatMul is no layer: it reaches no output of the model",
            Assert.Throws<UserException>(() => LayerTracer.Trace(Checkpoint.Open(path), new TraceOptions())).Message);
    }

    /// <summary>A layer from a state to itself.</summary>
    private static GraphProto Body()
    {
        static ValueInfoProto Value(string name, DataType type, params long[] dims) => new()
        {
            Name = name,
            Type = new TypeProto
            {
                TensorType = new TypeProto.Types.Tensor
                {
                    ElemType = (int)type,
                    Shape = new TensorShapeProto
                    {
                        Dim = { dims.Select(dim => new TensorShapeProto.Types.Dimension { DimValue = dim }) },
                    },
                },
            },
        };
        var state = Value("state", DataType.Float);
        var next = Value("next", DataType.Float);
        state.Type.TensorType.Shape = next.Type.TensorType.Shape = null;
        return new GraphProto
        {
            Name = "body",
            Input = { Value("i", DataType.Int64), Value("go", DataType.Bool), state },
            Node =
            {
                new NodeProto { OpType = "MatMul", Input = { "state", "t" }, Output = { "next" } },
                new NodeProto { OpType = "Identity", Input = { "go" }, Output = { "on" } },
            },
            Output = { Value("on", DataType.Bool), next },
        };
    }
}
