using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Pruning;
using Emergence.Tracing;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>One weight in several places: under one name, as a copy, transposed, or inside a function of the model.</summary>
public sealed class TiedPruningTests : PruningTests
{
    private static PruneOptions Half => new() { Amount = 0.5 };

    [Fact]
    public void a_weight_that_two_layers_share_is_pruned_and_counted_once()
    {
        var pruned = Pruner.Prune(Open(Shared()), Half);
        Assert.Equal((4, 2), (pruned.Weights, pruned.Zeros));
        Assert.Equal([4L, 4L], pruned.Layers.Select(layer => layer.Weights));
        Assert.Equal(["w"], pruned.Record.Tensors);
    }

    [Fact]
    public void a_weight_shared_with_a_layer_that_is_left_alone_is_left_alone()
    {
        var error = Assert.Throws<UserException>(() => Pruner.Prune(Open(Shared()), Half with { Exclude = ["second"] }));
        Assert.Contains("no weight to prune", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void the_sensitivity_of_a_shared_weight_stands_in_each_of_its_layers()
    {
        var result = Sensitivity.Measure(
            Open(Shared()).Path, [0.5], Half, new AnalysisSettings { Device = Device.Cpu }, new ProbeOptions { Samples = 8 },
            null, null, TestContext.Current.CancellationToken);
        Assert.Equal([null, "first", "second"], result.Rows.Select(row => row.Layer));
        Assert.All(result.Rows.Skip(1), row => Assert.Equal(0.5, row.Sparsity));
        Assert.Equal(result.Rows[1].OutputChange, result.Rows[2].OutputChange);
    }

    [Fact]
    public void a_copy_is_pruned_as_its_original_is_and_counted_once()
    {
        // All of one magnitude: each for itself, the copies would lose different weights, and be tied no more.
        var checkpoint = Open(Copies());
        var pruned = Pruner.Prune(checkpoint, Half with { Amount = 0.3 });
        Assert.Equal((20 + 10, 9), (pruned.Weights, pruned.Zeros));
        var stored = Stored(pruned);
        var (original, copy, turned) = (stored.Doubles("w1"), stored.Doubles("w2"), stored.Doubles("w3"));
        Assert.Equal(9, original.Count(value => value == 0));
        Assert.Equal(original, copy);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => original[i % 4 * 5 + i / 4]), turned);
        Assert.Equal(["w1", "w2", "w3", "w4"], pruned.Record.Tensors);
        Assert.Equal([9L, 9L, 9L, 0L], pruned.Layers.Select(layer => layer.Zeros));
        // The trace still counts the three as one.
        var before = LayerTracer.Trace(checkpoint, new TraceOptions());
        var after = LayerTracer.Trace(checkpoint.WithModel(pruned.Model), new TraceOptions());
        Assert.Equal((30, 21),
            (after.Parameters.Sum(parameter => parameter.Count), after.Parameters.Sum(parameter => parameter.Nonzero)));
        Assert.Equal(before.Parameters.Sum(parameter => parameter.Count), after.Parameters.Sum(parameter => parameter.Count));
    }

    [Fact]
    public void a_copy_in_a_layer_that_is_pruned_alone_is_a_weight_of_its_own()
    {
        var pruned = Pruner.Prune(Open(Copies()), Half with { Only = ["second"] });
        Assert.Equal((20, 10), (pruned.Weights, pruned.Zeros));
        Assert.DoesNotContain(0.0, Stored(pruned).Doubles("w1"));
    }

    [Fact]
    public void a_weight_inside_a_function_is_left_alone_and_said_so()
    {
        var graph = new GraphBuilder("function");
        var x = graph.Input("x", DataType.Float, "N", 2);
        graph.Initializer("w", [2, 2], [1f, 2f, 3f, 4f]);
        graph.AddNode("inner", "Layer", [x], ["h"], domain: "local");
        graph.AddNode("outer", "MatMul", ["h", "w"], ["y"]);
        graph.Output("y", DataType.Float, "N", 2);
        var model = graph.Build(13, 8, "tests");
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "local", Version = 1 });
        var function = new FunctionProto
        {
            Name = "Layer",
            Domain = "local",
            Input = { "v" },
            Output = { "r" },
            OpsetImport = { new OperatorSetIdProto { Version = 13 } }
        };
        function.Node.Add(
            new NodeProto
            {
                OpType = "Constant",
                Output = { "inside" },
                Attribute = { AttributeProto.Of("value", TensorValues.FromFloats("inside", [2, 2], [5f, 6f, 7f, 8f])) }
            });
        function.Node.Add(new NodeProto { OpType = "MatMul", Input = { "v", "inside" }, Output = { "r" } });
        model.Functions.Add(function);
        var checkpoint = Open(model);

        var pruned = Pruner.Prune(checkpoint, Half);
        Assert.Equal([0, 0, 3, 4], Stored(pruned).Doubles("w"));
        Assert.Equal([false, true], pruned.Layers.Select(layer => layer.IsSelected));
        Assert.Contains(pruned.Diagnostics,
            diagnostic =>
            diagnostic.Message.EndsWith("lies inside a function of the model: it is left alone", StringComparison.Ordinal));
        Assert.Equal(checkpoint.Model.Functions, pruned.Model.Functions);

        var nodes = Half with { Structure = PruneStructure.Nodes, Shrink = true };
        AssertSame(checkpoint, nodes with { Shrink = false }, nodes);
        Assert.Equal([0, 0], Pruner.Prune(checkpoint, nodes).Layers.Select(layer => layer.UnitsCut));
    }

    private static ModelProto Shared()
    {
        var graph = new GraphBuilder("tied");
        var x = graph.Input("x", DataType.Float, "N", 2);
        graph.Initializer("w", [2, 2], [1f, 2f, 3f, 4f]);
        graph.AddNode("first", "MatMul", [x, "w"], ["a"]);
        graph.AddNode("relu", "Relu", ["a"], ["r"]);
        graph.AddNode("second", "Gemm", ["r", "w"], ["y"], [AttributeProto.Of("transB", 1)]);
        graph.Output("y", DataType.Float, "N", 2);
        return graph.Build(13, 7, "tests");
    }

    /// <summary>Three times one weight of 4 by 5, the third time transposed, and a stronger one of 4 by 2 and a half.</summary>
    private static ModelProto Copies()
    {
        float[] values = [.. Enumerable.Range(0, 20).Select(i => i % 3 == 0 ? -1f : 1f)];
        var graph = new GraphBuilder("copies");
        var x = graph.Input("x", DataType.Float, "N", 5);
        graph.Initializer("w1", [4, 5], values);
        graph.Initializer("w2", [4, 5], values);
        graph.Initializer("w3", [5, 4], [.. Enumerable.Range(0, 20).Select(i => values[i % 4 * 5 + i / 4])]);
        graph.Initializer("w4", [5, 2], [.. Enumerable.Range(0, 10).Select(i => 2f + i)]);
        graph.AddNode("first", "Gemm", [x, "w1"], ["a"], [AttributeProto.Of("transB", 1)]);
        graph.AddNode("between", "Relu", ["a"], ["r"]);
        graph.AddNode("second", "Gemm", [x, "w2"], ["b"], [AttributeProto.Of("transB", 1)]);
        graph.AddNode("sum", "Add", ["r", "b"], ["c"]);
        graph.AddNode("third", "Gemm", ["c", "w3"], ["d"], [AttributeProto.Of("transB", 1)]);
        graph.AddNode("last", "MatMul", ["d", "w4"], ["y"]);
        graph.Output("y", DataType.Float, "N", 2);
        return graph.Build(13, 7, "tests");
    }
}
