using Emergence.Analyzer.Graphs;
using Emergence.Analyzer.Pruning;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Pruning;

public sealed class WeightPruningTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static PruneOptions Half => new() { Amount = 0.5 };

    // The one weight of the tiny models, 2 inputs by 3 units; a half of it goes: 0.25, -0.5 and one of the ones.
    private static readonly float[] Weight = [1, -0.5f, 2, -1, 0.25f, 4];
    private static readonly double[] HalfPruned = [0, 0, 2, -1, 0, 4];

    public static TheoryData<string> Forms => ["raw", "typed", "double", "float16", "float16 typed", "bfloat16", "external", "sparse", "constant"];

    [Theory]
    [MemberData(nameof(Forms))]
    public void every_form_of_storage_is_pruned_and_kept(string form)
    {
        var checkpoint = Open(Dense(form));
        var pruned = Pruner.Prune(checkpoint, Half);
        var stored = new StoredTensors(pruned.Model, checkpoint.Directory);
        Assert.Equal(HalfPruned, stored.Doubles("w"));
        Assert.Equal(new StoredTensors(checkpoint.Model, checkpoint.Directory).ElementType("w"), stored.ElementType("w"));
        Assert.Equal((6, 3), (pruned.Weights, pruned.Zeros));
        Assert.Equal(checkpoint.Model.Graph.Node.Count, pruned.Model.Graph.Node.Count);
        Assert.Equal(checkpoint.Model.Graph.SparseInitializer.Count, pruned.Model.Graph.SparseInitializer.Count);
        var path = folder.Path("pruned.onnx");
        PrunedFile.Save(pruned.Model, checkpoint.Directory, path);
        Assert.NotEmpty(ModelRun.Outputs(path));
    }

    [Fact]
    public void the_original_is_not_changed()
    {
        var checkpoint = Open(Dense("raw"));
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
        var record = PruningRecord.ReadAll(Pruner.Prune(Checkpoint.Open(twice), new PruneOptions { Amount = 1.0 / 3, Of = PruneShare.Remaining }).Model);
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
    public void quantised_weights_go_to_their_zero_point_by_their_real_magnitude()
    {
        // Per unit: zero points 128, 100, 3 and scales 1, 10, 0.01; real weights 2, -10, 1.0 and -3, 20, 0.05.
        var graph = new GraphBuilder("quantised");
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
        Assert.Equal([2L, 2L, 2L], Pruner.Prune(checkpoint, Half with { Scope = PruneScope.Layer }).Layers.Select(layer => layer.Zeros));
    }

    [Fact]
    public void biases_are_pruned_only_when_asked_for()
    {
        var checkpoint = Open(Dense("raw"));
        Assert.Equal([0.125, 8, 0.0625], new StoredTensors(Pruner.Prune(checkpoint, Half).Model, null).Doubles("b"));
        var pruned = Pruner.Prune(checkpoint, new PruneOptions { Amount = 0.34, Parameters = [ParameterRole.Weight, ParameterRole.Bias] });
        Assert.Equal([0, 8, 0], new StoredTensors(pruned.Model, null).Doubles("b"));
        Assert.Equal((9, 3), (pruned.Weights, pruned.Zeros));
    }

    [Fact]
    public void external_data_that_stays_is_copied_beside_the_result()
    {
        var checkpoint = Open(TwoExternal());
        var path = folder.Path("elsewhere", "pruned.onnx");
        Directory.CreateDirectory(folder.Path("elsewhere"));
        var pruned = Pruner.Prune(checkpoint, Half with { Only = ["first"] });
        PrunedFile.Save(pruned.Model, checkpoint.Directory, path);
        Assert.Equal(File.ReadAllBytes(folder.Path("sub", "w.bin")), File.ReadAllBytes(folder.Path("elsewhere", "sub", "w.bin")));
        Assert.False(ExternalData.IsExternal(pruned.Model.Graph.Initializer[0]));
        Assert.True(ExternalData.IsExternal(pruned.Model.Graph.Initializer[1]));
        Assert.NotEmpty(ModelRun.Outputs(path));
        // Again: what lies there already is the same.
        PrunedFile.Save(pruned.Model, checkpoint.Directory, path);
        File.WriteAllBytes(folder.Path("elsewhere", "sub", "w.bin"), new byte[32]);
        var error = Assert.Throws<UserException>(() => PrunedFile.Save(pruned.Model, checkpoint.Directory, path));
        Assert.Contains("differs from the external data", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void nothing_is_left_behind_when_the_model_cannot_be_written()
    {
        var checkpoint = Open(TwoExternal());
        var target = folder.Path("elsewhere");
        Directory.CreateDirectory(Path.Combine(target, "pruned.onnx"));
        var pruned = Pruner.Prune(checkpoint, Half with { Only = ["first"] });
        Assert.Throws<UserException>(() => PrunedFile.Save(pruned.Model, checkpoint.Directory, Path.Combine(target, "pruned.onnx")));
        Assert.Empty(Directory.GetFiles(target, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void an_amount_outside_the_range_is_refused(double amount) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Pruner.Prune(Open(Dense("raw")), new PruneOptions { Amount = amount }));

    private double[] Pruned(float[] weight, PruneOptions options) =>
        new StoredTensors(Pruner.Prune(Open(Dense(weight)), options).Model, folder.Root).Doubles("w");

    private Checkpoint Open(ModelProto model)
    {
        var path = folder.Path("model.onnx");
        ModelFile.Save(model, path);
        return Checkpoint.Open(path);
    }

    private string Save(PrunedModel pruned)
    {
        var path = folder.Path("pruned.onnx");
        ModelFile.Save(pruned.Model, path);
        return path;
    }

    private ModelProto Dense(float[] weight) => Dense(TensorValues.FromFloats("w", [2, 3], weight));

    private ModelProto Dense(string form)
    {
        double[] values = [.. Weight.Select(value => (double)value)];
        TensorProto Of(DataType type, int width) =>
            TensorValues.WithDoubles(TensorValues.FromRaw("w", type, [2, 3], new byte[6 * width]), values);
        switch (form)
        {
            case "raw":
                return Dense(Weight);
            case "typed":
                return Dense(new TensorProto { Name = "w", DataType = (int)DataType.Float, Dims = { 2, 3 }, FloatData = { Weight } });
            case "double":
                return Dense(Of(DataType.Double, 8));
            case "float16":
                return Dense(Of(DataType.Float16, 2));
            case "float16 typed":
                return Dense(new TensorProto
                {
                    Name = "w",
                    DataType = (int)DataType.Float16,
                    Dims = { 2, 3 },
                    Int32Data = { Weight.Select(value => (int)BitConverter.HalfToUInt16Bits((Half)value)) },
                });
            case "bfloat16":
                return Dense(Of(DataType.Bfloat16, 2));
            case "external":
                folder.Write("w.bin", TensorValues.ToRaw(TensorValues.FromFloats("w", [2, 3], Weight), null));
                return Dense(TinyModels.ExternalTensor("w", DataType.Float, [2, 3], "w.bin"));
            case "sparse":
                var sparse = Dense(Weight);
                sparse.Graph.Initializer.RemoveAt(0);
                sparse.Graph.SparseInitializer.Add(new SparseTensorProto
                {
                    Dims = { 2, 3 },
                    Values = TensorValues.FromFloats("w", [6], Weight),
                    Indices = TensorValues.FromLongs("at", [6, 2], [0, 0, 0, 1, 0, 2, 1, 0, 1, 1, 1, 2]),
                });
                return sparse;
            case "constant":
                var constant = Dense(Weight);
                var tensor = constant.Graph.Initializer[0].Clone();
                constant.Graph.Initializer.RemoveAt(0);
                constant.Graph.Node.Insert(0, new NodeProto { OpType = "Constant", Output = { "w" }, Attribute = { AttributeProto.Of("value", tensor) } });
                return constant;
            default:
                throw new ArgumentOutOfRangeException(nameof(form));
        }
    }

    /// <summary>y = Relu(x W + b) in the type of W, cast at both ends.</summary>
    private static ModelProto Dense(TensorProto weight)
    {
        var type = (DataType)weight.DataType;
        var graph = new GraphBuilder("dense");
        var x = graph.Input("x", DataType.Float, "N", 2);
        graph.Initializer(weight);
        graph.Initializer("b", [3], [0.125f, 8, 0.0625f]);
        // The runtime's CPU kernels multiply float and double only.
        var w = type is DataType.Float or DataType.Double ? "w" : graph.Node("Cast", ["w"], AttributeProto.Of("to", (long)DataType.Float));
        var data = type == DataType.Double ? graph.Node("Cast", [x], AttributeProto.Of("to", (long)DataType.Double)) : x;
        var product = graph.Node("MatMul", [data, w]);
        if (type == DataType.Double)
            product = graph.Node("Cast", [product], AttributeProto.Of("to", (long)DataType.Float));
        graph.AddNode("activation", "Relu", [graph.Node("Add", [product, "b"])], ["y"]);
        graph.Output("y", DataType.Float, "N", 3);
        return graph.Build(opset: 17, ir: 8, producer: "tests");
    }

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

    private ModelProto TwoExternal()
    {
        folder.Write("sub/w.bin", [.. TensorValues.ToRaw(TensorValues.FromFloats("w", [8], [1, 2, 3, 4, 5, 6, 7, 8]), null)]);
        var graph = new GraphBuilder("external");
        var x = graph.Input("x", DataType.Float, "N", 2);
        graph.Initializer(TinyModels.ExternalTensor("w1", DataType.Float, [2, 2], "sub/w.bin", 0, 16));
        graph.Initializer(TinyModels.ExternalTensor("w2", DataType.Float, [2, 2], "sub/w.bin", 16, 16));
        graph.AddNode("first", "MatMul", [x, "w1"], ["a"]);
        graph.AddNode("second", "MatMul", ["a", "w2"], ["y"]);
        graph.Output("y", DataType.Float, "N", 2);
        return graph.Build(13, 7, "tests");
    }
}
