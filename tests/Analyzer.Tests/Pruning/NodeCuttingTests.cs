using Emergence.Checkpoints;
using Emergence.Pruning;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>Where a node that is cut out would change the network: what is left computes what the zeroed model does.</summary>
public sealed class NodeCuttingTests : PruningTests
{
    private static PruneOptions Half =>
        new() { Amount = 0.5, Structure = PruneStructure.Nodes, Scope = PruneScope.Layer, KeepOutput = true };

    private static PruneOptions Cut => Half with { Shrink = true };

    private static float[] Ramp(int count) => [.. Enumerable.Range(0, count).Select(i => (i * 7 % 11 - 5) / 11f)];

    [Fact]
    public void scales_and_zero_points_of_filters_go_with_them()
    {
        var graph = new GraphBuilder("quantized");
        var x = graph.Input("x", DataType.Float, "N", 1, 3, 3);
        graph.Initializer("unit", [], [0.01f]);
        graph.Initializer(TensorValues.FromRaw("none", DataType.Uint8, [], [0]));
        // Filters of real strength 4, 1, 3, 2; each with a scale and a zero point of its own.
        graph.Initializer(TensorValues.FromRaw("q", DataType.Int8, [4, 1, 1, 1], [40, 10, 3, 20]));
        graph.Initializer("scales", [4], [0.1f, 0.1f, 1f, 0.1f]);
        graph.Initializer(TensorValues.FromRaw("zeros", DataType.Int8, [4], [0, 0, 0, 0]));
        graph.Initializer("k", [2, 4, 1, 1], Ramp(8));
        graph.AddNode("quantize", "QuantizeLinear", [x, "unit", "none"], ["xq"]);
        graph.AddNode("first", "QLinearConv", ["xq", "unit", "none", "q", "scales", "zeros", "unit", "none"], ["a"]);
        graph.AddNode("real", "DequantizeLinear", ["a", "unit", "none"], ["d"]);
        graph.AddNode("second", "Conv", ["d", "k"], ["y"]);
        graph.Output("y", DataType.Float, "N", 2, 3, 3);
        var checkpoint = Open(graph.Build(13, 7, "tests"));
        var shrunk = Pruner.Prune(checkpoint, Cut);
        Assert.Equal(2, shrunk.Layers[0].UnitsCut);
        Assert.Equal([40, 3], Stored(shrunk).Doubles("q"));
        Assert.Equal([0.1f, 1], Stored(shrunk).Floats("scales"));
        Assert.Equal([2L], Stored(shrunk).Dims("zeros"));
        AssertSame(checkpoint, Half, Cut);
    }

    [Fact]
    public void the_zero_point_of_an_integer_convolution_is_no_bias()
    {
        var graph = new GraphBuilder("integers");
        var x = graph.Input("x", DataType.Float, "N", 1, 3, 3);
        graph.Initializer("unit", [], [0.01f]);
        graph.Initializer(TensorValues.FromRaw("three", DataType.Uint8, [], [3]));
        graph.Initializer(TensorValues.FromRaw("q", DataType.Uint8, [4, 1, 1, 1], [43, 13, 33, 23]));
        graph.Initializer("k", [2, 4, 1, 1], Ramp(8));
        graph.AddNode("quantize", "QuantizeLinear", [x, "unit", "three"], ["xq"]);
        graph.AddNode("first", "ConvInteger", ["xq", "q", "three", "three"], ["a"]);
        graph.AddNode("real", "Cast", ["a"], ["d"], [AttributeProto.Of("to", (long)DataType.Float)]);
        graph.AddNode("second", "Conv", ["d", "k"], ["y"]);
        graph.Output("y", DataType.Float, "N", 2, 3, 3);
        var checkpoint = Open(graph.Build(13, 7, "tests"));
        Assert.Equal([43, 3, 33, 3], Stored(Pruner.Prune(checkpoint, Half)).Doubles("q"));
        Assert.Equal([43, 33], Stored(Pruner.Prune(checkpoint, Cut)).Doubles("q"));
        AssertSame(checkpoint, Half, Cut);
    }

    [Theory]
    [InlineData("QLinearMatMul")]
    [InlineData("MatMulInteger")]
    public void zero_points_of_columns_go_with_them(string op)
    {
        var graph = new GraphBuilder("quantized");
        var x = graph.Input("x", DataType.Float, "N", 2);
        graph.Initializer("unit", [], [0.05f]);
        graph.Initializer(TensorValues.FromRaw("none", DataType.Uint8, [], [0]));
        graph.Initializer(TensorValues.FromRaw("q", DataType.Uint8, [2, 4], [14, 21, 43, 52, 14, 21, 43, 52]));
        graph.Initializer(TensorValues.FromRaw("zeros", DataType.Uint8, [4], [10, 20, 40, 50]));
        graph.Initializer("scales", [4], [1f, 1f, 1f, 1f]);
        graph.Initializer("w", [4, 2], Ramp(8));
        graph.AddNode("quantize", "QuantizeLinear", [x, "unit", "none"], ["xq"]);
        if (op == "QLinearMatMul")
        {
            graph.AddNode("first", op, ["xq", "unit", "none", "q", "scales", "zeros", "unit", "none"], ["a"]);
            graph.AddNode("real", "DequantizeLinear", ["a", "unit", "none"], ["d"]);
        }
        else
        {
            graph.AddNode("first", op, ["xq", "q", "none", "zeros"], ["a"]);
            graph.AddNode("real", "Cast", ["a"], ["d"], [AttributeProto.Of("to", (long)DataType.Float)]);
        }
        graph.AddNode("second", "MatMul", ["d", "w"], ["y"]);
        graph.Output("y", DataType.Float, "N", 2);
        var checkpoint = Open(graph.Build(13, 7, "tests"));
        var shrunk = Pruner.Prune(checkpoint, Cut);
        Assert.Equal(2, shrunk.Layers[0].UnitsCut);
        Assert.Equal([14, 43, 14, 43], Stored(shrunk).Doubles("q"));
        Assert.Equal([10, 40], Stored(shrunk).Doubles("zeros"));
        AssertSame(checkpoint, Half, Cut);
    }

    [Theory]
    [InlineData("DequantizeLinear")]
    [InlineData("Cast")]
    public void a_weight_that_is_converted_and_then_transposed_stays_converted(string op)
    {
        // Stored [units, inputs]: strengths 1, 4, 3, 2.
        var graph = new GraphBuilder("converted");
        var x = graph.Input("x", DataType.Float, "N", 2);
        if (op == "Cast")
        {
            graph.Initializer(
                TensorValues.WithDoubles(TensorValues.FromRaw("q", DataType.Float16, [4, 2], new byte[16]),
                [1, 1, 4, 4, 3, 3, 2, 2]));
            graph.AddNode("convert", "Cast", ["q"], ["d"], [AttributeProto.Of("to", (long)DataType.Float)]);
        }
        else
        {
            graph.Initializer(TensorValues.FromRaw("q", DataType.Int8, [4, 2], [10, 10, 4, 4, 30, 30, 20, 20]));
            graph.Initializer("scales", [4], [0.1f, 1f, 0.1f, 0.1f]);
            graph.AddNode("convert", "DequantizeLinear", ["q", "scales"], ["d"], [AttributeProto.Of("axis", 0)]);
        }
        graph.AddNode("turn", "Transpose", ["d"], ["t"], [AttributeProto.Of("perm", 1, 0)]);
        graph.Initializer("w2", [4, 2], Ramp(8));
        graph.AddNode("first", "MatMul", [x, "t"], ["a"]);
        graph.AddNode("second", "MatMul", ["a", "w2"], ["y"]);
        graph.Output("y", DataType.Float, "N", 2);
        var checkpoint = Open(graph.Build(13, 7, "tests"));
        AssertSame(checkpoint, Half, Cut);
        Assert.Equal(2, Pruner.Prune(checkpoint, Cut).Layers[0].UnitsCut);
    }

    [Fact]
    public void a_normalization_over_channels_spelt_as_one_over_positions_keeps_them()
    {
        // GroupNorm of one group, as exporters spell it.
        var graph = new GraphBuilder("group");
        var x = graph.Input("x", DataType.Float, 2, 1, 2, 2);
        graph.Initializer("k1", [4, 1, 1, 1], [4f, 1f, 3f, 2f]);
        graph.Initializer("b1", [4], [1f, 2f, 3f, 4f]);
        graph.Initializer("grouped", [3], [0L, 1L, -1L]);
        graph.Initializer("whole", [4], [2L, 4L, 2L, 2L]);
        graph.Initializer("one", [1], [1f]);
        graph.Initializer("nil", [1], [0f]);
        graph.Initializer("k2", [2, 4, 1, 1], Ramp(8));
        graph.AddNode("first", "Conv", [x, "k1", "b1"], ["a"]);
        graph.AddNode("flat", "Reshape", ["a", "grouped"], ["f"]);
        graph.AddNode("normalize", "InstanceNormalization", ["f", "one", "nil"], ["n"]);
        graph.AddNode("back", "Reshape", ["n", "whole"], ["r"]);
        graph.AddNode("second", "Conv", ["r", "k2"], ["y"]);
        graph.Output("y", DataType.Float, 2, 2, 2, 2);
        var checkpoint = Open(graph.Build(13, 7, "tests"));
        AssertSame(checkpoint, Half, Cut);
        Assert.Equal(0, Pruner.Prune(checkpoint, Cut).Layers[0].UnitsCut);
    }

    [Fact]
    public void a_squeeze_of_every_axis_of_length_one_does_not_meet_a_last_channel()
    {
        var graph = new GraphBuilder("squeeze");
        var x = graph.Input("x", DataType.Float, 2, 1, 2, 2);
        graph.Initializer("k1", [2, 1, 1, 1], [4f, 1f]);
        graph.Initializer("w2", [2, 3], Ramp(6));
        graph.AddNode("first", "Conv", [x, "k1"], ["a"]);
        graph.AddNode("pool", "GlobalAveragePool", ["a"], ["p"]);
        graph.AddNode("squeeze", "Squeeze", ["p"], ["s"]);
        graph.AddNode("second", "MatMul", ["s", "w2"], ["y"]);
        graph.Output("y", DataType.Float, 2, 3);
        AssertSame(Open(graph.Build(13, 7, "tests")), Half, Cut);
    }

    [Fact]
    public void padding_that_moves_channels_keeps_them()
    {
        var graph = new GraphBuilder("shift");
        var x = graph.Input("x", DataType.Float, "N", 1, 2, 2);
        graph.Initializer("k1", [4, 1, 1, 1], [4f, 1f, 3f, 2f]);
        graph.Initializer("pads", [8], [0L, 1L, 0L, 0L, 0L, -1L, 0L, 0L]);
        graph.Initializer("k2", [2, 4, 1, 1], Ramp(8));
        graph.AddNode("first", "Conv", [x, "k1"], ["a"]);
        graph.AddNode("shift", "Pad", ["a", "pads"], ["p"]);
        graph.AddNode("second", "Conv", ["p", "k2"], ["y"]);
        graph.Output("y", DataType.Float, "N", 2, 2, 2);
        var checkpoint = Open(graph.Build(13, 7, "tests"));
        AssertSame(checkpoint, Half, Cut);
        // Channel 3 goes out of the picture: only what the others give is read, one place on.
        Assert.Equal([4, 0, 3, 0], Stored(Pruner.Prune(checkpoint, Half)).Doubles("k1"));
        Assert.Equal(Ramp(8), Stored(Pruner.Prune(checkpoint, Half)).Floats("k2"));
    }

    [Fact]
    public void a_weight_on_the_left_has_its_nodes_in_its_rows()
    {
        var graph = new GraphBuilder("left");
        var x = graph.Input("x", DataType.Float, 3, 2);
        graph.Initializer("w1", [4, 3], [1f, 1f, 1f, 4f, 4f, 4f, 3f, 3f, 3f, 2f, 2f, 2f]);
        graph.Initializer("b1", [4, 1], [1f, 2f, 3f, 4f]);
        graph.Initializer("w2", [2, 4], Ramp(8));
        graph.AddNode("first", "MatMul", ["w1", x], ["a"]);
        graph.AddNode("bias", "Add", ["b1", "a"], ["b"]);
        graph.AddNode("relu", "Relu", ["b"], ["r"]);
        graph.AddNode("second", "MatMul", ["w2", "r"], ["y"]);
        graph.Output("y", DataType.Float, 2, 2);
        var checkpoint = Open(graph.Build(13, 7, "tests"));
        Assert.Equal([2, 3], Stored(Pruner.Prune(checkpoint, Cut)).Doubles("b1"));
        AssertSame(checkpoint, Half, Cut);
    }

    [Fact]
    public void everything_along_the_channels_of_a_transposed_convolution_is_cut()
    {
        var graph = new GraphBuilder("transposed");
        var x = graph.Input("x", DataType.Float, "N", 2, 2, 2);
        // Stored [inputs, filters, 2, 2]: filters of strength 1, 4, 3, 2.
        graph.Initializer("k1", [2, 4, 2, 2],
            [.. Enumerable.Range(0, 32).Select(i => new[] { 1f, 4f, 3f, 2f }[i / 4 % 4] * (i % 3 - 1))]);
        graph.Initializer("b1", [4], [1f, 2f, 3f, 4f]);
        graph.Initializer("scale", [4], [1f, 2f, 3f, 4f]);
        graph.Initializer("shift", [4], [4f, 3f, 2f, 1f]);
        graph.Initializer("slope", [4, 1, 1], [0.1f, 0.2f, 0.3f, 0.4f]);
        graph.Initializer("k2", [2, 3, 2, 2], Ramp(24));
        graph.Initializer("w", [6, 2], Ramp(12));
        graph.AddNode("up", "ConvTranspose", [x, "k1", "b1"], ["a"], [AttributeProto.Of("strides", 2, 2)]);
        graph.AddNode("normalize", "InstanceNormalization", ["a", "scale", "shift"], ["n"]);
        graph.AddNode("slopes", "PRelu", ["n", "slope"], ["p"]);
        graph.AddNode("other", "ConvTranspose", [x, "k2"], ["c"], [AttributeProto.Of("strides", 2, 2)]);
        graph.Initializer("w2", [7, 2], Ramp(14));
        graph.AddNode("both", "Concat", ["p", "c"], ["b"], [AttributeProto.Of("axis", 1)]);
        graph.AddNode("mean", "ReduceMean", ["b"], ["m"], [AttributeProto.Of("axes", 2, 3), AttributeProto.Of("keepdims", 0)]);
        graph.AddNode("last", "MatMul", ["m", "w2"], ["y"]);
        graph.Output("y", DataType.Float, "N", 2);
        var checkpoint = Open(graph.Build(13, 7, "tests"));
        var shrunk = Pruner.Prune(checkpoint, Cut);
        Assert.Equal([2, 2, 0],
            shrunk.Layers.OrderBy(layer => layer.Name, StringComparer.Ordinal).Select(layer => layer.UnitsCut).OrderDescending());
        Assert.Equal([2L, 2L, 2L, 2L], Stored(shrunk).Dims("k1"));
        AssertSame(checkpoint, Half, Cut);
    }

    [Fact]
    public void files_of_the_old_format_declare_every_stored_tensor_as_an_input()
    {
        var model = SharedBias().Build(8, 3, "tests");
        foreach (var tensor in model.Graph.Initializer)
        {
            var shape = new TensorShapeProto();
            shape.Dim.AddRange(tensor.Dims.Select(dim => new TensorShapeProto.Types.Dimension { DimValue = dim }));
            model.Graph.Input.Add(
                new ValueInfoProto
                {
                    Name = tensor.Name,
                    Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = 1, Shape = shape } }
                });
        }
        var checkpoint = Open(model);
        var pruned = Pruner.Prune(checkpoint, Cut).Model.Graph;
        Assert.Empty(pruned.Initializer.Select(tensor => tensor.Name).Except(pruned.Input.Select(input => input.Name)));
        AssertSame(checkpoint, Half, Cut);
    }

    [Theory]
    [InlineData("Log")]
    [InlineData("Reciprocal")]
    [InlineData("Div")]
    public void a_node_whose_zero_would_become_infinite_stays(string op)
    {
        var graph = new GraphBuilder("singular");
        var x = graph.Input("x", DataType.Float, "N", 2);
        graph.Initializer("w1", [2, 2], [1f, 5f, 1f, 5f]);
        graph.Initializer("two", [], [2f]);
        graph.Initializer("w2", [2, 2], [1f, 2f, 1f, 2f]);
        graph.Initializer("w3", [2, 1], [1f, 1f]);
        graph.AddNode("first", "MatMul", [x, "w1"], ["a"]);
        graph.AddNode("singular", op, op == "Div" ? ["two", "a"] : ["a"], ["r"]);
        graph.AddNode("second", "MatMul", ["r", "w2"], ["b"]);
        graph.AddNode("third", "MatMul", ["b", "w3"], ["y"]);
        graph.Output("y", DataType.Float, "N", 1);
        var checkpoint = Open(graph.Build(13, 7, "tests"));
        AssertSame(checkpoint, Half, Cut);
        var pruned = Pruner.Prune(checkpoint, Half);
        Assert.Equal([0, 1, 0], pruned.Layers.Select(layer => layer.UnitsRemoved));
        Assert.Contains(Diagnostic.Warning("first", $"{op} of zero is not finite: no node of it is removed"), pruned.Diagnostics);
    }

    [Fact]
    public void a_layer_whose_weights_are_no_numbers_keeps_a_node()
    {
        var infinite = double.PositiveInfinity;
        var chosen = NodeChoice.Choose(
            [new([0, 1], [infinite, infinite]), new([2, 3], [infinite, infinite])],
            _ => [new([0], null), new([1], null), new([2], null), new([3], null)],
            Half with { Scope = PruneScope.Global, Amount = 0.99 });
        Assert.Equal([0, 2], chosen.Removed.Order());
    }
}
