using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>Shapes that follow from the inputs of an operator, and those that only a run shows: what
/// follows is traced either way.</summary>
public class UnknownShapeCases
{
    /// <summary>From <c>a</c>, [N, 6] behind a ReLU, to <c>t</c>, and the features of a sample there.</summary>
    private static readonly Dictionary<string, (Func<TinyModel, TinyModel> Op, int Features)> Cases = new()
    {
        ["TopK"] = (model => model.Longs("k", 4).Node("TopK", "a k", "t i"), 4),
        ["TopK of a number that is computed"] =
            (model => model.Longs("one", 1).Node("Shape", "a", "s", AttributeProto.Of("start", 1))
            .Longs("two", 2).Node("Div", "s two", "k").Node("TopK", "a k", "t i"), 3),
        ["GatherElements"] = (model =>
            model.Node("TopK", "a k", "v i").Longs("k", 2).Node("GatherElements", "a i", "t", AttributeProto.Of("axis", 1)), 2),
        ["GatherND"] = (model =>
            model.Node("Transpose", "a", "r")
                .Initializer("i", [3, 1], [5, 0, 5], DataType.Int64)
                .Node("GatherND", "r i", "g")
                .Node("Transpose", "g", "t"), 3),
        ["Compress"] = (model =>
            model.Initializer("c", [6], [1, 0, 1, 1, 0, 0], DataType.Bool)
                .Node("Compress", "a c", "t", AttributeProto.Of("axis", 1)), 3),
        ["a random choice"] = (model =>
            model.Node("Multinomial", "a", "i", AttributeProto.Of("sample_size", 5), AttributeProto.Of("dtype", 7),
                new AttributeProto { Name = "seed", Type = AttributeProto.Types.AttributeType.Float, F = 1 })
            .Node("Cast", "i", "t", AttributeProto.Of("to", 1)), 5),
        ["columns from an image"] =
            (model => model.Longs("all", 0, 3, 2).Node("Reshape", "a all", "r").Longs("image", 4, 1).Longs("block", 3, 1)
            .Node("Col2Im", "r image block", "c").Node("Flatten", "c", "t"), 4),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void what_follows_is_traced(string name)
    {
        var (op, features) = Cases[name];
        var tiny = new TinyModel(18).Input("x", [null, 4]).Weight("w", 4, 6).Node("MatMul", "x w", "h").Node("Relu", "h", "a");
        TracedRun.Holds(op(tiny).Weight("u", features, 3).Node("MatMul", "t u", "y").Output("y"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul - y [B C3] n=3 m=3 (u)
            0>1
            """);
    }

    [Fact]
    public void one_hot_words_are_looked_up_by_a_product() => TracedRun.Holds(
        new TinyModel(13)
            .Input("ids", [null, 5], DataType.Int64)
            .Initializer("depth", [], [7], DataType.Int64)
            .Initializer("values", [2], [0, 1])
            .Node("OneHot", "ids depth values", "t").Weight("u", 7, 3).Node("MatMul", "t u", "y").Output("y"), """
        MatMul - y [B S5 C3] n=3 m=3 (u)
        """);

    [Fact]
    public void a_table_that_GatherND_reads_is_an_embedding() => TracedRun.Holds(
        new TinyModel(13).Input("ids", [null, 5, 1], DataType.Int64).Weight("table", 7, 4).Node("GatherND", "table ids", "e")
            .Weight("u", 4, 3).Node("MatMul", "e u", "y").Output("y"), """
        GatherND - e [B S5 C4] n=4 m=4 (table)
        MatMul - y [B S5 C3] n=3 m=3 (u)
        0>1
        """);

    /// <summary>The number of rows depends on the samples: they count as samples.</summary>
    [Fact]
    public void rows_that_a_mask_selects_are_samples()
    {
        var tiny = new TinyModel(13)
            .Input("x", [4, 5], batchAxis: -1)
            .Weight("w", 5, 6)
            .Node("MatMul", "x w", "h")
            .Node("Relu", "h", "a")
            .Node("ReduceMax", "x", "m", AttributeProto.Of("axes", [1L]), AttributeProto.Of("keepdims", 0))
                .Scalar("low", -2)
                .Node("Greater", "m low", "c")
            .Node("Compress", "a c", "t", AttributeProto.Of("axis", 0)).Weight("u", 6, 3).Node("MatMul", "t u", "y").Output("y");
        TracedRun.Holds(tiny, """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul - y [B C3] n=3 m=3 (u)
            0>1
            """);
    }
}
