using Emergence.Checkpoints;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Instrumentation;

/// <summary>What a file declares of tensors that are computed is a claim, on which no number rests.</summary>
public class DeclaredShapesTests
{
    /// <summary>Ways to say that two rows are what a batch of any size is.</summary>
    private static readonly Dictionary<string, Action<ModelProto>> Claims = new()
    {
        ["nothing"] = _ => { },
        ["an inner tensor"] = model => model.Graph.ValueInfo.Add(Claim("h", 2, 4)),
        ["an inner tensor by another size"] = model => model.Graph.ValueInfo.Add(Claim("r", 1, 4)),
        ["an output"] = model => model.Graph.Output[0].Type = Claim("y", 2, 3).Type,
        ["an output inside"] = model => model.Graph.Output.Add(Claim("r", 8, 4)),
        ["all of them"] = model =>
        {
            model.Graph.ValueInfo.Add([Claim("h", 1, 4), Claim("r", 1, 4)]);
            model.Graph.Output[0].Type = Claim("y", 1, 3).Type;
        },
        ["a body"] = model =>
        {
            // The second layer reads what a branch gives, which claims one row.
            var branch = new GraphProto
            {
                Name = "b",
                Node = { new NodeProto { OpType = "Identity", Input = { "r" }, Output = { "o" } } },
                Output = { Claim("o", 1, 4) }
            };
            model.Graph.Node[2].Input[0] = "branched";
            model.Graph.Node.Insert(2, new NodeProto
            {
                OpType = "If",
                Input = { "any" },
                Output = { "branched" },
                Attribute = { AttributeProto.Of("then_branch", branch), AttributeProto.Of("else_branch", branch.Clone()) },
            });
            // Nothing here depends on the samples, so that they run together.
            model.Graph.Node.Insert(0, new NodeProto { OpType = "Size", Input = { "x" }, Output = { "size" } });
            model.Graph.Node.Insert(1,
                new NodeProto
                {
                    OpType = "Cast",
                    Input = { "size" },
                    Output = { "any" },
                    Attribute = { AttributeProto.Of("to", (long)DataType.Bool) }
                });
        },
    };

    public static TheoryData<string> Names => [.. Claims.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task no_number_rests_on_them(string name)
    {
        var expected = WholeAnalysis.Numbers(
            await WholeAnalysis.Of(Model(), new ProbeOptions { Samples = 8 }, WholeAnalysis.OnCpu with { Batch = 1 }));
        var model = Model();
        Claims[name](model.Proto);
        foreach (var optimization in new[] { Optimization.Default, Optimization.None })
        {
            var settings = WholeAnalysis.OnCpu with { Batch = 8, Optimization = optimization };
            Assert.Equal(expected,
                WholeAnalysis.Numbers(await WholeAnalysis.Of(model, new ProbeOptions { Samples = 8 }, settings)));
        }
    }

    [Fact]
    public void types_stay_and_the_model_given_is_not_changed()
    {
        var model = Model().Proto;
        Claims["all of them"](model);
        Claims["a body"](model);
        var before = model.Clone();
        var dropped = DeclaredShapes.Drop(model);
        Assert.Equal(before, model);
        Assert.Empty(dropped.Graph.ValueInfo);
        Assert.Equal((int)DataType.Float, dropped.Graph.Output[0].Type.TensorType.ElemType);
        Assert.Null(dropped.Graph.Output[0].Type.TensorType.Shape);
        // Scan wants to know how many axes the results of its body have.
        var body = dropped.Graph.Node.Single(node => node.OpType == "If").Attribute[0].G.Output[0].Type.TensorType.Shape;
        Assert.Equal([false, false], body.Dim.Select(dim => dim.HasDimValue || dim.HasDimParam));
        Assert.Equal(model.Graph.Input, dropped.Graph.Input);
        Assert.Same(dropped, DeclaredShapes.Drop(dropped));
    }

    [Fact]
    public void sequences_and_functions_lose_theirs_too()
    {
        var model = Model().Proto;
        model.Graph.Output[0].Type = new TypeProto { SequenceType = new() { ElemType = Claim("y", 1, 3).Type } };
        model.Functions.Add(new FunctionProto { Name = "F", ValueInfo = { Claim("h", 1, 4) } });
        var dropped = DeclaredShapes.Drop(model);
        Assert.Null(dropped.Graph.Output[0].Type.SequenceType.ElemType.TensorType.Shape);
        Assert.Empty(dropped.Functions[0].ValueInfo);
    }

    private static TinyModel Model() => new TinyModel(17, 9).Declared("x", "batch 4").Weight("w", 4, 4).Weight("v", 4, 3)
        .Node("MatMul", "x w", "h").Node("Relu", "h", "r").Node("MatMul", "r v", "y").Output("y");

    private static ValueInfoProto Claim(string name, params long[] shape)
    {
        var type = new TypeProto.Types.Tensor { ElemType = (int)DataType.Float, Shape = new TensorShapeProto() };
        foreach (var size in shape)
            type.Shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = size });
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = type } };
    }
}
