using Emergence.Checkpoints;
using Emergence.Pruning;
using Emergence.Tracing.Model;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>Which weights are pruned: the smallest, exactly as many as asked for.</summary>
public sealed class WeightPruningTests : PruningTests
{
    private static PruneOptions Half => new() { Amount = 0.5 };

    [Fact]
    public void the_original_is_not_changed()
    {
        var checkpoint = Open(Dense(1, -0.5f, 2, -1, 0.25f, 4));
        var before = ModelFile.Serialize(checkpoint.Model);
        Pruner.Prune(checkpoint, Half);
        Assert.Equal(before, ModelFile.Serialize(checkpoint.Model));
    }

    [Fact]
    public void ties_go_by_position() =>
        Assert.Equal([0, 0, 0, -1, 1, 1], Pruned([1, -1, 1, -1, 1, 1], Half));

    [Fact]
    public void zeros_of_either_sign_count_and_keep_their_bits()
    {
        var values = Pruned([-0f, 3, 0, 4, 5, 6], Half);
        Assert.Equal([0, 0, 0, 4, 5, 6], values);
        Assert.True(double.IsNegative(values[0]));
        Assert.Equal([1, 2, 0, 0, 0, 0], Pruned([1, 2, 0, 0, 0, 0], Half));
    }

    [Fact]
    public void an_amount_of_what_remains_comes_on_top_of_the_zeros()
    {
        Assert.Equal([0, 0, 0, 0, 5, 6], Pruned([0, 3, 0, 4, 5, 6], Half with { Of = PruneShare.Remaining }));
        var once = Open(Dense([1, 2, 3, 4, 5, 6]));
        var twice = Save(Pruner.Prune(once, Half));
        var record = PruningRecord.ReadAll(
            Pruner.Prune(Checkpoint.Open(twice), new PruneOptions { Amount = 1.0 / 3, Of = PruneShare.Remaining }).Model);
        Assert.Equal([3L, 4L], record.Select(entry => entry.Pruned));
        Assert.Equal(["total", "remaining"], record.Select(entry => entry.Of));
    }

    [Fact]
    public void what_is_no_number_is_never_the_smallest()
    {
        var checkpoint = Open(Dense([float.NaN, 2, float.NegativeInfinity, 4, 5, 6]));
        var pruned = Pruner.Prune(checkpoint, Half);
        Assert.Equal([double.NaN, 0, double.NegativeInfinity, 0, 0, 6], new StoredTensors(pruned.Model, null).Doubles("w"));
        Assert.Contains(pruned.Diagnostics, diagnostic => diagnostic.Message == "1 weights of 'w' are NaN: they are not pruned");
    }

    [Fact]
    public void quantized_weights_go_to_their_zero_point_by_their_real_magnitude()
    {
        // Per unit: zero points 128, 100, 3 and scales 1, 10, 0.01; real weights 2, -10, 1.0 and -3, 20, 0.05.
        var graph = new GraphBuilder("quantized");
        var x = graph.Input("x", DataType.Float, "N", 2);
        graph.Initializer(TensorValues.FromRaw("q", DataType.Uint8, [2, 3], [130, 99, 103, 125, 102, 8]));
        graph.Initializer("scale", [3], [1f, 10f, 0.01f]);
        graph.Initializer(TensorValues.FromRaw("zero", DataType.Uint8, [3], [128, 100, 3]));
        var w = graph.Node("DequantizeLinear", ["q", "scale", "zero"], AttributeProto.Of("axis", -1));
        graph.AddNode("layer", "MatMul", [x, w], ["y"]);
        graph.Output("y", DataType.Float, "N", 3);
        var pruned = Pruner.Prune(Open(graph.Build(13, 7, "tests")), Half);
        Assert.Equal([128, 99, 3, 125, 102, 3], new StoredTensors(pruned.Model, null).Doubles("q"));
        Assert.Equal((3, 0), (pruned.Zeros, pruned.Layers[0].ZerosBefore));
    }

    [Fact]
    public void A_zero_point_that_the_weights_cannot_hold_is_refused()
    {
        // A damaged file: the zero point is of another type than what it is a zero of.
        var graph = new GraphBuilder("damaged");
        var x = graph.Input("x", DataType.Float, "N", 2);
        graph.Initializer(TensorValues.FromRaw("q", DataType.Uint8, [2, 3], [130, 99, 103, 125, 102, 8]));
        graph.Initializer("scale", [3], [1f, 10f, 0.01f]);
        graph.Initializer("zero", [3], [1000f, -5f, float.NaN]);
        var w = graph.Node("DequantizeLinear", ["q", "scale", "zero"], AttributeProto.Of("axis", -1));
        graph.AddNode("layer", "MatMul", [x, w], ["y"]);
        graph.Output("y", DataType.Float, "N", 3);
        var refused = Assert.Throws<UserException>(() => Pruner.Prune(Open(graph.Build(13, 7, "tests")), Half));
        Assert.Equal(
            "model.onnx: tensor 'q': its type cannot hold the zero of its quantization; leave its layer out with --exclude",
            refused.Message);
    }

    [Fact]
    public void layers_are_chosen_by_name_and_the_output_can_be_kept()
    {
        var checkpoint = Open(Chain());
        static bool[] Chosen(PrunedModel pruned) => [.. pruned.Layers.Select(layer => layer.IsSelected)];
        Assert.Equal([true, true, true], Chosen(Pruner.Prune(checkpoint, Half)));
        Assert.Equal([true, true, false], Chosen(Pruner.Prune(checkpoint, Half with { KeepOutput = true })));
        Assert.Equal([false, true, true], Chosen(Pruner.Prune(checkpoint, Half with { Only = ["*2", "*3"] })));
        Assert.Equal([true, false, true], Chosen(Pruner.Prune(checkpoint, Half with { Exclude = ["layer2"] })));
        var missed = Assert.Throws<UsageException>(() => Pruner.Prune(checkpoint, Half with { Only = ["conv*"] }));
        Assert.StartsWith("--only", missed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void global_scope_takes_from_where_weights_are_small_and_layer_scope_from_each()
    {
        var checkpoint = Open(Chain());
        // The weights of layer k are all of magnitude k.
        Assert.Equal([4L, 2L, 0L], Pruner.Prune(checkpoint, Half).Layers.Select(layer => layer.Zeros));
        Assert.Equal([2L, 2L, 2L],
            Pruner.Prune(checkpoint, Half with { Scope = PruneScope.Layer }).Layers.Select(layer => layer.Zeros));
    }

    [Fact]
    public void biases_are_pruned_only_when_asked_for()
    {
        var checkpoint = Open(Dense(1, -0.5f, 2, -1, 0.25f, 4));
        Assert.Equal([0.125, 8, 0.0625], new StoredTensors(Pruner.Prune(checkpoint, Half).Model, null).Doubles("b"));
        var pruned =
            Pruner.Prune(checkpoint, new PruneOptions { Amount = 0.34, Parameters = [ParameterRole.Weight, ParameterRole.Bias] });
        Assert.Equal([0, 8, 0], new StoredTensors(pruned.Model, null).Doubles("b"));
        Assert.Equal((9, 3), (pruned.Weights, pruned.Zeros));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void an_amount_outside_the_range_is_refused(double amount) =>
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            Pruner.Prune(Open(Dense(1, -0.5f, 2, -1, 0.25f, 4)), new PruneOptions { Amount = amount }));

    private double[] Pruned(float[] weight, PruneOptions options) =>
        new StoredTensors(Pruner.Prune(Open(Dense(weight)), options).Model, Folder.Root).Doubles("w");

    private string Save(PrunedModel pruned)
    {
        var path = Folder.Path("pruned.onnx");
        ModelFile.Save(pruned.Model, path);
        return path;
    }

    private static ModelProto Dense(params float[] weight) =>
        StoredWeightTests.Dense(TensorValues.FromFloats("w", [2, 3], weight));

    private static ModelProto Chain()
    {
        var graph = new GraphBuilder("chain");
        var name = graph.Input("x", DataType.Float, "N", 2);
        for (var k = 1; k <= 3; k++)
        {
            graph.Initializer($"w{k}", [2, 2], [k, -k, k, -k]);
            graph.AddNode($"layer{k}", "MatMul", [name, $"w{k}"], [$"y{k}"]);
            name = $"y{k}";
        }
        graph.Output(name, DataType.Float, "N", 2);
        return graph.Build(13, 7, "tests");
    }
}
