using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Pruning;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>Weights keep the form they are stored in, and what lies beside the model comes along.</summary>
public sealed class StoredWeightTests : PruningTests
{
    private static PruneOptions Half => new() { Amount = 0.5 };

    // The one weight of the tiny models, 2 inputs by 3 units; a half of it goes: 0.25, -0.5 and one of the ones.
    private static readonly float[] Weight = [1, -0.5f, 2, -1, 0.25f, 4];
    private static readonly double[] HalfPruned = [0, 0, 2, -1, 0, 4];

    public static TheoryData<string> Forms =>
        ["raw", "typed", "double", "float16", "float16 typed", "bfloat16", "external", "sparse", "constant"];

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
        var path = Folder.Path("pruned.onnx");
        PrunedFile.Save(pruned.Model, checkpoint.Directory, path);
        Assert.NotEmpty(ModelRun.Outputs(path));
    }

    [Fact]
    public void external_data_that_stays_is_copied_beside_the_result()
    {
        var checkpoint = Open(TwoExternal());
        var path = Folder.Path("elsewhere", "pruned.onnx");
        Directory.CreateDirectory(Folder.Path("elsewhere"));
        var pruned = Pruner.Prune(checkpoint, Half with { Only = ["first"] });
        PrunedFile.Save(pruned.Model, checkpoint.Directory, path);
        Assert.Equal(File.ReadAllBytes(Folder.Path("sub", "w.bin")), File.ReadAllBytes(Folder.Path("elsewhere", "sub", "w.bin")));
        Assert.False(ExternalData.IsExternal(pruned.Model.Graph.Initializer[0]));
        Assert.True(ExternalData.IsExternal(pruned.Model.Graph.Initializer[1]));
        Assert.NotEmpty(ModelRun.Outputs(path));
        // Again: what lies there already is the same.
        PrunedFile.Save(pruned.Model, checkpoint.Directory, path);
        File.WriteAllBytes(Folder.Path("elsewhere", "sub", "w.bin"), new byte[32]);
        var error = Assert.Throws<UserException>(() => PrunedFile.Save(pruned.Model, checkpoint.Directory, path));
        Assert.Contains("differs from the external data", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void nothing_is_left_behind_when_the_model_cannot_be_written()
    {
        var checkpoint = Open(TwoExternal());
        var target = Folder.Path("elsewhere");
        Directory.CreateDirectory(Path.Combine(target, "pruned.onnx"));
        var pruned = Pruner.Prune(checkpoint, Half with { Only = ["first"] });
        Assert.Throws<UserException>(() =>
            PrunedFile.Save(pruned.Model, checkpoint.Directory, Path.Combine(target, "pruned.onnx")));
        Assert.Empty(Directory.GetFiles(target, "*", SearchOption.AllDirectories));
    }

    private ModelProto Dense(string form)
    {
        double[] values = [.. Weight.Select(value => (double)value)];
        TensorProto Of(DataType type, int width) =>
            TensorValues.WithDoubles(TensorValues.FromRaw("w", type, [2, 3], new byte[6 * width]), values);
        switch (form)
        {
            case "raw":
                return Dense(TensorValues.FromFloats("w", [2, 3], Weight));
            case "typed":
                return Dense(
                    new TensorProto { Name = "w", DataType = (int)DataType.Float, Dims = { 2, 3 }, FloatData = { Weight } });
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
                Folder.Write("w.bin", TensorValues.ToRaw(TensorValues.FromFloats("w", [2, 3], Weight), null));
                return Dense(TinyModels.ExternalTensor("w", DataType.Float, [2, 3], "w.bin"));
            case "sparse":
                var sparse = Dense(TensorValues.FromFloats("w", [2, 3], Weight));
                sparse.Graph.Initializer.RemoveAt(0);
                sparse.Graph.SparseInitializer.Add(new SparseTensorProto
                {
                    Dims = { 2, 3 },
                    Values = TensorValues.FromFloats("w", [6], Weight),
                    Indices = TensorValues.FromLongs("at", [6, 2], [0, 0, 0, 1, 0, 2, 1, 0, 1, 1, 1, 2]),
                });
                return sparse;
            case "constant":
                var constant = Dense(TensorValues.FromFloats("w", [2, 3], Weight));
                var tensor = constant.Graph.Initializer[0].Clone();
                constant.Graph.Initializer.RemoveAt(0);
                constant.Graph.Node.Insert(0,
                    new NodeProto { OpType = "Constant", Output = { "w" }, Attribute = { AttributeProto.Of("value", tensor) } });
                return constant;
            default:
                throw new ArgumentOutOfRangeException(nameof(form));
        }
    }

    /// <summary>y = Relu(x W + b) in the type of W, cast at both ends.</summary>
    internal static ModelProto Dense(TensorProto weight)
    {
        var type = (DataType)weight.DataType;
        var graph = new GraphBuilder("dense");
        var x = graph.Input("x", DataType.Float, "N", 2);
        graph.Initializer(weight);
        graph.Initializer("b", [3], [0.125f, 8, 0.0625f]);
        // The runtime's CPU kernels multiply float and double only.
        var w = type is DataType.Float or DataType.Double
            ? "w"
            : graph.Node("Cast", ["w"], AttributeProto.Of("to", (long)DataType.Float));
        var data = type == DataType.Double ? graph.Node("Cast", [x], AttributeProto.Of("to", (long)DataType.Double)) : x;
        var product = graph.Node("MatMul", [data, w]);
        if (type == DataType.Double)
            product = graph.Node("Cast", [product], AttributeProto.Of("to", (long)DataType.Float));
        graph.AddNode("activation", "Relu", [graph.Node("Add", [product, "b"])], ["y"]);
        graph.Output("y", DataType.Float, "N", 3);
        return graph.Build(opset: 17, ir: 8, producer: "tests");
    }

    private ModelProto TwoExternal()
    {
        Folder.Write("sub/w.bin", [.. TensorValues.ToRaw(TensorValues.FromFloats("w", [8], [1, 2, 3, 4, 5, 6, 7, 8]), null)]);
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
