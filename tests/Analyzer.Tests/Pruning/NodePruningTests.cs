using Emergence.Checkpoints;
using Emergence.Pruning;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>Nodes are removed with all that belongs to them, on models small enough to read.</summary>
public sealed class NodePruningTests : PruningTests
{
    private static PruneOptions Half =>
        new() { Amount = 0.5, Structure = PruneStructure.Nodes, Scope = PruneScope.Layer, KeepOutput = true };

    [Fact]
    public void a_removed_node_is_gone_from_weight_bias_and_reader()
    {
        // Norms of the four units: 5, 1, 4, 2.
        var checkpoint = Open(Dense("Sigmoid"));
        var zeroed = Stored(Pruner.Prune(checkpoint, Half));
        Assert.Equal([3, 0, 0, 0, 4, 0, 4, 0], zeroed.Doubles("w1"));
        Assert.Equal([1, 0, 1, 0], zeroed.Doubles("b1"));
        Assert.Equal([1, 2, 0, 0, 5, 6, 0, 0], zeroed.Doubles("w2"));
        Assert.Equal([1, 1], zeroed.Doubles("b2"));

        var shrunk = Stored(Pruner.Prune(checkpoint, Half with { Shrink = true }));
        Assert.Equal([3, 0, 4, 4], shrunk.Doubles("w1"));
        Assert.Equal([2L, 2L], shrunk.Dims("w1"));
        Assert.Equal([1, 1], shrunk.Doubles("b1"));
        Assert.Equal([1, 2, 5, 6], shrunk.Doubles("w2"));
    }

    [Fact]
    public void a_sigmoid_of_a_removed_node_does_not_live_on()
    {
        // With both units gone and the reader kept, 0.5 times its weights would remain in the output.
        var options = Half with { Shrink = true };
        AssertSame(Open(Dense("Sigmoid")), Half, options);
    }

    [Fact]
    public void norms_rank_differently_where_they_should()
    {
        // Unit 0: (3, 3), l1 6, l2 4.24. Unit 1: (5, 0), l1 5, l2 5.
        var graph = new GraphBuilder("norms");
        var x = graph.Input("x", DataType.Float, "N", 2);
        graph.Initializer("w1", [2, 2], [3f, 5f, 3f, 0f]);
        graph.Initializer("w2", [2, 1], [1f, 1f]);
        graph.AddNode("first", "MatMul", [x, "w1"], ["h"]);
        graph.AddNode("second", "MatMul", ["h", "w2"], ["y"]);
        graph.Output("y", DataType.Float, "N", 1);
        var checkpoint = Open(graph.Build(13, 7, "tests"));
        Assert.Equal([0, 5, 0, 0], Stored(Pruner.Prune(checkpoint, Half with { Norm = UnitNorm.L2 })).Doubles("w1"));
        Assert.Equal([3, 0, 3, 0], Stored(Pruner.Prune(checkpoint, Half with { Norm = UnitNorm.L1 })).Doubles("w1"));
    }

    [Fact]
    public void a_layer_keeps_its_strongest_node_whatever_is_asked_for()
    {
        var pruned = Pruner.Prune(Open(Dense("Relu")), Half with { Amount = 0.99, Scope = PruneScope.Global });
        Assert.Equal(3, pruned.Layers[0].UnitsRemoved);
        Assert.Equal([3, 0, 0, 0, 4, 0, 0, 0], Stored(pruned).Doubles("w1"));
    }

    [Fact]
    public void convolution_normalization_and_flatten_are_cut_together()
    {
        var checkpoint = Open(Convolutions(residual: false));
        var pruned = Pruner.Prune(checkpoint, Half with { Shrink = true });
        Assert.Equal([2, 2], pruned.Layers.Take(2).Select(layer => layer.UnitsCut));
        var stored = Stored(pruned);
        Assert.Equal([2L, 1L, 3L, 3L], stored.Dims("k1"));
        Assert.All(["scale", "shift", "mean", "variance"], name => Assert.Equal([2L], stored.Dims(name)));
        Assert.Equal([2L, 2L, 3L, 3L], stored.Dims("k2"));
        // Four channels at 2×2 positions, of which two are left; the reshape says so.
        Assert.Equal([8L, 3L], stored.Dims("w"));
        Assert.Equal([-1L, 8L], stored.Longs("shape"));
        AssertSame(checkpoint, Half, Half with { Shrink = true });
    }

    [Fact]
    public void channels_that_are_added_go_together()
    {
        var checkpoint = Open(Convolutions(residual: true));
        var pruned = Pruner.Prune(checkpoint, Half with { Shrink = true, Strict = true });
        // One by one k1 would lose channels 1 and 2, k2 channels 2 and 3, and only one of their sums would leave.
        Assert.Equal([(2, 2), (2, 2)], pruned.Layers.Take(2).Select(layer => (layer.UnitsRemoved, layer.UnitsCut)));
        Assert.Empty(pruned.Diagnostics);
        AssertSame(checkpoint, Half, Half with { Shrink = true });
    }

    [Fact]
    public void nodes_of_the_output_are_zeroed_and_stay()
    {
        var pruned = Pruner.Prune(Open(Dense("Relu")), Half with { KeepOutput = false, Only = ["second"], Shrink = true });
        Assert.Equal((1, 0), (pruned.Layers[1].UnitsRemoved, pruned.Layers[1].UnitsCut));
        Assert.Contains(pruned.Diagnostics,
            diagnostic => diagnostic.Message.Contains("it is an output of the model", StringComparison.Ordinal));
        Assert.Equal([0, 2, 0, 4, 0, 6, 0, 8], Stored(pruned).Doubles("w2"));
        Assert.Equal([0, 1], Stored(pruned).Doubles("b2"));
        var error = Assert.Throws<UserException>(() =>
            Pruner.Prune(Open(Dense("Relu")), Half with { KeepOutput = false, Only = ["second"], Shrink = true, Strict = true }));
        Assert.StartsWith("model.onnx: 'second': 1 of 1 removed nodes cannot be cut out (it is an output of the model)",
            error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void a_depthwise_convolution_follows_the_channels_it_reads()
    {
        var graph = new GraphBuilder("depthwise");
        var x = graph.Input("x", DataType.Float, "N", 1, 4, 4);
        graph.Initializer("k1", [4, 1, 1, 1], [4f, 1f, 3f, 2f]);
        graph.Initializer("kd", [8, 1, 3, 3], [.. Enumerable.Range(1, 72).Select(i => i / 72f)]);
        graph.Initializer("bd", [8], [1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f]);
        graph.Initializer("k2", [2, 8, 1, 1], [.. Enumerable.Range(1, 16).Select(i => (float)i)]);
        graph.AddNode("point1", "Conv", [x, "k1"], ["a"]);
        graph.AddNode("relu", "Relu", ["a"], ["r"]);
        graph.AddNode("depth", "Conv", ["r", "kd", "bd"], ["d"], [AttributeProto.Of("group", 4)]);
        graph.AddNode("point2", "Conv", ["d", "k2"], ["y"]);
        graph.Output("y", DataType.Float, "N", 2, 2, 2);
        var checkpoint = Open(graph.Build(13, 7, "tests"));
        var pruned = Pruner.Prune(checkpoint, Half with { Shrink = true });
        Assert.Equal([2, 4, 0], pruned.Layers.Select(layer => layer.UnitsCut));
        Assert.Equal([4L, 1L, 3L, 3L], Stored(pruned).Dims("kd"));
        Assert.Equal([1, 2, 5, 6], Stored(pruned).Doubles("bd"));
        Assert.Equal(2, pruned.Model.Graph.Node[2].Attribute.Single(attribute => attribute.Name == "group").I);
        AssertSame(checkpoint, Half, Half with { Shrink = true });
    }

    [Fact]
    public void a_bias_that_two_layers_share_is_copied_first()
    {
        var checkpoint = Open(SharedBias().Build(13, 7, "tests"));
        var zeroed = Pruner.Prune(checkpoint, Half);
        Assert.Equal([7, 8], Stored(zeroed).Doubles("b"));
        Assert.Equal([0, 8], Stored(zeroed).Doubles(zeroed.Model.Graph.Node[0].Input[2]));
        Assert.Equal([7, 0], Stored(zeroed).Doubles(zeroed.Model.Graph.Node[1].Input[2]));
        AssertSame(checkpoint, Half, Half with { Shrink = true });
    }

    [Fact]
    public void a_weight_that_two_layers_share_keeps_its_nodes()
    {
        var graph = new GraphBuilder("tied");
        var x = graph.Input("x", DataType.Float, "N", 2);
        graph.Initializer("w", [2, 2], [1f, 2f, 3f, 4f]);
        graph.AddNode("first", "MatMul", [x, "w"], ["a"]);
        graph.AddNode("second", "MatMul", ["a", "w"], ["y"]);
        graph.Output("y", DataType.Float, "N", 2);
        var error = Assert.Throws<UserException>(() => Pruner.Prune(Open(graph.Build(13, 7, "tests")), Half));
        Assert.Contains("no node to prune", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void transposed_and_quantized_weights_are_cut_where_they_are_stored()
    {
        var graph = new GraphBuilder("quantized");
        var x = graph.Input("x", DataType.Float, "N", 2);
        // Stored [units, inputs]: real weights (1, 1), (40, 40), (3, 3), (2, 2).
        graph.Initializer(TensorValues.FromRaw("q", DataType.Uint8, [4, 2], [11, 11, 24, 24, 13, 13, 12, 12]));
        graph.Initializer("scale", [4], [1f, 10f, 1f, 1f]);
        graph.Initializer(TensorValues.FromRaw("zero", DataType.Uint8, [4], [10, 20, 10, 10]));
        graph.Initializer("w2", [1, 4], [1f, 2f, 3f, 4f]);
        graph.AddNode("dequantize", "DequantizeLinear", ["q", "scale", "zero"], ["d"], [AttributeProto.Of("axis", 0)]);
        graph.AddNode("first", "Gemm", [x, "d"], ["a"], [AttributeProto.Of("transB", 1)]);
        graph.AddNode("turn", "Transpose", ["w2"], ["t"], [AttributeProto.Of("perm", 1, 0)]);
        graph.AddNode("second", "MatMul", ["a", "t"], ["y"]);
        graph.Output("y", DataType.Float, "N", 1);
        var checkpoint = Open(graph.Build(13, 7, "tests"));
        Assert.Equal([10, 10, 24, 24, 13, 13, 10, 10], Stored(Pruner.Prune(checkpoint, Half)).Doubles("q"));
        var shrunk = Stored(Pruner.Prune(checkpoint, Half with { Shrink = true }));
        Assert.Equal([24, 24, 13, 13], shrunk.Doubles("q"));
        Assert.Equal([10, 1], shrunk.Doubles("scale"));
        Assert.Equal([20, 10], shrunk.Doubles("zero"));
        // The transposed weight is stored as it is read, and the original is gone.
        Assert.Equal([2, 3], shrunk.Doubles("t"));
        Assert.False(shrunk.Contains("w2"));
        AssertSame(checkpoint, Half, Half with { Shrink = true });
    }

    [Fact]
    public void a_gated_branch_loses_a_channel_with_its_gate()
    {
        // y = w2 · (a · sigmoid(b)): the channels of both factors go only together.
        var graph = new GraphBuilder("gate");
        var x = graph.Input("x", DataType.Float, "N", 2);
        graph.Initializer("wa", [2, 2], [1f, 5f, 1f, 5f]);
        graph.Initializer("wb", [2, 2], [5f, 1f, 5f, 1f]);
        graph.Initializer("w2", [2, 1], [1f, 2f]);
        graph.AddNode("value", "MatMul", [x, "wa"], ["a"]);
        graph.AddNode("gate", "MatMul", [x, "wb"], ["b"]);
        graph.AddNode("sigmoid", "Sigmoid", ["b"], ["s"]);
        graph.AddNode("product", "Mul", ["a", "s"], ["p"]);
        graph.AddNode("last", "MatMul", ["p", "w2"], ["y"]);
        graph.Output("y", DataType.Float, "N", 1);
        var checkpoint = Open(graph.Build(13, 7, "tests"));
        var pruned = Pruner.Prune(checkpoint, Half with { Shrink = true });
        // As strong together, and as weak: the first goes.
        Assert.Equal([1, 1, 0], pruned.Layers.Select(layer => layer.UnitsCut));
        Assert.Equal([2], Stored(pruned).Doubles("w2"));
        AssertSame(checkpoint, Half, Half with { Shrink = true });
    }

    private static ModelProto Dense(string activation)
    {
        var graph = new GraphBuilder("dense");
        var x = graph.Input("x", DataType.Float, "N", 2);
        graph.Initializer("w1", [2, 4], [3f, 1f, 0f, 0f, 4f, 0f, 4f, 2f]);
        graph.Initializer("b1", [4], [1f, 1f, 1f, 1f]);
        graph.Initializer("w2", [4, 2], [1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f]);
        graph.Initializer("b2", [2], [1f, 1f]);
        graph.AddNode("first", "Gemm", [x, "w1", "b1"], ["a"]);
        graph.AddNode("activation", activation, ["a"], ["r"]);
        graph.AddNode("second", "Gemm", ["r", "w2", "b2"], ["y"]);
        graph.Output("y", DataType.Float, "N", 2);
        var model = graph.Build(13, 7, "tests");
        return model;
    }

    /// <summary>Two convolutions of four filters, normalization, pooling, a reshape to 16 and a dense layer.</summary>
    private static ModelProto Convolutions(bool residual)
    {
        var graph = new GraphBuilder("convolutions");
        var x = graph.Input("x", DataType.Float, "N", 1, 4, 4);
        float[] Filters(int inputs, params float[] strengths) =>
            [.. strengths.SelectMany(strength => Enumerable.Range(0, inputs * 9).Select(i => strength * (i % 5 - 2)))];
        graph.Initializer("k1", [4, 1, 3, 3], Filters(1, 0.4f, 0.1f, 0.2f, 0.3f));
        graph.Initializer("k2", [4, 4, 3, 3], Filters(4, 0.4f, 0.3f, 0.2f, 0.1f));
        graph.Initializer("scale", [4], [1f, 2f, 3f, 4f]);
        graph.Initializer("shift", [4], [0.5f, -0.5f, 0.25f, 1f]);
        graph.Initializer("mean", [4], [0.1f, 0.2f, 0.3f, 0.4f]);
        graph.Initializer("variance", [4], [1f, 2f, 1f, 2f]);
        graph.Initializer("shape", [2], [-1L, 16L]);
        graph.Initializer("w", [16, 3], [.. Enumerable.Range(0, 48).Select(i => (i % 7 - 3) / 7f)]);
        var pads = AttributeProto.Of("pads", 1, 1, 1, 1);
        graph.AddNode("conv1", "Conv", [x, "k1"], ["a"], [pads]);
        graph.AddNode("normalize", "BatchNormalization", ["a", "scale", "shift", "mean", "variance"], ["n"]);
        graph.AddNode("relu1", "Relu", ["n"], ["r"]);
        graph.AddNode("conv2", "Conv", ["r", "k2"], ["c"], [pads.Clone()]);
        var sum = residual ? graph.Node("Add", ["c", "r"]) : "c";
        graph.AddNode("relu2", "Relu", [sum], ["s"]);
        graph.AddNode("pool", "MaxPool", ["s"], ["p"],
            [AttributeProto.Of("kernel_shape", 2, 2), AttributeProto.Of("strides", 2, 2)]);
        graph.AddNode("flatten", "Reshape", ["p", "shape"], ["f"]);
        graph.AddNode("dense", "MatMul", ["f", "w"], ["y"]);
        graph.Output("y", DataType.Float, "N", 3);
        return graph.Build(13, 7, "tests");
    }
}
