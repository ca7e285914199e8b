using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>Quantized models: whether a node is alive is judged on what its integer stands for.</summary>
public class QuantizedCases
{
    private static readonly Dictionary<string, (TinyModel Model, string Graph)> Cases = new()
    {
        ["QLinearConv, read behind its DequantizeLinear"] =
            (Quantized(Image()).QWeight("w", 3, 2, 3, 3).Initializer("b", [3], [4, -9, 1], DataType.Int32)
            .Node("QLinearConv", "q s z w ws wz os oz b", "o").Node("DequantizeLinear", "o os oz", "y").Output("y"), """
            QLinearConv - y [B C3 P4 P3] n=36 m=3 (w +b)
            """),
        ["QLinearConv, its activation function behind"] = (Quantized(Image()).QWeight("w", 3, 2, 3, 3)
            .Node("QLinearConv", "q s z w ws wz os oz", "o")
                .Node("DequantizeLinear", "o os oz", "d")
                .Node("Relu", "d", "y")
                .Output("y"), """
            QLinearConv Relu y [B C3 P4 P3] n=36 m=3 (w)
            """),
        ["QLinearConv after QLinearConv"] = (Quantized(Image()).QWeight("w", 3, 2, 3, 3).QWeight("v", 2, 3, 1, 1)
            .Node("QLinearConv", "q s z w ws wz os oz", "o")
                .Node("QLinearConv", "o os oz v ws wz os oz", "p")
                .Node("DequantizeLinear", "p os oz", "y")
                .Output("y"), """
            QLinearConv - o quantized by os oz [B C3 P4 P3] n=36 m=3 (w)
            QLinearConv - y [B C2 P4 P3] n=24 m=2 (v)
            0>1
            """),
        ["QLinearMatMul"] = (Quantized(Features()).QWeight("w", 4, 6).QWeight("v", 6, 3)
            .Node("QLinearMatMul", "q s z w ws wz os oz", "o")
                .Node("QLinearMatMul", "o os oz v ws wz os oz", "p")
                .Node("DequantizeLinear", "p os oz", "y")
                .Output("y"), """
            QLinearMatMul - o quantized by os oz [B C6] n=6 m=6 (w)
            QLinearMatMul - y [B C3] n=3 m=3 (v)
            0>1
            """),
        ["QGemm"] = (Quantized(Features()).QWeight("w", 4, 6).Initializer("b", [6], [4, -9, 1, 30, 2, -7], DataType.Int32)
            .Node("com.microsoft::QGemm", "q s z w ws wz b os oz", "o").Node("DequantizeLinear", "o os oz", "y").Output("y"), """
            QGemm - y [B C6] n=6 m=6 (w +b)
            """),
        ["ConvInteger"] = (Quantized(Image()).QWeight("w", 3, 2, 3, 3).Weight("b", 3, 1, 1).Scalar("k", 0.01)
            .Node("ConvInteger", "q w z wz", "i")
                .Node("Cast", "i", "f", Float)
                .Node("Mul", "f k", "h")
                .Node("Add", "h b", "c")
                .Node("Relu", "c", "y")
                .Output("y"), """
            ConvInteger Relu y [B C3 P4 P3] n=36 m=3 (w +b)
            """),
        ["MatMulInteger"] =
            (Quantized(Features()).QWeight("w", 4, 6).Weight("b", 6).Initializer("k", [6], [0.01, 0.02, 0.01, 0.03, 0.01, 0.02])
            .Node("MatMulInteger", "q w z wz", "i")
                .Node("Cast", "i", "f", Float)
                .Node("Mul", "f k", "h")
                .Node("Add", "h b", "c")
                .Node("Relu", "c", "y")
                .Output("y"), """
            MatMulInteger Relu y [B C6] n=6 m=6 (w +b)
            """),
        ["MatMulInteger without activation function"] = (Quantized(Features()).QWeight("w", 4, 6).Scalar("k", 0.01)
            .Node("MatMulInteger", "q w z wz", "i").Node("Cast", "i", "f", Float).Node("Mul", "f k", "y").Output("y"), """
            MatMulInteger - y [B C6] n=6 m=6 (w)
            """),
        ["DynamicQuantizeLinear chain"] = (Features().QWeight("w", 4, 6).Weight("b", 6)
            .Node("DynamicQuantizeLinear", "x", "q s z").Node("MatMulInteger", "q w z wz", "i").Node("Cast", "i", "f", Float)
            .Node("Mul", "s ws", "k").Node("Mul", "f k", "h").Node("Add", "h b", "c").Node("Relu", "c", "a")
            .QWeight("v", 6, 3)
                .Node("DynamicQuantizeLinear", "a", "q2 s2 z2")
                .Node("MatMulInteger", "q2 v z2 wz", "i2")
                .Node("Cast", "i2", "f2", Float)
            .Node("Mul", "s2 ws", "k2").Node("Mul", "f2 k2", "y").Output("y"), """
            MatMulInteger Relu a [B C6] n=6 m=6 (w +b)
            MatMulInteger - y [B C3] n=3 m=3 (v)
            0>1
            """),
        ["DynamicQuantizeMatMul"] = (Features().QWeight("w", 4, 6).Weight("b", 6)
            .Node("com.microsoft::DynamicQuantizeMatMul", "x w ws wz b", "h").Node("Relu", "h", "y").Output("y"), """
            DynamicQuantizeMatMul Relu y [B C6] n=6 m=6 (w +b)
            """),
        ["MatMulIntegerToFloat"] = (Quantized(Features()).QWeight("w", 4, 6).Weight("b", 6)
            .Node("com.microsoft::MatMulIntegerToFloat", "q w s ws z wz b", "h").Node("Relu", "h", "y").Output("y"), """
            MatMulIntegerToFloat Relu y [B C6] n=6 m=6 (w +b)
            """),
        ["QDQ"] = (Quantized(Image())
            .Node("DequantizeLinear", "q s z", "xd")
            .QWeight("w", 3, 2, 3, 3)
            .Node("DequantizeLinear", "w ws wz", "wd")
            .Initializer("b", [3], [4, -9, 1], DataType.Int32).Scalar("bs", 0.01).Node("DequantizeLinear", "b bs", "bd")
            .Node("Conv", "xd wd bd", "c")
                .Node("Relu", "c", "a")
                .Node("QuantizeLinear", "a os oz", "aq")
                .Node("DequantizeLinear", "aq os oz", "ad")
            .Node("GlobalAveragePool", "ad", "g")
                .Node("Flatten", "g", "f")
                .QWeight("v", 3, 2)
                .Node("DequantizeLinear", "v ws wz", "vd")
                .Node("MatMul", "f vd", "y")
                .Output("y"), """
            Conv Relu ad [B C3 P4 P3] n=36 m=3 (w +b)
            MatMul - y [B C2] n=2 m=2 (v)
            0>1
            """),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    private static AttributeProto Float => AttributeProto.Of("to", 1);

    [Theory]
    [MemberData(nameof(Names))]
    public void is_traced_and_counted(string name) => TracedRun.Holds(Cases[name].Model, Cases[name].Graph);

    private static TinyModel Features() => new TinyModel(13).Input("x", [null, 4]).QConstants();

    private static TinyModel Image() => new TinyModel(13).Input("x", [null, 2, 6, 5]).QConstants();

    private static TinyModel Quantized(TinyModel model) =>
        model.Scalar("s", 1 / 64.0).Initializer("z", [], [128], DataType.Uint8).Node("QuantizeLinear", "x s z", "q");
}

file static class QuantizedModels
{
    /// <summary>Scale and zero point of weights (ws, wz) and of outputs (os, oz).</summary>
    public static TinyModel QConstants(this TinyModel model) => model
        .Scalar("ws", 0.0625).Initializer("wz", [], [1], DataType.Int8)
        .Scalar("os", 0.03125).Initializer("oz", [], [120], DataType.Uint8);

    public static TinyModel QWeight(this TinyModel model, string name, params long[] dims)
    {
        var count = (int)dims.Aggregate(1L, (product, dim) => product * dim);
        return model.Initializer(name, dims, Enumerable.Range(0, count).Select(i => (double)(i * 7 % 15 - 7)), DataType.Int8);
    }
}
