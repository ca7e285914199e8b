using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>ONNX Runtime's operators on quantized numbers: each is the standard's between a dequantizer and
/// a quantizer.</summary>
public class QuantizedElementwiseCases
{
    private static readonly Dictionary<string, (TinyModel Model, string Graph)> Cases = new()
    {
        ["QLinearAdd of a constant is a bias"] = (Dense("a").QBias("c", 6).Add("QLinearAdd", "a c", "b").Last("b"), """
            QLinearMatMul - b quantized by ts tz [B C6] n=6 m=6 (w +c)
            QLinearMatMul - y [B C3] n=3 m=3 (v)
            0>1
            """),
        ["QLinearAdd of two branches, the later owns"] = (Dense("a")
            .QWeight("u", 6, 6)
            .Node("QLinearMatMul", "a os oz u ws wz os oz", "h")
            .Add("QLinearAdd", "h a", "b")
            .Last("b"), """
            QLinearMatMul - a quantized by os oz [B C6] n=6 m=6 (w)
            QLinearMatMul - b quantized by ts tz [B C6] n=6 m=6 (u)
            QLinearMatMul - y [B C3] n=3 m=3 (v)
            0>1 0=1 1>2
            """),
        ["QLinearMul by a constant is a scale"] = (Dense("a").QBias("c", 6).Add("QLinearMul", "a c", "b").Last("b"), """
            QLinearMatMul - b quantized by ts tz [B C6] n=6 m=6 (w *c)
            QLinearMatMul - y [B C3] n=3 m=3 (v)
            0>1
            """),
        ["QLinearSigmoid"] = (Dense("a").Node("com.microsoft::QLinearSigmoid", "a os oz ts tz", "b").Last("b"), """
            QLinearMatMul Sigmoid b quantized by ts tz [B C6] n=6 m=6 (w)
            QLinearMatMul - y [B C3] n=3 m=3 (v)
            0>1
            """),
        ["QLinearSigmoid without a zero point"] = (Dense("a")
            .Node("com.microsoft::QLinearSigmoid", "a os oz ts ", "b")
            .Node("DequantizeLinear", "b ts", "y")
            .Output("y"), """
            QLinearMatMul Sigmoid y [B C6] n=6 m=6 (w)
            """),
        ["QLinearMul of a branch and its QLinearSigmoid is a Swish"] =
            (Dense("a").Node("com.microsoft::QLinearSigmoid", "a os oz ts tz", "g")
            .Node("com.microsoft::QLinearMul", "a os oz g ts tz ts tz", "b").Last("b"), """
            QLinearMatMul Swish b quantized by ts tz [B C6] n=6 m=6 (w)
            QLinearMatMul - y [B C3] n=3 m=3 (v)
            0>1
            """),
        ["QLinearLeakyRelu"] = (Dense("a")
            .Node("com.microsoft::QLinearLeakyRelu", "a os oz ts tz", "b", AttributeProto.Of("alpha", 0.1f))
            .Last("b"), """
            QLinearMatMul LeakyRelu b quantized by ts tz [B C6] n=6 m=6 (w)
            QLinearMatMul - y [B C3] n=3 m=3 (v)
            0>1
            """),
        ["QLinearSoftmax closes nothing"] = (Dense("a")
            .Node("com.microsoft::QLinearSoftmax", "a os oz ts tz", "b", AttributeProto.Of("opset", 13))
            .Node("DequantizeLinear", "b ts tz", "y")
            .Output("y"), """
            QLinearMatMul - a quantized by os oz [B C6] n=6 m=6 (w)
            """),
        ["QLinearConcat"] = (Dense("a").QWeight("u", 4, 5).Node("QLinearMatMul", "q s z u ws wz os oz", "h")
            .Node("com.microsoft::QLinearConcat", "ts tz a os oz h os oz", "b", AttributeProto.Of("axis", 1)).QWeight("v", 11, 3)
            .Node("QLinearMatMul", "b ts tz v ws wz os oz", "o").Node("DequantizeLinear", "o os oz", "y").Output("y"), """
            QLinearMatMul - a quantized by os oz [B C6] n=6 m=6 (w)
            QLinearMatMul - h quantized by os oz [B C5] n=5 m=5 (u)
            QLinearMatMul - y [B C3] n=3 m=3 (v)
            0>2 1>2
            """),
        ["QLinearConcat, its parts closed behind it"] =
            (Dense("a").QWeight("u", 4, 5).Node("QLinearMatMul", "q s z u ws wz os oz", "h")
            .Node("com.microsoft::QLinearConcat", "ts tz a os oz h os oz", "b", AttributeProto.Of("axis", 1))
            .Node("com.microsoft::QLinearLeakyRelu", "b ts tz os oz", "l").Node("DequantizeLinear", "l os oz", "y").Output("y"),
            """
            QLinearMatMul LeakyRelu a quantized by os oz [B C6] n=6 m=6 (w)
            QLinearMatMul LeakyRelu h quantized by os oz [B C5] n=5 m=5 (u)
            """),
        ["QLinearWhere of two branches"] = (Dense("a")
            .QWeight("u", 6, 6)
            .Node("QLinearMatMul", "a os oz u ws wz os oz", "h")
            .Initializer("mask", [6], [1, 0, 1, 1, 0, 0], DataType.Bool)
            .Node("com.microsoft::QLinearWhere", "mask h os oz a os oz ts tz", "b").Last("b"), """
            QLinearMatMul - a quantized by os oz [B C6] n=6 m=6 (w)
            QLinearMatMul - b quantized by ts tz [B C6] n=6 m=6 (u)
            QLinearMatMul - y [B C3] n=3 m=3 (v)
            0>1 0=1 1>2
            """),
        ["QLinearGlobalAveragePool"] = (Conv("a")
            .Node("com.microsoft::QLinearGlobalAveragePool", "a os oz ts tz", "g")
            .Node("Flatten", "g", "b")
            .QWeight("v", 3, 3)
            .Node("QLinearMatMul", "b ts tz v ws wz os oz", "o").Node("DequantizeLinear", "o os oz", "y").Output("y"), """
            QLinearConv - a quantized by os oz [B C3 P4 P3] n=36 m=3 (k)
            QLinearMatMul - y [B C3] n=3 m=3 (v)
            0>1
            """),
        ["QLinearAveragePool, an identity edge through it"] = (Conv("a")
            .Node("com.microsoft::QLinearAveragePool", "a os oz ts tz", "p", AttributeProto.Of("kernel_shape", [2L, 2L]))
            .QWeight("u", 3, 3, 2, 2)
                .Node("QLinearConv", "a os oz u ws wz os oz", "h")
                .Node("com.microsoft::QLinearAdd", "h os oz p ts tz ts tz", "b")
                .Node("DequantizeLinear", "b ts tz", "y")
                .Output("y"), """
            QLinearConv - a quantized by os oz [B C3 P4 P3] n=36 m=3 (k)
            QLinearConv - y [B C3 P3 P2] n=18 m=3 (u)
            0>1 0=1
            """),
        ["QLinearConv with channels last"] =
            (Quantized(new TinyModel(13).Input("x", [null, 6, 5, 2]).QConstants()).QWeight("k", 3, 2, 3, 3)
            .Node("com.microsoft::QLinearConv", "q s z k ws wz os oz", "a", AttributeProto.Of("channels_last", 1))
            .Node("com.microsoft::QLinearGlobalAveragePool", "a os oz ts tz", "g", AttributeProto.Of("channels_last", 1))
                .Node("Flatten", "g", "b")
                .QWeight("v", 3, 3)
            .Node("QLinearMatMul", "b ts tz v ws wz os oz", "o").Node("DequantizeLinear", "o os oz", "y").Output("y"), """
            QLinearConv - a_QLinearConv quantized by os oz [B C3 P4 P3] n=36 m=3 (k)
            QLinearMatMul - y [B C3] n=3 m=3 (v)
            0>1
            """),
        ["QLinearConv and NhwcMaxPool, channels last"] =
            (Quantized(new TinyModel(13).Input("x", [null, 6, 5, 2]).QConstants()).QWeight("k", 3, 2, 3, 3)
            .Node("com.microsoft::QLinearConv", "q s z k ws wz os oz", "a", AttributeProto.Of("channels_last", 1))
            .Node("com.microsoft::NhwcMaxPool", "a", "p", AttributeProto.Of("kernel_shape", [2L, 2L]))
            .Node("com.microsoft::QLinearAveragePool", "p os oz ts tz", "r", AttributeProto.Of("kernel_shape", [1L, 2L]),
                AttributeProto.Of("channels_last", 1))
            .Node("Flatten", "r", "b").QWeight("v", 9, 3)
            .Node("QLinearMatMul", "b ts tz v ws wz os oz", "o").Node("DequantizeLinear", "o os oz", "y").Output("y"), """
            QLinearConv - a_QLinearConv quantized by os oz [B C3 P4 P3] n=36 m=3 (k)
            QLinearMatMul - y [B C3] n=3 m=3 (v)
            0>1
            """),
        ["QAttention"] = (Quantized(new TinyModel(13).Input("x", [null, 5, 4]).QConstants()).QWeight("w", 4, 18).Weight("b", 18)
            .Node("com.microsoft::QAttention", "q w b s ws  z wz", "c", AttributeProto.Of("num_heads", 2))
                .Weight("wo", 6, 4)
                .Node("MatMul", "c wo", "y")
                .Output("y"), """
            QAttention - c [B S5 C6] n=6 m=6 (w +b)
            MatMul - y [B S5 C4] n=4 m=4 (wo)
            0>1
            """),
        ["DynamicQuantizeLSTM"] = (new TinyModel(13)
            .Input("x", [5, null, 4], batchAxis: 1)
            .QWeight("w", 2, 4, 12)
            .QWeight("r", 2, 3, 12)
            .Weight("b", 2, 24)
            .Initializer("ws", [2], [0.03125, 0.0625]).Initializer("wz", [2], [1, 0], DataType.Int8)
            .Node("com.microsoft::DynamicQuantizeLSTM", "x w r b     ws wz ws wz", "h", AttributeProto.Of("hidden_size", 3),
                AttributeProto.Of("direction", "bidirectional")).Output("h"), """
            DynamicQuantizeLSTM Lstm h [S5 C2 B C3] n=6 m=6 (w r +b)
            """),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void is_traced_and_counted(string name) => TracedRun.Holds(Cases[name].Model, Cases[name].Graph);

    /// <summary>No runtime here has a kernel for it.</summary>
    [Fact]
    public void a_mean_over_positions_is_pooling()
    {
        var model = Conv("a")
            .Node("com.microsoft::QLinearReduceMean", "a os oz ts tz", "g", AttributeProto.Of("axes", [2L, 3L]),
                AttributeProto.Of("keepdims", 0))
            .QWeight("v", 3, 3)
            .Node("QLinearMatMul", "g ts tz v ws wz os oz", "o").Node("DequantizeLinear", "o os oz", "y").Output("y");
        Assert.Equal(GraphText.Tidy("""
            QLinearConv - a quantized by os oz [B C3 P4 P3] n=36 m=3 (k)
            QLinearMatMul - y [B C3] n=3 m=3 (v)
            0>1
            """), GraphText.Of(TracedRun.OnlyTraces(model.Proto)));
    }

    /// <summary>A stored operand is zero where it stands at its zero point.</summary>
    [Fact]
    public void zeros_are_counted_at_the_zero_point()
    {
        var model = Dense("a")
            .Initializer("c", [6], [120, 120, 7, 0, 120, 9], DataType.Uint8)
            .Add("QLinearAdd", "a c", "b")
            .Last("b");
        var bias = TracedRun.OnlyTraces(model.Proto).Layers[0].Parameters[1];
        Assert.Equal(("c", 6, 3), (bias.Tensor, bias.Count, bias.Nonzero));
    }

    private static TinyModel Dense(string output) =>
        Quantized(new TinyModel(13).Input("x", [null, 4]).QConstants()).QWeight("w", 4, 6)
        .Node("QLinearMatMul", "q s z w ws wz os oz", output);

    private static TinyModel Conv(string output) =>
        Quantized(new TinyModel(13).Input("x", [null, 2, 6, 5]).QConstants()).QWeight("k", 3, 2, 3, 3)
        .Node("QLinearConv", "q s z k ws wz os oz", output);

    private static TinyModel Quantized(TinyModel model) =>
        model.Scalar("s", 1 / 64.0).Initializer("z", [], [128], DataType.Uint8).Node("QuantizeLinear", "x s z", "q");
}

file static class QuantizedElementwiseModels
{
    /// <summary>Scale and zero point of weights (ws, wz), of layers (os, oz) and of what follows them (ts, tz).</summary>
    public static TinyModel QConstants(this TinyModel model) => model
        .Scalar("ws", 0.0625).Initializer("wz", [], [1], DataType.Int8)
        .Scalar("os", 0.03125).Initializer("oz", [], [120], DataType.Uint8)
        .Scalar("ts", 0.0078125).Initializer("tz", [], [100], DataType.Uint8);

    public static TinyModel QWeight(this TinyModel model, string name, params long[] dims)
    {
        var count = (int)dims.Aggregate(1L, (product, dim) => product * dim);
        return model.Initializer(name, dims, Enumerable.Range(0, count).Select(i => (double)(i * 7 % 15 - 7)), DataType.Int8);
    }

    public static TinyModel QBias(this TinyModel model, string name, int count) =>
        model.Initializer(name, [count], Enumerable.Range(0, count).Select(i => (double)(100 + i * 11 % 50)), DataType.Uint8);

    /// <summary>A binary operator on two tensors of scale os, with a result of scale ts.</summary>
    public static TinyModel Add(this TinyModel model, string op, string operands, string output) =>
        model.Node($"com.microsoft::{op}", $"{operands.Split(' ')[0]} os oz {operands.Split(' ')[1]} os oz ts tz", output);

    /// <summary>A dense layer of three nodes that reads six.</summary>
    public static TinyModel Last(this TinyModel model, string input) => model.QWeight("v", 6, 3)
        .Node("QLinearMatMul", $"{input} ts tz v ws wz os oz", "o").Node("DequantizeLinear", "o os oz", "y").Output("y");
}
