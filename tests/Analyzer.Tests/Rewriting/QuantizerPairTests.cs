using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Tracing.Networks;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Rewriting;

/// <summary>
/// A quantizer is read behind, dequantized, wherever its integers are made numbers again, and whatever stands between: a
/// pooling, a part, an operator on integers.
/// </summary>
public sealed class QuantizerPairTests : IDisposable
{
    private const string Quantize = "QuantizeLinear", Dequantize = "DequantizeLinear";

    private static readonly AttributeProto Pool = AttributeProto.Of("kernel_shape", [2L, 2L]);
    private static readonly AttributeProto Float = AttributeProto.Of("to", (int)DataType.Float);
    private static readonly AttributeProto Channels = AttributeProto.Of("axis", 1);

    /// <summary>From a convolution <c>h</c> to <c>a</c>; the first of each group says what the others are.</summary>
    private static readonly Dictionary<string, Func<TinyModel, TinyModel>[]> Pooled = new()
    {
        ["max-pooling behind DequantizeLinear"] =
        [
            model => model.Node(Quantize, "h s z", "q").Node(Dequantize, "q s z", "d").Node("MaxPool", "d", "a", Pool),
            model => model.Node(Quantize, "h s z", "q").Node("MaxPool", "q", "p", Pool).Node(Dequantize, "p s2 z2", "a"),
            model => model.Node("MaxPool", "h", "p", Pool).Node(Quantize, "p s z", "q").Node(Dequantize, "q s z", "a"),
            model => model.Node(Quantize, "h s z", "q").Node("MaxPool", "q", "p", Pool).Node("Cast", "p", "f", Float)
                .Node("Sub", "f zero", "c").Node("Mul", "c s", "a"),
            model => Rounded(model, "h", "r").Node("MaxPool", "r", "p", Pool).Node("Mul", "p s", "a"),
        ],
        ["a function between quantizer and pooling"] =
        [
            model => model.Node(Quantize, "h s z", "q").Node(Dequantize, "q s z", "d").Node("Relu", "d", "r")
                .Node("MaxPool", "r", "a", Pool),
            model => model.Node(Quantize, "h s z", "q").Node("MaxPool", "q", "p", Pool).Node(Dequantize, "p s z", "d")
                .Node("Relu", "d", "a"),
            model => model.Node(Quantize, "h s z", "q").Node("MaxPool", "q", "p", Pool).Node("Max", "p z", "m")
                .Node(Dequantize, "m s z", "a"),
        ],
        ["a function in front of the quantizer"] =
        [
            model => model.Node("Relu", "h", "r").Node(Quantize, "r s z", "q").Node(Dequantize, "q s z", "d")
                .Node("MaxPool", "d", "a", Pool),
            model => model.Node("Relu", "h", "r").Node(Quantize, "r s z", "q").Node("MaxPool", "q", "p", Pool)
                .Node(Dequantize, "p s z", "a"),
            model => model.Node("Relu", "h", "r").Node("MaxPool", "r", "p", Pool).Node(Quantize, "p s z", "q")
                .Node(Dequantize, "q s z", "a"),
        ],
        ["parts"] =
        [
            model => Halves(model.Node(Quantize, "h s z", "q").Node(Dequantize, "q s z", "d"), "d", "k l")
                .Node("Concat", "l k", "a", Channels),
            model => Halves(model.Node(Quantize, "h s z", "q"), "q", "k l").Node(Dequantize, "k s z", "dk")
                .Node(Dequantize, "l s z", "dl").Node("Concat", "dl dk", "a", Channels),
            model => Halves(model.Node(Quantize, "h s z", "q"), "q", "k l").Node("Concat", "l k", "c", Channels)
                .Node(Dequantize, "c s z", "a"),
            model => Halves(model, "h", "k l").Node(Quantize, "k s z", "qk").Node(Dequantize, "qk s z", "dk")
                .Node(Quantize, "l s z", "ql").Node(Dequantize, "ql s z", "dl").Node("Concat", "dl dk", "a", Channels),
        ],
        ["one part"] =
        [
            model => model.Node(Quantize, "h s z", "q").Node(Dequantize, "q s z", "d").Node("Slice", "d from to one", "a"),
            model => model.Node(Quantize, "h s z", "q").Node("Slice", "q from to one", "p").Node(Dequantize, "p s z", "a"),
        ],
        ["a scale for each channel"] =
        [
            model => model.Node(Quantize, "h se ze", "q").Node(Dequantize, "q se ze", "d").Node("MaxPool", "d", "a", Pool),
            model => model.Node(Quantize, "h se ze", "q").Node("MaxPool", "q", "p", Pool).Node(Dequantize, "p se ze", "a"),
            model => model.Node("MaxPool", "h", "p", Pool).Node(Quantize, "p se ze", "q").Node(Dequantize, "q se ze", "a"),
        ],
    };

    /// <summary>From quantized numbers <c>qx</c> by a quantized convolution to <c>a</c>.</summary>
    private static readonly Dictionary<string, Func<TinyModel, TinyModel>[]> Integer = new()
    {
        ["max-pooling of integers"] =
        [
            model => model.Node(Dequantize, "h s z", "d").Node("MaxPool", "d", "a", Pool),
            model => model.Node("MaxPool", "h", "p", Pool).Node(Dequantize, "p s2 z2", "a"),
            model => model.Node("MaxPool", "h", "p", Pool).Node("Cast", "p", "f", Float).Node("Sub", "f zero", "c")
                .Node("Mul", "c s", "a"),
        ],
        ["a part of integers"] =
        [
            model => model.Node(Dequantize, "h s z", "d").Node("Slice", "d from to one", "a"),
            model => model.Node("Slice", "h from to one", "p").Node(Dequantize, "p s z", "a"),
        ],
        ["a function behind"] =
        [
            model => model.Node(Dequantize, "h s z", "d").Node("MaxPool", "d", "p", Pool).Node("Relu", "p", "a"),
            model => model.Node("MaxPool", "h", "p", Pool).Node(Dequantize, "p s z", "d").Node("Relu", "d", "a"),
        ],
        ["a function behind what is joined"] =
        [
            model => Halves(model, "h", "k l").Node("Concat", "l k", "c", Channels).Node(Dequantize, "c s z", "d")
                .Node("Relu", "d", "a"),
            model => model.Node(Dequantize, "h s z", "d").Node("Relu", "d", "r").Node("Gather", "r swapped", "a", Channels),
        ],
        ["another scale"] =
        [
            model => model.Node(Dequantize, "h s z", "d").Node("MaxPool", "d", "p", Pool).Node("Mul", "p two", "a"),
            model => model.Node("MaxPool", "h", "p", Pool).Node(Dequantize, "p s3 z", "a"),
        ],
    };

    /// <summary>From quantized rows <c>q</c> to <c>y</c>.</summary>
    private static readonly Dictionary<string, Func<TinyModel, TinyModel>[]> Products = new()
    {
        ["MatMulInteger"] =
        [
            model => model.Node(Quantize, "h s z", "q").Node(Dequantize, "q s z", "d").Node(Dequantize, "v vs vz", "dv")
                .Node("MatMul", "d dv", "y"),
            model => model.Node(Quantize, "h s z", "q").Node("MatMulInteger", "q v z vz", "i").Node("Cast", "i", "f", Float)
                .Node("Mul", "f k", "y"),
        ],
        ["QLinearMatMul"] =
        [
            model => model.Node("Relu", "h", "r").Node(Quantize, "r s z", "q").Node(Dequantize, "q s z", "d")
                .Node(Dequantize, "v vs vz", "dv").Node("MatMul", "d dv", "m").Node(Quantize, "m ys yz", "i")
                .Node(Dequantize, "i ys yz", "y"),
            model => model.Node("Relu", "h", "r").Node(Quantize, "r s z", "q").Node("QLinearMatMul", "q s z v vs vz ys yz", "i")
                .Node(Dequantize, "i ys yz", "y"),
        ],
    };

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, int, int> Spellings => Cases(Pooled);

    public static TheoryData<string, int, int> IntegerSpellings => Cases(Integer);

    public static TheoryData<string, int, int> ProductSpellings => Cases(Products);

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Spellings))]
    public void a_quantizer_is_read_across_what_selects(string name, int spelling, int zero) => Compare(
        index => Tail(Pooled[name][index](Constants(zero).Weight("w", 4, 2, 2, 2).Weight("b", 4).Node("Conv", "x w b", "h"))),
        spelling);

    [Theory]
    [MemberData(nameof(IntegerSpellings))]
    public void the_integers_of_a_layer_keep_their_meaning_across_what_selects(string name, int spelling, int zero) => Compare(
        index => Tail(Integer[name][index](Constants(zero)
            .Initializer("w", [4, 2, 2, 2], TinyModel.Quarters(32, 5).Select(value => 64 * value), DataType.Int8)
            .Scalar("ws", 1 / 64.0).Initializer("wz", [], [0], DataType.Int8)
            .Scalar("xs", 1 / 64.0).Initializer("xz", [], [128], DataType.Uint8)
            .Node(Quantize, "x xs xz", "qx").Node("QLinearConv", "qx xs xz w ws wz s z", "h"))), spelling);

    [Theory]
    [InlineData(0)]
    [InlineData(64)]
    public void a_quantizer_behind_a_factor_is_one_behind_larger_weights(int zero) => Compare(
        index => Tail((index == 0
            ? Constants(zero).Initializer("w", [4, 2, 2, 2], TinyModel.Quarters(32, 5).Select(value => 2 * value))
                .Node("Conv", "x w", "h")
            : Constants(zero).Initializer("w", [4, 2, 2, 2], TinyModel.Quarters(32, 5)).Node("Conv", "x w", "h0")
                .Node("Mul", "h0 two", "h")).Node(Quantize, "h s z", "q").Node(Dequantize, "q s z", "a")), spelling: 1);

    [Theory]
    [MemberData(nameof(ProductSpellings))]
    public void a_quantizer_is_read_though_only_operators_on_integers_follow(string name, int spelling, int zero) => Compare(
        index => Products[name][index](Constants(zero).Weight("w", 4, 4)
            .Initializer("v", [4, 3], TinyModel.Quarters(12, 5).Select(value => 64 * value), DataType.Int8)
            .Scalar("vs", 1 / 64.0).Initializer("vz", [], [0], DataType.Int8).Scalar("k", 1 / 4096.0)
            .Scalar("ys", 1 / 16.0).Initializer("yz", [], [128], DataType.Uint8).Node("MatMul", "rows w", "h")).Output("y"),
        spelling, "rows");

    private static TheoryData<string, int, int> Cases(Dictionary<string, Func<TinyModel, TinyModel>[]> groups) => [..
        from pair in groups
        from spelling in Enumerable.Range(1, pair.Value.Length - 1)
        from zero in new[] { 0, 64 }
        select (pair.Key, spelling, zero)];

    private void Compare(Func<int, TinyModel> spelled, int spelling, string input = "x")
    {
        ModelProto Of(int index)
        {
            var tiny = spelled(index);
            _ = input == "x" ? tiny.Input("x", [null, 2, 5, 5]) : tiny.Input(input, [null, 4]);
            return Layered(tiny.Proto);
        }
        var original = new Original("one", Of(0), folder, isWired: true);
        Assert.Empty(original.Compare(Of(spelling), [], ConvNodes.Units).Differences);
    }

    /// <summary>A step of 1/64: negative numbers are cut off at 0, or at -1 where the zero point is 64.</summary>
    private static TinyModel Constants(int zero) => new TinyModel(13)
        .Scalar("s", 1 / 64.0).Initializer("z", [], [zero], DataType.Uint8).Scalar("zero", zero)
        .Scalar("s2", 1 / 64.0).Initializer("z2", [], [zero], DataType.Uint8)
        .Scalar("s1", 1 / 128.0).Scalar("s3", 1 / 32.0).Scalar("two", 2).Scalar("low", -zero).Scalar("high", 255 - zero)
        .Initializer("se", [4], [1 / 64.0, 1 / 32.0, 1 / 128.0, 1 / 64.0])
        .Initializer("ze", [4], [zero, zero, zero, zero], DataType.Uint8)
        .Longs("from", 1).Longs("to", 3).Longs("one", 1).Longs("swapped", 2, 3, 0, 1);

    private static TinyModel Rounded(TinyModel model, string from, string to) => model.Node("Div", $"{from} s", "scaled")
        .Node("Round", "scaled", "whole").Node("Clip", "whole low high", to);

    private static TinyModel Halves(TinyModel model, string from, string to) => model.Node("Split", from, to, Channels);

    private static TinyModel Tail(TinyModel model) => model.Node("GlobalAveragePool", "a", "mean").Node("Flatten", "mean", "flat")
        .Node("ReduceSum", "flat one", "sum").Weight("u", 1, 3).Node("MatMul", "sum u", "y").Output("y");

    /// <summary>The layers numbered in their order, so that those of two spellings are known to be the same.</summary>
    private static ModelProto Layered(ModelProto model)
    {
        var layers = 0;
        foreach (var node in model.Graph.Node)
            node.Name = node.OpType is "MatMul" or "Conv" or "QLinearConv" or "MatMulInteger" or "QLinearMatMul"
                ? $"MatMul@{layers++}" : $"other {node.Output[0]}";
        return model;
    }
}
