using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;
using static Emergence.Analyzer.Tests.Instrumentation.TinyModel;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>Every elementwise function of the standard, between two dense layers: the first is read behind it.</summary>
public class ActivationCases
{
    /// <summary>Operator, opset, what is added before it, the name shown where it is another, attributes.</summary>
    private static readonly (string Op, int Opset, double Shift, string Shown, AttributeProto[] Attributes)[] Cases =
    [
        ("Abs", 13, 0, "", []), ("Acos", 13, 0, "", []), ("Acosh", 13, 3, "", []), ("Asin", 13, 0, "", []),
            ("Asinh", 13, 0, "", []),
        ("Atan", 13, 0, "", []), ("Atanh", 13, 0, "", []), ("Ceil", 13, 0, "", []), ("Celu", 13, 0, "", []),
            ("Cos", 13, 0, "", []),
        ("Cosh", 13, 0, "", []), ("Elu", 13, 0, "", []), ("Erf", 13, 0, "", []), ("Exp", 13, 0, "", []), ("Floor", 13, 0, "", []),
        ("Gelu", 20, 0, "", []), ("Gelu", 20, 0, "", [AttributeProto.Of("approximate", "tanh")]),
        ("HardSigmoid", 13, 0, "", []), ("HardSwish", 14, 0, "", []),
            ("LeakyRelu", 13, 0, "", [AttributeProto.Of("alpha", 0.2f)]),
        ("Log", 13, 3, "", []), ("Mish", 18, 0, "", []), ("Reciprocal", 13, 3, "", []), ("Relu", 7, 0, "", []),
            ("Relu", 13, 0, "", []),
        ("Round", 13, 0, "", []), ("Selu", 13, 0, "", []), ("Shrink", 13, 0, "", [AttributeProto.Of("lambd", 0.1f)]),
            ("Sigmoid", 13, 0, "", []),
        ("Sign", 13, 0, "", []), ("Sin", 13, 0, "", []), ("Sinh", 13, 0, "", []), ("Softplus", 13, 0, "", []),
            ("Softsign", 13, 0, "", []),
        ("Sqrt", 13, 3, "", []), ("Swish", 24, 0, "", []), ("Tan", 13, 0, "", []), ("Tanh", 13, 0, "", []),
        ("ThresholdedRelu", 13, 0, "", [AttributeProto.Of("alpha", 0.1f)]),
        ("Clip", 7, 0, "Relu6", [AttributeProto.Of("min", 0f), AttributeProto.Of("max", 6f)]),
        ("Clip", 7, 0, "Clip", [AttributeProto.Of("min", -1f), AttributeProto.Of("max", 1f)]),
        ("com.microsoft::Gelu", 13, 0, "Gelu", []), ("com.microsoft::FastGelu", 13, 0, "FastGelu", []),
            ("com.microsoft::QuickGelu", 13, 0, "QuickGelu", []),
        // Linear: no activation function.
        ("Neg", 13, 0, "-", []),
    ];

    public static TheoryData<int> Indices => [.. Enumerable.Range(0, Cases.Length)];

    [Theory]
    [MemberData(nameof(Indices))]
    public void an_elementwise_function_closes_the_layer(int index)
    {
        var (op, opset, shift, shown, attributes) = Cases[index];
        Holds(op, opset, shift, shown.Length > 0 ? shown : op, attributes);
    }

    private static void Holds(string op, int opset, double shift, string shown, AttributeProto[] attributes) => TracedRun.Holds(
        Dense(opset, shift).Node(op, "h", "a", attributes).Node("MatMul", "a v", "y").Output("y"), $"""
        MatMul {shown} a [B C6] n=6 m=6 (w +b)
        MatMul - y [B C3] n=3 m=3 (v)
        0>1
        """);

    [Fact]
    public void prelu_has_a_slope_that_is_the_layers() => TracedRun.Holds(
        Dense(13, 0).Weight("slope", 6).Node("PRelu", "h slope", "a").Node("MatMul", "a v", "y").Output("y"), """
        MatMul PRelu a [B C6] n=6 m=6 (w +b *slope)
        MatMul - y [B C3] n=3 m=3 (v)
        0>1
        """);

    [Fact]
    public void bias_gelu_has_a_bias_that_is_the_layers() => TracedRun.Holds(
        new TinyModel(13).Input("x", [null, 4]).Weight("w", 4, 6).Weight("b", 6).Weight("v", 6, 3).Node("MatMul", "x w", "h")
            .Node("com.microsoft::BiasGelu", "h b", "a").Node("MatMul", "a v", "y").Output("y"), """
        MatMul BiasGelu a [B C6] n=6 m=6 (w +b)
        MatMul - y [B C3] n=3 m=3 (v)
        0>1
        """);

    [Theory]
    [InlineData("Softmax")]
    [InlineData("LogSoftmax")]
    [InlineData("Hardmax")]
    public void softmax_and_its_kin_close_nothing(string op) => TracedRun.Holds(
        Dense(13, 0).Node(op, "h", "soft").Node("MatMul", "soft v", "y").Output("y"), """
        MatMul - h [B C6] n=6 m=6 (w +b)
        MatMul - y [B C3] n=3 m=3 (v)
        0>1
        """);

    /// <summary>Small products, so that every function is defined where it is asked.</summary>
    private static TinyModel Dense(int opset, double shift) =>
        new TinyModel(opset, opset > 21 ? 10 : opset > 18 ? 9 : 7).Input("x", [null, 4])
        .Initializer("w", [4, 6], Quarters(24, 1).Select(q => q / 4))
            .Initializer("b", [6], Quarters(6, 2).Select(q => q / 8 + shift))
            .Weight("v", 6, 3)
        .Node("MatMul", "x w", "p").Node("Add", "p b", "h");
}
