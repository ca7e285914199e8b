using Emergence.Checkpoints;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Checkpoints;

/// <summary>Names that are free, and graphs that run.</summary>
public sealed class GraphBuilderTests
{
    [Fact]
    public void a_built_model_runs_in_onnx_runtime()
    {
        using var session = new InferenceSession(ModelFile.Serialize(TinyModels.Dense()));
        using var x = OrtValue.CreateTensorValueFromMemory([1f, 2f, -3f, 1f], [2, 2]);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["x"], [x], ["y"]);
        Assert.Equal([5.5f, 0, 0, 3.25f], outputs[0].GetTensorDataAsSpan<float>());
    }

    [Fact]
    public void declared_shapes_and_names_are_what_was_asked_for()
    {
        var model = TinyModels.Dense();
        Assert.Equal(["Gemm", "activation"], model.Graph.Node.Select(node => node.Name));
        var shape = model.Graph.Input[0].Type.TensorType.Shape;
        Assert.Equal("N", shape.Dim[0].DimParam);
        Assert.Equal(2, shape.Dim[1].DimValue);
        Assert.Equal(17, Assert.Single(model.OpsetImport).Version);
        Assert.Equal(("tests", "1", 8), (model.ProducerName, model.ProducerVersion, model.IrVersion));
    }

    [Fact]
    public void a_taken_name_is_refused()
    {
        var graph = new GraphBuilder(TinyModels.Dense().Graph);
        Assert.Throws<ArgumentException>(() => graph.Input("x", DataType.Float));
        Assert.Throws<ArgumentException>(() => graph.Initializer("w", [1], [1f]));
        Assert.Throws<ArgumentException>(() => graph.AddNode("free", "Relu", ["x"], ["y"]));
        Assert.Equal("Gemm_1_out", graph.Node("Gemm", ["x", "w"]));
    }

    [Fact]
    public void attributes_carry_their_type()
    {
        Assert.Equal(new AttributeProto { Name = "a", Type = AttributeProto.Types.AttributeType.Int, I = 1 },
            AttributeProto.Of("a", 1));
        Assert.Equal(new AttributeProto { Name = "a", Type = AttributeProto.Types.AttributeType.Float, F = 1 },
            AttributeProto.Of("a", 1f));
        Assert.Equal("é", AttributeProto.Of("a", "é").S.ToStringUtf8());
        Assert.Equal([1, 2], AttributeProto.Of("a", [1L, 2L]).Ints);
        Assert.Equal([1, 2], AttributeProto.Of("a", [1f, 2f]).Floats);
        Assert.Equal(2, AttributeProto.Of("a", ["x", "y"]).Strings.Count);
        long[] none = [];
        Assert.Equal(AttributeProto.Types.AttributeType.Ints, AttributeProto.Of("a", none).Type);
    }

    [Fact]
    public void fresh_names_avoid_every_name_in_the_graph_and_below()
    {
        var inner = new GraphProto { Name = "inner" };
        inner.Input.Add(new ValueInfoProto { Name = "in" });
        inner.Node.Add(new NodeProto { Name = "inner node", OpType = "Relu", Input = { "outer" }, Output = { "t" } });
        inner.Initializer.Add(TensorValues.FromFloats("t_1", [1], [1]));
        var middle = new GraphProto { Name = "middle" };
        middle.Node.Add(new NodeProto { OpType = "Loop", Output = { "m" }, Attribute = { AttributeProto.Of("body", inner) } });
        var graph = new GraphProto { Name = "g" };
        graph.Node.Add(
            new NodeProto
            {
                Name = "n",
                OpType = "If",
                Output = { "o" },
                Attribute = { AttributeProto.Of("then_branch", middle) }
            });
        graph.Output.Add(new ValueInfoProto { Name = "dangling" });
        graph.ValueInfo.Add(new ValueInfoProto { Name = "info" });
        graph.SparseInitializer.Add(new SparseTensorProto { Values = TensorValues.FromFloats("sparse", [1], [1]) });
        graph.QuantizationAnnotation.Add(new TensorAnnotation
        {
            TensorName = "annotated",
            QuantParameterTensorNames = { new StringStringEntryProto { Key = "SCALE_TENSOR", Value = "scale" } },
        });

        var names = new FreshNames(graph);
        Assert.Equal("t_2", names.Next("t"));
        Assert.Equal("t_3", names.Next("t"));
        foreach (var taken in new[] { "in", "inner node", "outer", "m", "n", "o", "dangling", "info", "sparse", "annotated",
            "scale" })
            Assert.Equal($"{taken}_1", names.Next(taken));
        Assert.Equal("free", names.Next("free"));
        Assert.Equal("free_1", names.Next("free"));
        Assert.False(names.Reserve("free_1"));
    }
}
