using Emergence.Analyzer.Pruning;
using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>Where a node that is cut out would change the network: what is left computes what the zeroed model does.</summary>
public sealed class NodeCuttingTests : PruningTests
{
    private static PruneOptions Half => new() { Amount = 0.5, Structure = PruneStructure.Nodes, Scope = PruneScope.Layer, KeepOutput = true };

    private static PruneOptions Cut => Half with { Shrink = true };

    private static float[] Ramp(int count) => [.. Enumerable.Range(0, count).Select(i => (i * 7 % 11 - 5) / 11f)];

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
        graph.Initializer("k1", [2, 4, 2, 2], [.. Enumerable.Range(0, 32).Select(i => new[] { 1f, 4f, 3f, 2f }[i / 4 % 4] * (i % 3 - 1))]);
        graph.Initializer("b1", [4], [1f, 2f, 3f, 4f]);
        graph.Initializer("scale", [4], [1f, 2f, 3f, 4f]);
        graph.Initializer("shift", [4], [4f, 3f, 2f, 1f]);
        graph.Initializer("slope", [4, 1, 1], [0.1f, 0.2f, 0.3f, 0.4f]);
        graph.Initializer("k2", [2, 3, 2, 2], Ramp(24));
        graph.Initializer("w", [6, 2], Ramp(12));
        graph.AddNode("up", "ConvTranspose", [x, "k1", "b1"], ["a"], [AttributeProto.Of("strides", 2, 2)]);
        graph.AddNode("normalise", "InstanceNormalization", ["a", "scale", "shift"], ["n"]);
        graph.AddNode("slopes", "PRelu", ["n", "slope"], ["p"]);
        graph.AddNode("other", "ConvTranspose", [x, "k2"], ["c"], [AttributeProto.Of("strides", 2, 2)]);
        graph.Initializer("w2", [7, 2], Ramp(14));
        graph.AddNode("both", "Concat", ["p", "c"], ["b"], [AttributeProto.Of("axis", 1)]);
        graph.AddNode("mean", "ReduceMean", ["b"], ["m"], [AttributeProto.Of("axes", 2, 3), AttributeProto.Of("keepdims", 0)]);
        graph.AddNode("last", "MatMul", ["m", "w2"], ["y"]);
        graph.Output("y", DataType.Float, "N", 2);
        var checkpoint = Open(graph.Build(13, 7, "tests"));
        var shrunk = Pruner.Prune(checkpoint, Cut);
        Assert.Equal([2, 2, 0], shrunk.Layers.OrderBy(layer => layer.Name, StringComparer.Ordinal).Select(layer => layer.UnitsCut).OrderDescending());
        Assert.Equal([2L, 2L, 2L, 2L], Stored(shrunk).Dims("k1"));
        AssertSame(checkpoint, Half, Cut);
    }
}
