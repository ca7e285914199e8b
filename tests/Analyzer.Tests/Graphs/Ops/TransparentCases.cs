using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>Operators that move, pool, copy or convert between two layers: nothing changes but the second one's inputs.</summary>
public class TransparentCases
{
    /// <summary>From <c>a</c>, [N, 4, 4, 4] behind a ReLU, to <c>t</c>, and how many elements a sample then has.</summary>
    private static readonly Dictionary<string, (Func<TinyModel, TinyModel> Op, long Features)> Cases = new()
    {
        ["MaxPool"] = (model => model.Node("MaxPool", "a", "t", Ints("kernel_shape", 2, 2), Ints("strides", 2, 2)), 16),
        ["MaxPool, rounded up"] = (model =>
            model.Node("MaxPool", "a", "t", Ints("kernel_shape", 3, 3), Ints("strides", 2, 2),
                AttributeProto.Of("ceil_mode", 1)), 16),
        ["AveragePool"] =
            (model => model.Node("AveragePool", "a", "t", Ints("kernel_shape", 3, 3), Ints("pads", 1, 1, 1, 1)), 64),
        ["LpPool"] = (model => model.Node("LpPool", "a", "t", Ints("kernel_shape", 2, 2)), 36),
        ["GlobalAveragePool"] = (model => model.Node("GlobalAveragePool", "a", "t"), 4),
        ["GlobalMaxPool"] = (model => model.Node("GlobalMaxPool", "a", "t"), 4),
        ["GlobalLpPool"] = (model => model.Node("GlobalLpPool", "a", "t"), 4),
        ["ReduceMean over positions"] = (model => model.Node("ReduceMean", "a", "t", Ints("axes", 2, 3)), 4),
        ["ReduceMax, axes gone"] =
            (model => model.Node("ReduceMax", "a", "t", Ints("axes", -1), AttributeProto.Of("keepdims", 0)), 16),
        ["ReduceSum"] = (model => model.Longs("axes", 2, 3).Node("ReduceSum", "a axes", "t"), 4),
        ["ReduceL2"] = (model => model.Node("ReduceL2", "a", "t", Ints("axes", 2, 3)), 4),
        ["Reshape"] = (model => model.Longs("s", 0, 16, 4).Node("Reshape", "a s", "t"), 64),
        ["Flatten"] = (model => model.Node("Flatten", "a", "t"), 64),
        ["Unsqueeze and Squeeze"] = (model => model.Longs("s", 2).Node("Unsqueeze", "a s", "u").Node("Squeeze", "u s", "t"), 64),
        ["Transpose"] = (model => model.Node("Transpose", "a", "t", Ints("perm", 0, 2, 3, 1)), 64),
        ["SpaceToDepth"] = (model => model.Node("SpaceToDepth", "a", "t", AttributeProto.Of("blocksize", 2)), 64),
        ["DepthToSpace"] = (model => model.Node("DepthToSpace", "a", "t", AttributeProto.Of("blocksize", 2)), 64),
        ["Dropout"] = (model => model.Node("Dropout", "a", "t"), 64),
        ["Identity"] = (model => model.Node("Identity", "a", "t"), 64),
        ["Cast"] = (model =>
            model.Node("Cast", "a", "d", AttributeProto.Of("to", 11)).Node("Cast", "d", "t", AttributeProto.Of("to", 1)), 64),
        ["Pad"] = (model => model.Longs("p", 0, 0, 1, 0, 0, 0, 1, 2).Node("Pad", "a p", "t"), 144),
        ["Resize"] = (model => model.Initializer("k", [4], [1, 1, 2, 2]).Node("Resize", "a  k", "t"), 256),
        ["Resize to sizes"] = (model =>
            model.Longs("k", 3, 4, 2, 3)
                .Node("Shape", "a", "shape")
                .Longs("zero", 0)
                .Longs("one", 1)
                .Node("Slice", "shape zero one", "n")
            .Longs("chw", 4, 2, 3)
                .Node("Concat", "n chw", "sizes", AttributeProto.Of("axis", 0))
                .Node("Resize", "a   sizes", "t"), 24),
        ["Slice of positions"] =
            (model => model.Longs("from", 1).Longs("to", 3).Longs("axis", 2).Node("Slice", "a from to axis", "t"), 32),
        ["Slice of channels"] =
            (model => model.Longs("from", 0).Longs("to", 3).Longs("axis", 1).Node("Slice", "a from to axis", "t"), 48),
        ["Split, one part used"] = (model => model.Node("Split", "a", "t t2", AttributeProto.Of("axis", 3)), 32),
        ["Split, parts summed"] =
            (model => model.Node("Split", "a", "t1 t2", AttributeProto.Of("axis", 1)).Node("Add", "t1 t2", "t"), 32),
        ["Gather of positions"] = (model => model.Longs("i", 3, 0).Node("Gather", "a i", "t", AttributeProto.Of("axis", 2)), 32),
        ["Gather of channels"] =
            (model => model.Longs("i", 3, 0, 1).Node("Gather", "a i", "t", AttributeProto.Of("axis", 1)), 48),
        ["Gather of one position"] = (model =>
            model.Initializer("i", [], [2], DataType.Int64).Node("Gather", "a i", "t", AttributeProto.Of("axis", 2)), 16),
        ["Expand"] = (model =>
            model.Longs("axes", 1).Node("Unsqueeze", "a axes", "u").Longs("s", 1, 2, 1, 1, 1).Node("Expand", "u s", "t"), 128),
        ["Tile"] = (model => model.Longs("r", 1, 1, 2, 1).Node("Tile", "a r", "t"), 128),
        ["CumSum"] = (model => model.Initializer("axis", [], [2], DataType.Int64).Node("CumSum", "a axis", "t"), 64),
        ["scaling after a ReLU"] = (model => model.Scalar("k", 0.5).Node("Mul", "a k", "t"), 64),
        ["a tensor shape written into a Reshape"] =
            (model => model.Node("Shape", "a", "shape").Longs("zero", 0).Longs("one", 1).Node("Slice", "shape zero one", "n")
            .Longs("rest", -1).Node("Concat", "n rest", "s", AttributeProto.Of("axis", 0)).Node("Reshape", "a s", "t"), 64),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void changes_neither_layer(string name)
    {
        var (op, features) = Cases[name];
        var model = new TinyModel(13)
            .Input("x", [null, 2, 6, 6])
            .Weight("w", 4, 2, 3, 3)
            .Node("Conv", "x w", "h")
            .Node("Relu", "h", "a");
        TracedRun.Holds(op(model).Node("Flatten", "t", "f").Weight("v", features, 3).Node("MatMul", "f v", "y").Output("y"), """
            Conv Relu a [B C4 P4 P4] n=64 m=4 (w)
            MatMul - y [B C3] n=3 m=3 (v)
            0>1
            """);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(9)]
    public void upsample_of_older_opsets_is_transparent(int opset)
    {
        var model = new TinyModel(opset)
            .Input("x", [null, 2, 6, 6])
            .Weight("w", 4, 2, 3, 3)
            .Node("Conv", "x w", "h")
            .Node("Relu", "h", "a");
        model = opset < 9 ? model.Node("Upsample", "a", "t", AttributeProto.Of("scales", [1f, 1f, 2f, 1f]))
            : model.Initializer("k", [4], [1, 1, 2, 1]).Node("Upsample", "a k", "t");
        TracedRun.Holds(model.Weight("v", 3, 4, 1, 1).Node("Conv", "t v", "y").Output("y"), """
            Conv Relu a [B C4 P4 P4] n=64 m=4 (w)
            Conv - y [B C3 P8 P4] n=96 m=3 (v)
            0>1
            """);
    }

    [Theory]
    [InlineData(7, "Pad")]
    [InlineData(7, "Slice")]
    [InlineData(7, "Squeeze")]
    public void attributes_of_older_opsets_are_read(int opset, string op)
    {
        var model = new TinyModel(opset)
            .Input("x", [null, 2, 6, 6])
            .Weight("w", 4, 2, 3, 3)
            .Node("Conv", "x w", "h")
            .Node("Relu", "h", "a");
        var (with, features) = op switch
        {
            "Pad" => (model.Node("Pad", "a", "t", Ints("pads", 0, 0, 1, 1, 0, 0, 1, 1)), 144L),
            "Slice" => (model.Node("Slice", "a", "t", Ints("starts", 1), Ints("ends", 1000), Ints("axes", 2)), 48L),
            _ => (model.Node("Unsqueeze", "a", "u", Ints("axes", 1)).Node("Squeeze", "u", "t", Ints("axes", 1)), 64L),
        };
        TracedRun.Holds(with.Node("Flatten", "t", "f").Weight("v", features, 3).Node("MatMul", "f v", "y").Output("y"), """
            Conv Relu a [B C4 P4 P4] n=64 m=4 (w)
            MatMul - y [B C3] n=3 m=3 (v)
            0>1
            """);
    }

    [Fact]
    public void pooling_before_the_activation_function_leaves_the_layer_its_own_nodes() => TracedRun.Holds(
        new TinyModel(13).Input("x", [null, 2, 6, 6]).Weight("w", 4, 2, 3, 3).Node("Conv", "x w", "h")
            .Node("MaxPool", "h", "p", Ints("kernel_shape", 2, 2), Ints("strides", 2, 2)).Node("Relu", "p", "y").Output("y"), """
        Conv Relu h [B C4 P4 P4] n=64 m=4 (w)
        """);

    private static AttributeProto Ints(string name, params long[] values) => AttributeProto.Of(name, values);

    /// <summary>Where samples run one at a time, each is several rows all the same.</summary>
    [Theory]
    [InlineData("Tile", 5, 1)]
    [InlineData("Expand", 5, 6)]
    public void rows_that_are_made_of_one_sample_are_added_up(string op, long rows, long columns) => TracedRun.Holds(
        new TinyModel(13).Input("x", [1, 4]).Weight("w", 4, 6).Weight("v", 6, 3).Longs("sizes", rows, columns)
            .Node("MatMul", "x w", "h").Node("Relu", "h", "a").Node(op, "a sizes", "t").Node("MatMul", "t v", "y").Output("y"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul - y [B C3] n=3 m=3 (v)
            0>1
            """);
}
