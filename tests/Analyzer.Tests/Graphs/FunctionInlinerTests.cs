using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Settings;
using Emergence.Tracing.Rewriting;
using Emergence.Tracing.Values;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using static Onnx.AttributeProto.Types;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>Model-local functions: the layers inside are found, and the model computes what it did.</summary>
public class FunctionInlinerTests
{
    private const string TwoLayers = """
        Gemm LeakyRelu a [B C6] n=6 m=6 (w +b)
        Gemm LeakyRelu y [B C3] n=3 m=3 (v +c)
        0>1
        """;

    [Fact]
    public void a_function_is_inlined_at_every_call()
    {
        var tiny = Calls("local::Dense", "local::Dense");
        tiny.Proto.Functions.Add(Function("Dense", "x w b", "y", Node("Gemm", "x w b", "h"), Node("LeakyRelu", "h", "y")));
        TracedRun.Holds(tiny, TwoLayers);
        ComputesTheSame(tiny.Proto);
    }

    [Fact]
    public void nested_functions_are_inlined_and_inner_names_may_be_those_of_the_graph()
    {
        var tiny = Calls("local::Outer", "local::Outer");
        tiny.Proto.Functions.Add(Function("Outer", "a w x", "y", Node("Gemm", "a w x", "b"), Node("local::Inner", "b", "y")));
        tiny.Proto.Functions.Add(Function("Inner", "v", "a", Node("Identity", "v", "w"), Node("LeakyRelu", "w", "a")));
        TracedRun.Holds(tiny, TwoLayers);
        ComputesTheSame(tiny.Proto);
    }

    [Fact]
    public void attributes_come_from_the_call_else_from_the_default_else_from_the_operator()
    {
        var tiny = Calls("local::Dense", "local::Dense", AttributeProto.Of("slope", 0.5f));
        var leaky = Node("LeakyRelu", "h", "y");
        leaky.Attribute.Add(new AttributeProto { Name = "alpha", RefAttrName = "slope", Type = AttributeType.Float });
        var gemm = Node("Gemm", "x w b", "h");
        gemm.Attribute.Add(new AttributeProto { Name = "beta", RefAttrName = "beta", Type = AttributeType.Float });
        var function = Function("Dense", "x w b", "y", gemm, leaky);
        function.AttributeProto.Add(AttributeProto.Of("slope", 0.25f));
        function.Attribute.Add("beta");
        tiny.Proto.Functions.Add(function);

        TracedRun.Holds(tiny, TwoLayers);
        ComputesTheSame(tiny.Proto);
        var slopes = FunctionInliner.Apply(tiny.Proto).Model.Graph.Node.Where(node => node.OpType == "LeakyRelu")
            .Select(node => node.Attribute.Single().F);
        Assert.Equal([0.5f, 0.25f], slopes);
    }

    [Fact]
    public void a_graph_inside_a_function_sees_the_functions_values()
    {
        GraphProto Branch(string op)
        {
            var graph = new GraphProto { Name = op, Node = { Node(op, "h", "t"), Node("Neg", "t", "h2") } };
            graph.Output.Add(
                new ValueInfoProto
                {
                    Name = "h2",
                    Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = 1 } }
                });
            return graph;
        }
        var tiny = Calls("local::Dense", "local::Dense");
        var choose = Node("If", "c", "y");
        choose.Attribute.Add(
            [AttributeProto.Of("then_branch", Branch("Relu")), AttributeProto.Of("else_branch", Branch("Tanh"))]);
        tiny.Proto.Functions.Add(
            Function("Dense", "x w b", "y", Node("Gemm", "x w b", "h"),
            Node("ReduceMax", "h", "m", AttributeProto.Of("keepdims", 0)),
            Node("Cast", "m", "c", AttributeProto.Of("to", (int)DataType.Bool)), choose));
        ComputesTheSame(tiny.Proto);
    }

    [Fact]
    public void a_function_may_return_its_argument_and_leave_an_output_unused()
    {
        var tiny = new TinyModel(17, 8)
            .Input("x", [null, 4])
            .Weight("w", 4, 6)
            .Node("local::Two", "x w", "same h")
            .Node("Relu", "h", "y")
            .Output("y")
            .Output("same");
        tiny.Proto.Functions.Add(Function("Two", "x w", "x y", Node("MatMul", "x w", "y")));
        TracedRun.Holds(tiny, "MatMul Relu y [B C6] n=6 m=6 (w)");
    }

    [Fact]
    public void the_functions_operator_sets_are_imported_and_its_own_domain_no_more()
    {
        var tiny = Calls("local::Dense", "local::Dense");
        var function = Function("Dense", "x w b", "y", Node("com.microsoft::FusedGemm", "x w b", "y"));
        function.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 });
        tiny.Proto.Functions.Add(function);
        var (model, modified) = FunctionInliner.Apply(tiny.Proto);
        Assert.True(modified);
        Assert.Equal(["", "com.microsoft"], model.OpsetImport.Select(import => import.Domain));
        Assert.Empty(model.Functions);
        Assert.Single(tiny.Proto.Functions);
    }

    [Fact]
    public void a_model_without_functions_stays_as_it_is()
    {
        var model = new TinyModel(17).Input("x", [null, 4]).Node("Relu", "x", "y").Output("y").Proto;
        Assert.Same(model, FunctionInliner.Apply(model).Model);
        Assert.False(FunctionInliner.Apply(model).Modified);
    }

    [Fact]
    public void a_function_that_calls_itself_is_refused()
    {
        var tiny = Calls("local::A", "local::B");
        tiny.Proto.Functions.Add(Function("A", "x w b", "y", Node("local::B", "x w b", "y")));
        tiny.Proto.Functions.Add(Function("B", "x w b", "y", Node("local::A", "x w b", "y")));
        Assert.Equal("the local function 'A' calls itself; the file is damaged",
            Assert.Throws<TraceException>(() => FunctionInliner.Apply(tiny.Proto)).Message);
    }

    [Fact]
    public void functions_that_unfold_without_end_are_refused()
    {
        var tiny = Calls("local::F30", "local::F30");
        for (var i = 30; i > 0; i--)
            tiny.Proto.Functions.Add(
                Function($"F{i}", "x w b", "y", Node($"local::F{i - 1}", "x w b", "t"), Node($"local::F{i - 1}", "t w b", "y")));
        Assert.StartsWith("its local functions unfold to more than",
            Assert.Throws<TraceException>(() => FunctionInliner.Apply(tiny.Proto)).Message, StringComparison.Ordinal);
    }

    /// <summary>Runs a model with its functions and without, and compares bit for bit.</summary>
    private static void ComputesTheSame(ModelProto model) => Assert.Equal(Run(model), Run(FunctionInliner.Apply(model).Model));

    private static byte[] Run(ModelProto model)
    {
        using var session = SessionFactory.Create(new AnalysisSettings { Device = Device.Cpu, Optimization = Optimization.None })
            .Open(model, "tiny.onnx");
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory([.. TinyModel.Quarters(8, 3).Select(q => (float)q)], [2, 4]);
        using var outputs = session.Run(options, ["x"], [input], [model.Graph.Output[0].Name]);
        return outputs[0].GetTensorMutableRawData().ToArray();
    }

    private static TinyModel Calls(string first, string second, params AttributeProto[] attributes) =>
        new TinyModel(17, 8).Input("x", [null, 4])
        .Weight("w", 4, 6)
            .Weight("b", 6)
            .Weight("v", 6, 3)
            .Weight("c", 3)
            .Node(first, "x w b", "a", attributes)
            .Node(second, "a v c", "y")
            .Output("y");

    private static FunctionProto Function(string name, string inputs, string outputs, params NodeProto[] nodes)
    {
        var function = new FunctionProto
        {
            Name = name,
            Domain = "local",
            Input = { inputs.Split(' ') },
            Output = { outputs.Split(' ') },
            Node = { nodes }
        };
        function.OpsetImport.Add(
            [new OperatorSetIdProto { Version = 17 }, new OperatorSetIdProto { Domain = "local", Version = 1 }]);
        return function;
    }

    private static NodeProto Node(string op, string inputs, string outputs, params AttributeProto[] attributes) =>
        new TinyModel(17).Node(op, inputs, outputs, attributes).Proto.Graph.Node[0];
}
