using Emergence.Analyzer.Reduction;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Reduction;

/// <summary>What lies inside nodes is reduced too, and what is left loads.</summary>
public class BodiesTests
{
    [Theory]
    [InlineData("Erf", 1)]
    // The output needs a node of its own.
    [InlineData("Exp", 2)]
    public void Of_a_branch_the_nodes_stay_that_the_fault_needs(string op, int left)
    {
        var model = new TinyModel(17).Input("a", [null, 4]).Input("c", [], DataType.Bool).Node("If", "c", "y",
            AttributeProto.Of("then_branch", Branch()), AttributeProto.Of("else_branch", Branch())).Output("y").Proto;
        var reduced = Reduce(model, candidate => candidate.AllNodes().Any(node => node.OpType == op)
            && candidate.Graph.Node.Any(node => node.OpType == "If"));
        Assert.Equal("If", Assert.Single(reduced.Graph.Node).OpType);
        var bodies = reduced.Graph.SelfAndSubGraphs().Skip(1).ToArray();
        Assert.Equal(2, bodies.Length);
        Assert.Equal([1, left], bodies.Select(body => body.Node.Count).Order());
        Assert.Single(reduced.AllNodes(), node => node.OpType == op);
        Assert.Empty(reduced.AllTensors());
    }

    [Fact]
    public void Weights_in_a_branch_become_zero()
    {
        var model = new TinyModel(17).Input("a", [null, 4]).Input("c", [], DataType.Bool).Node("If", "c", "y",
            AttributeProto.Of("then_branch", Branch()), AttributeProto.Of("else_branch", Branch())).Output("y").Proto;
        var reduced = Reduce(model, candidate => candidate.AllNodes().Count(node => node.OpType == "Mul") == 2);
        Assert.Equal(2, reduced.AllTensors().Count());
        Assert.All(reduced.AllTensors(), tensor => Assert.Equal(new byte[16], tensor.RawData.ToByteArray()));
    }

    [Fact]
    public void Of_a_local_function_too_with_its_weights_and_names()
    {
        var function = new FunctionProto { Name = "Secret", Domain = "mine", Input = { "p" }, Output = { "q" } };
        function.OpsetImport.Add(new OperatorSetIdProto { Version = 17 });
        function.Node.Add(new NodeProto
        {
            OpType = "Constant",
            Name = "SecretConstant",
            Output = { "k" },
            Attribute = { new AttributeProto { Name = "value_floats", Type = AttributeProto.Types.AttributeType.Floats,
                Floats = { 1, 2, 3, 4 } } }
        });
        function.Node.Add(Node("Mul", "SecretTensor", "p", "k"));
        function.Node.Add(Node("Erf", "e", "SecretTensor"));
        function.Node.Add(Node("Neg", "q", "e"));
        var model = new TinyModel(17, ir: 8).Input("x", [null, 4]).Node("Secret", "x", "y").Output("y", [null, 4]).Proto;
        model.Graph.Node[0].Domain = "mine";
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "mine", Version = 1 });
        model.Functions.Add(function);

        var needsProduct = Reduce(model, candidate => candidate.AllNodes().Any(node => node.OpType == "Mul"));
        var left = Assert.Single(needsProduct.Functions);
        Assert.Equal("f0", left.Name);
        Assert.Equal(["Constant", "Mul", "Identity"], left.Node.Select(node => node.OpType));
        Assert.Equal([0, 0, 0, 0], left.Node[0].Attribute[0].Floats);
        Assert.DoesNotContain("Secret", needsProduct.ToString(), StringComparison.Ordinal);

        // Without the node that reads it, the constant goes.
        var needsError = Reduce(model, candidate => candidate.AllNodes().Any(node => node.OpType == "Erf"));
        Assert.Equal(["Erf", "Identity"], Assert.Single(needsError.Functions).Node.Select(node => node.OpType));
    }

    /// <summary>−a · w → exp → + a → erf, where a comes from the graph around it.</summary>
    private static GraphProto Branch()
    {
        var graph = new GraphProto
        {
            Name = "branch",
            Node = { Node("Neg", "n", "a"), Node("Mul", "m", "n", "w"), Node("Exp", "e", "m"), Node("Add", "s", "e", "a"),
                Node("Erf", "out", "s") },
        };
        graph.Initializer.Add(new TinyModel(17).Initializer("w", [4], [1, 2, 3, 4]).Proto.Graph.Initializer[0]);
        graph.Output.Add(new ValueInfoProto
        {
            Name = "out",
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)DataType.Float } },
        });
        return graph;
    }

    private static NodeProto Node(string op, string output, params string[] inputs) =>
        new() { OpType = op, Name = op + "Secret", Output = { output }, Input = { inputs } };

    /// <summary>Reduces; every candidate that fails must be a model that the runtime loads.</summary>
    private static ModelProto Reduce(ModelProto model, Func<ModelProto, bool> fails)
    {
        return new ModelReducer(TensorTypes.Declared(model.Graph), candidate =>
        {
            if (!fails(candidate))
                return false;
            using var session = new InferenceSession(ModelFile.Serialize(candidate));
            return true;
        }).Reduce(model);
    }
}
