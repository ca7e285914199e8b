using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Tracing;
using Emergence.Tracing.Model;
using Emergence.Tracing.Rewriting;
using Emergence.Tracing.Values;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>Small files that ask for much: each is traced at the cost of its size, or refused.</summary>
public class BudgetTests
{
    [Fact]
    public void a_chain_that_reads_each_link_twice_costs_its_length()
    {
        var graph = new GraphBuilder("doubling");
        var weight = graph.Initializer("w", [400, 400], new float[160_000]);
        for (var i = 0; i < 200; i++)
            weight = graph.Node("Add", [weight, weight]);
        graph.Output(graph.Node("MatMul", [graph.Input("x", DataType.Float, "N", 400), weight]), DataType.Float, "N", 400);
        Assert.Equal(["w"], Traced(graph.Build(13, 7, "tests")).Parameters.Select(parameter => parameter.Tensor));
    }

    [Theory]
    [InlineData("ConstantOfShape", 50_000)]
    [InlineData("Expand", 50_000)]
    [InlineData("Expand", int.MaxValue)]
    public void a_shape_that_is_described_is_not_allocated(string op, int side)
    {
        var graph = new GraphBuilder("described");
        var shape = graph.Initializer("shape", [2], [side, side]);
        var made = op == "Expand" ? graph.Node(op, [graph.Initializer("one", [1], [1f]), shape]) : graph.Node(op, [shape]);
        // Its value is asked for as the bounds of a slice.
        var part = graph.Node("Slice",
            [graph.Input("x", DataType.Float, "N", 4), graph.Node("Reshape", [made, graph.Initializer("flat", [1], [-1L])]),
            graph.Initializer("end", [1], [2L])]);
        graph.Output(graph.Node("MatMul", [part, graph.Initializer("w", [4, 2], new float[8])]), DataType.Float, "N", 2);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Record.Exception(() => Traced(graph.Build(13, 7, "tests")));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256L << 20);
    }

    [Fact]
    public void functions_that_nest_without_end_are_refused()
    {
        var graph = new GraphBuilder("nested");
        var model = graph.Build(13, 7, "tests");
        model.Graph.Node.Add(new NodeProto { OpType = "f0", Domain = "local", Input = { "x" }, Output = { "y" } });
        for (var i = 0; i < 20_000; i++)
        {
            model.Functions.Add(new FunctionProto
            {
                Name = $"f{i}",
                Domain = "local",
                Input = { "a" },
                Output = { "b" },
                Node = { new NodeProto { OpType = $"f{i + 1}", Domain = "local", Input = { "a" }, Output = { "b" } } },
            });
        }
        Assert.Contains("more than 64 deep", Assert.Throws<TraceException>(() => FunctionInliner.Apply(model)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void a_sparse_tensor_is_not_made_of_nothing()
    {
        var sparse = new SparseTensorProto
        {
            Values =
            new TensorProto { Name = "s", DataType = (int)DataType.Float, Dims = { 0 } },
            Dims = { 20_000, 20_000 }
        };
        Assert.Contains("too many to make of 0 stored ones",
            Assert.Throws<UserException>(() => SparseTensors.ToDense(sparse, null)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("axis", long.MinValue)]
    [InlineData("axis", 1L << 40)]
    public void an_attribute_beyond_32_bits_is_refused(string name, long value)
    {
        var node = new NodeProto { OpType = "Concat", Attribute = { AttributeProto.Of(name, value) } };
        Assert.Throws<TraceException>(() => new AttributeReader(node).Int(name, 0));
        Assert.Throws<TraceException>(() => new AttributeReader(node).Axis(name, 0, 4));
    }

    [Fact]
    public void attributes_that_fit_nothing_are_refused()
    {
        var node = new NodeProto
        {
            OpType = "Odd",
            Attribute = { AttributeProto.Of("group", 0L), AttributeProto.Of("perm", [0L, 0L]),
                AttributeProto.Of("split", [2L, 9L]) },
        };
        var attributes = new AttributeReader(node);
        Assert.Throws<TraceException>(() => attributes.Positive("group", 1));
        Assert.Throws<TraceException>(() => Shapes.Permutation(2, attributes));
        Assert.Throws<TraceException>(() => Shapes.SplitSizes(4, 2, attributes, null));
        Assert.Throws<TraceException>(() => Shapes.Flatten([2, 3], 3));
        Assert.Throws<TraceException>(() => Shapes.Reshape([2, 3], [-1, -1], false));
        Assert.Throws<TraceException>(() => Shapes.Count([1 << 20, 1 << 20]));
        Assert.Equal(0, Shapes.Count([1 << 20, 0, 1 << 20]));
        Assert.Throws<TraceException>(() => Axis.Of(-1, null));
    }

    private static LayerGraph Traced(ModelProto model)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Path("m.onnx");
        ModelFile.Save(model, path);
        return LayerTracer.Trace(Checkpoint.Open(path), new TraceOptions());
    }
}
