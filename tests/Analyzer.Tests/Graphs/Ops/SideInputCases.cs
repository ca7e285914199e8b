using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>Inputs that usually are constants and here are computed: what follows is fed by them too.</summary>
public class SideInputCases
{
    /// <summary>From <c>a</c> and <c>s</c>, [1, 6] each, of layers 0 and 1, to <c>t</c>, [1, 6].</summary>
    private static readonly Dictionary<string, Func<TinyModel, TinyModel>> Cases = new()
    {
        ["slope of PRelu"] = model => model.Node("PRelu", "a s", "t"),
        ["condition of Where"] = model =>
            model.Scalar("k", 0.25).Scalar("zero", 0).Node("Greater", "s k", "c").Node("Where", "c a zero", "t"),
        ["upper bound of Clip"] = model =>
            model.Node("ReduceMax", "s", "m", AttributeProto.Of("keepdims", 0)).Node("Clip", "a  m", "t"),
        ["lower bound of Clip"] = model =>
            model.Node("ReduceMin", "s", "m", AttributeProto.Of("keepdims", 0)).Node("Clip", "a m", "t"),
        ["updates of a Scatter"] = model => model.Initializer("i", [1, 6], [5, 4, 3, 2, 1, 0], DataType.Int64)
            .Node("ScatterElements", "a i s", "t", AttributeProto.Of("axis", 1)),
        ["scale of a layer normalization"] = model =>
            model.Longs("axis", 0).Node("Squeeze", "s axis", "gain").Node("LayerNormalization", "a gain", "t"),
        ["value of Pad"] = model =>
            model.Node("ReduceMax", "s", "m", AttributeProto.Of("keepdims", 0))
                .Longs("p", 0, 1, 0, 0)
                .Longs("from", 0)
                .Longs("to", 6)
            .Longs("axis", 1).Node("Pad", "a p m", "q").Node("Slice", "q from to axis", "t"),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void what_follows_is_fed_by_both(string name)
    {
        var graph = TracedRun.Traces(Cases[name](TwoBranches()).Weight("u", 6, 3).Node("MatMul", "t u", "y").Output("y").Proto);
        Assert.Equal(["0>2", "1>2"], graph.Edges.Select(GraphText.EdgeText));
        Assert.DoesNotContain(graph.Diagnostics, diagnostic => diagnostic.Severity == Severity.Warning);
    }

    /// <summary>A network that sums messages: the data that are written into are zeros.</summary>
    [Theory]
    [InlineData("ScatterElements")]
    [InlineData("ScatterND")]
    public void writing_into_constants_is_no_constant(string op)
    {
        var tiny = new TinyModel(16)
            .Input("x", [4, 5], batchAxis: -1)
            .Weight("w", 5, 6)
            .Node("MatMul", "x w", "h")
            .Node("Relu", "h", "a")
            .Initializer("zeros", [4, 6], new double[24]);
        tiny = op == "ScatterND"
            ? tiny.Initializer("i", [4, 1], [2, 1, 0, 0], DataType.Int64)
                .Node("ScatterND", "zeros i a", "t", AttributeProto.Of("reduction", "add"))
            : tiny.Initializer("i", [4, 6], Enumerable.Range(0, 24).Select(i => (double)(i / 6 % 3)), DataType.Int64)
                .Node("ScatterElements", "zeros i a", "t", AttributeProto.Of("reduction", "add"));
        var graph = TracedRun.OnlyTraces(tiny.Weight("u", 6, 3).Node("MatMul", "t u", "y").Output("y").Proto);
        Assert.Equal(["0>1"], graph.Edges.Select(GraphText.EdgeText));
        Assert.Equal(0, graph.UntracedParameters);
    }

    [Fact]
    public void a_step_by_Where_between_constants_keeps_the_edge() => TracedRun.Holds(
        new TinyModel(13)
            .Input("x", [null, 4])
            .Weight("w", 4, 6)
            .Node("MatMul", "x w", "h")
            .Scalar("k", 0.25)
            .Scalar("one", 1)
            .Scalar("zero", 0)
            .Node("Greater", "h k", "c")
                .Node("Where", "c one zero", "t")
                .Weight("u", 6, 3)
                .Node("MatMul", "t u", "y")
                .Output("y"), """
        MatMul Where h [B C6] n=6 m=6 (w)
        MatMul - y [B C3] n=3 m=3 (u)
        0>1
        """);

    [Fact]
    public void offsets_of_a_deformable_convolution_feed_it() => TracedRun.Holds(
        new TinyModel(19).Input("x", [null, 2, 4, 4]).Weight("w", 8, 2, 1, 1).Node("Conv", "x w", "o").Weight("v", 3, 2, 2, 2)
            .Node("DeformConv", "x v o", "y", AttributeProto.Of("kernel_shape", [2, 2]), AttributeProto.Of("pads", [0, 0, 1, 1]))
                .Output("y"), """
        Conv - o [B C8 P4 P4] n=128 m=8 (w)
        DeformConv - y [B C3 P4 P4] n=48 m=3 (v)
        0>1
        """);

    /// <summary>An operator that adds a computed bias itself is an Add behind it: the same nodes meet.</summary>
    [Fact]
    public void a_computed_bias_meets_the_nodes_that_an_Add_would_bring_together()
    {
        TinyModel Start() =>
            new TinyModel(13).Input("x", [1, 2, 3, 3], batchAxis: -1).Weight("w", 4, 2, 1, 1).Node("Conv", "x w", "a")
            .Node("Flatten", "x", "f").Weight("v", 18, 5).Node("MatMul", "f v", "b").Weight("u", 5, 4, 1, 1);
        var fused = Start().Longs("five", 5).Node("Reshape", "b five", "bias").Node("Conv", "a u bias", "y").Output("y");
        var parts = Start()
            .Longs("five", 1, 5, 1, 1)
            .Node("Reshape", "b five", "bias")
            .Node("Conv", "a u", "c")
            .Node("Add", "c bias", "y")
            .Output("y");
        var (one, other) = (TracedRun.Traces(fused.Proto), TracedRun.Traces(parts.Proto));
        Assert.Equal(["0>2", "1=2"], one.Edges.Select(GraphText.EdgeText));
        Assert.Equal(other.Edges, one.Edges);
        var map = Assert.Single(one.Counterparts).Value;
        var expected = Assert.Single(other.Counterparts).Value;
        for (var node = 0; node < 5; node++)
        {
            Assert.Equal(9, map[node].Length);
            Assert.Equal(expected[node].ToArray(), map[node].ToArray());
        }
    }

    private static TinyModel TwoBranches() => new TinyModel(17).Input("x", [1, 4])
        .Weight("w", 4, 6).Node("MatMul", "x w", "h").Node("Relu", "h", "a")
        .Weight("v", 4, 6).Node("MatMul", "x v", "g").Node("Relu", "g", "s");
}
