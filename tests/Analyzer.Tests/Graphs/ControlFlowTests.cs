using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>
/// If, Loop and Scan: a constant branch is brought to the main graph, bodies have layers, and of what does not fit a warning
/// says how much it hides.
/// </summary>
public class ControlFlowTests
{
    [Theory]
    [InlineData(1, "MatMul Relu y [B C3] n=3 m=3 (If/v)")]
    [InlineData(0, "MatMul Tanh y [B C3] n=3 m=3 (If/v)")]
    public void an_if_with_a_stored_condition_is_the_branch_it_takes(double condition, string second)
    {
        var tiny = Dense()
            .Initializer("c", [], [condition], DataType.Bool)
            .Node("If", "c", "chosen", Branches("Relu", "Tanh"))
            .Node("Identity", "chosen", "y")
            .Output("y");
        TracedRun.Holds(tiny, $"""
            MatMul Relu a [B C6] n=6 m=6 (w)
            {second.Replace(" y ", " If/t ", StringComparison.Ordinal)}
            0>1
            """);
    }

    [Fact]
    public void a_condition_computed_from_stored_tensors_is_constant_too()
    {
        var tiny = Dense()
            .Longs("shape", 3, 4)
            .Longs("three", 3, 3)
            .Node("Equal", "shape three", "e")
            .Longs("zero", 0)
            .Node("Gather", "e zero", "e0")
            .Node("Squeeze", "e0", "c").Node("If", "c", "y", Branches("Relu", "Tanh")).Output("y");
        TracedRun.Holds(tiny, """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul Relu If/t [B C3] n=3 m=3 (If/v)
            0>1
            """);
    }

    [Fact]
    public void an_if_within_the_branch_taken_is_inlined_too()
    {
        var inner = new GraphProto
        {
            Name = "inner",
            Node = { new NodeProto { OpType = "If", Input = { "c" }, Output = { "out" },
            Attribute = { Branches("Relu", "Tanh") } } }
        };
        inner.Output.Add(Value("out"));
        var other = new GraphProto
        {
            Name = "other",
            Node = { new NodeProto { OpType = "Identity", Input = { "a" }, Output = { "out" } } }
        };
        other.Output.Add(Value("out"));
        var tiny = Dense().Initializer("c", [], [1], DataType.Bool)
            .Node("If", "c", "y", AttributeProto.Of("then_branch", inner), AttributeProto.Of("else_branch", other)).Output("y");
        TracedRun.Holds(tiny, """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul Relu If/If/t [B C3] n=3 m=3 (If/If/v)
            0>1
            """);
    }

    [Fact]
    public void an_if_that_depends_on_the_data_has_the_layers_of_both_branches()
    {
        var tiny = Dense()
            .Node("ReduceMax", "a", "m", AttributeProto.Of("keepdims", 0))
            .Node("Cast", "m", "c", AttributeProto.Of("to", 9))
            .Node("If", "c", "h", Branches("Relu", "Tanh")).Weight("u", 3, 2).Node("MatMul", "h u", "y").Output("y", [null, 2]);
        tiny.Proto.Graph.Node[^2].Name = "choose";
        var graph = TracedRun.OnlyTraces(tiny.Proto);
        // What decides the branch has a part in the result, as the condition of a Where has.
        Assert.Equal(GraphText.Tidy("""
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul Relu choose/then/t [B C3] n=3 m=3 (choose/then/v)
            MatMul Tanh choose/else/t [B C3] n=3 m=3 (choose/else/v)
            MatMul - y [B C2] n=2 m=2 (u)
            0>1 0>2 0>3 1>3 2>3
            """), GraphText.Of(graph));
        Assert.Empty(graph.Diagnostics);
        Assert.Equal(0, graph.UntracedParameters);
    }

    [Theory]
    [InlineData("Scan", """
        MatMul - h [B C3] n=3 m=3 (w)
        MatMul - loop/next [C3] n=3 m=3 (loop/r +start)
        MatMul - y [B C2] n=2 m=2 (u)
        0=1 1>2
        """)]
    [InlineData("Loop", """
        MatMul - h [B C3] n=3 m=3 (w)
        MatMul - loop/next [B C3] n=3 m=3 (loop/r)
        MatMul - y [B C2] n=2 m=2 (u)
        0>1 1>2
        """)]
    public void a_loop_has_the_layers_of_one_iteration(string op, string expected)
    {
        var graph = TracedRun.OnlyTraces(Looped(op).Proto);
        Assert.Equal(GraphText.Tidy(expected), GraphText.Of(graph));
        Assert.Empty(graph.Diagnostics);
        Assert.Equal(0, graph.UntracedParameters);
    }

    [Fact]
    public void what_the_number_of_the_iteration_picks_outside_is_what_a_scan_steps_through()
    {
        var body = new GraphProto { Name = "body", Initializer = { TensorValues.FromFloats("r", [3, 3], new float[9]) } };
        body.Input.Add([Value("i", DataType.Int64), Value("go", DataType.Bool), Value("state", 3, 3)]);
        body.Node.Add([
            Node("Gather", "h i", "in"), Node("MatMul", "state r", "s"), Node("Add", "in s", "e"), Node("Tanh", "e", "next"),
            Node("Identity", "go", "on"), Node("Identity", "next", "out"),
        ]);
        body.Output.Add([Value("on", DataType.Bool), Value("next", 3, 3), Value("out", 3, 3)]);
        var tiny = new TinyModel(13).Input("x", [null, 2, 4]).Weight("w", 4, 3).Node("MatMul", "x w", "h0")
            .Node("Transpose", "h0", "h", AttributeProto.Of("perm", [1L, 0, 2])).Weight("start", 1, 3)
            .Initializer("times", [], [2], DataType.Int64).Initializer("yes", [], [1], DataType.Bool)
            .Node("Loop", "times yes start", "last steps", AttributeProto.Of("body", body));
        tiny.Proto.Graph.Node[^1].Name = "loop";
        tiny.Weight("u", 3, 2).Node("MatMul", "last u", "y").Output("y");
        var graph = TracedRun.OnlyTraces(tiny.Proto);
        Assert.Equal(GraphText.Tidy("""
            MatMul - h0 [B S2 C3] n=3 m=3 (w)
            MatMul Tanh loop/next [B C3] n=3 m=3 (loop/r +start)
            MatMul - y [B C2] n=2 m=2 (u)
            0=1 1>2
            """), GraphText.Of(graph));
        Assert.Empty(graph.Diagnostics);
    }

    [Theory]
    [InlineData("Scan")]
    [InlineData("Loop")]
    public void a_body_that_does_not_fit_its_node_hides_its_parameters_with_a_warning(string op)
    {
        var tiny = Looped(op);
        tiny.Proto.Graph.Node.Single(node => node.OpType == op).SubGraphs().Single().Input.RemoveAt(0);
        var graph = TracedRun.OnlyTraces(tiny.Proto);
        Assert.Equal(GraphText.Tidy("""
            MatMul - h [B C3] n=3 m=3 (w)
            MatMul - y [S5 C2] n=2 m=2 (u)
            0>1
            """), GraphText.Of(graph));
        Assert.Contains(
            $"loop: the body of this {op} cannot be read from outside: 9 parameters in it are not analyzed",
            graph.Diagnostics.Select(diagnostic => $"{diagnostic}"));
        Assert.Equal(9, graph.UntracedParameters);
    }

    private static TinyModel Looped(string op)
    {
        var body = new GraphProto { Name = "body", Initializer = { TensorValues.FromFloats("r", [3, 3], new float[9]) } };
        var tiny = new TinyModel(13).Input("x", [5, 4]).Weight("w", 4, 3).Node("MatMul", "x w", "h");
        if (op == "Scan")
        {
            body.Input.Add([Value("state", 3), Value("in", 3)]);
            body.Node.Add([Node("MatMul", "state r", "s"), Node("Add", "s in", "next"), Node("Identity", "next", "out")]);
            body.Output.Add([Value("next", 3), Value("out", 3)]);
            tiny.Weight("start", 3)
                .Node("Scan", "start h", "last steps", AttributeProto.Of("body", body), AttributeProto.Of("num_scan_inputs", 1));
        }
        else
        {
            body.Input.Add([Value("i", DataType.Int64), Value("go", DataType.Bool), Value("state", 5, 3)]);
            body.Node.Add([Node("MatMul", "state r", "next"), Node("Identity", "go", "on")]);
            body.Output.Add([Value("on", DataType.Bool), Value("next", 5, 3)]);
            tiny.Initializer("times", [], [2], DataType.Int64).Initializer("yes", [], [1], DataType.Bool)
                .Node("Loop", "times yes h", "steps", AttributeProto.Of("body", body));
        }
        tiny.Proto.Graph.Node[^1].Name = "loop";
        tiny.Proto.Graph.ValueInfo.Add(Value("steps", 5, 3));
        return tiny.Weight("u", 3, 2).Node("MatMul", "steps u", "y").Output("y");
    }

    private static TinyModel Dense() =>
        new TinyModel(13).Input("x", [null, 4]).Weight("w", 4, 6).Node("MatMul", "x w", "h0").Node("Relu", "h0", "a");

    private static AttributeProto[] Branches(string yes, string no) =>
        [AttributeProto.Of("then_branch", Branch(yes)), AttributeProto.Of("else_branch", Branch(no))];

    /// <summary>A dense layer from a to 3 nodes.</summary>
    private static GraphProto Branch(string op)
    {
        var graph = new GraphProto
        {
            Name = op,
            Initializer = { TensorValues.FromFloats("v", [6, 3], [.. TinyModel.Quarters(18, 5).Select(q => (float)q)]) }
        };
        graph.Node.Add([Node("MatMul", "a v", "p"), Node(op, "p", "t")]);
        graph.Output.Add(Value("t"));
        return graph;
    }

    private static NodeProto Node(string op, string inputs, string output) =>
        new() { OpType = op, Input = { inputs.Split(' ') }, Output = { output } };

    private static ValueInfoProto Value(string name, params long[] dims) =>
        Value(name, DataType.Float, dims.Length == 0 ? null : dims);

    private static ValueInfoProto Value(string name, DataType type, long[]? dims = null)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)type };
        if (dims is not null || type != DataType.Float)
            tensor.Shape = new TensorShapeProto
            {
                Dim =
                { (dims ?? []).Select(dim => new TensorShapeProto.Types.Dimension { DimValue = dim }) }
            };
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }
}
