using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>Activation functions written as several operators: the layer is read behind the last of them,
/// under one name.</summary>
public class SpeltActivationCases
{
    private static readonly Dictionary<string, (string Name, Func<TinyModel, TinyModel> Spell)> Cases = new()
    {
        ["Gelu: x/√2, Erf, +1, ·x, ·0.5"] = ("Gelu", model => model.Scalar("r", Math.Sqrt(2)).Scalar("one", 1).Scalar("half", 0.5)
            .Node("Div", "h r", "h1")
                .Node("Erf", "h1", "h2")
                .Node("Add", "h2 one", "h3")
                .Node("Mul", "h h3", "h4")
                .Node("Mul", "h4 half", "a")),
        ["Gelu: 0.5·x first"] = ("Gelu", model => model.Scalar("r", Math.Sqrt(0.5)).Scalar("one", 1).Scalar("half", 0.5)
            .Node("Mul", "h half", "h0")
                .Node("Mul", "h r", "h1")
                .Node("Erf", "h1", "h2")
                .Node("Add", "one h2", "h3")
                .Node("Mul", "h0 h3", "a")),
        ["Gelu by Tanh, x³ by Pow"] = ("GeluTanh", model => GeluTanh(model.Scalar("three", 3).Node("Pow", "h three", "cube"))),
        ["Gelu by Tanh, x³ by Mul"] =
            ("GeluTanh", model => GeluTanh(model.Node("Mul", "h h", "square").Node("Mul", "square h", "cube"))),
        ["SiLU"] = ("Swish", model => model.Node("Sigmoid", "h", "s").Node("Mul", "h s", "a")),
        ["SiLU, the other way round"] = ("Swish", model => model.Node("Sigmoid", "h", "s").Node("Mul", "s h", "a")),
        ["Gelu by Sigmoid"] = ("QuickGelu",
            model => model.Scalar("k", 1.702).Node("Mul", "h k", "hk").Node("Sigmoid", "hk", "s").Node("Mul", "h s", "a")),
        ["Mish"] = ("Mish", model => model.Node("Softplus", "h", "s").Node("Tanh", "s", "t").Node("Mul", "h t", "a")),
        ["Mish, Softplus by Exp and Log"] =
            ("Mish", model => model.Scalar("one", 1).Node("Exp", "h", "e").Node("Add", "e one", "e1").Node("Log", "e1", "s")
            .Node("Tanh", "s", "t").Node("Mul", "h t", "a")),
        ["HardSwish by HardSigmoid"] = ("HardSwish",
            model => model.Node("HardSigmoid", "h", "s", AttributeProto.Of("alpha", 1 / 6f)).Node("Mul", "h s", "a")),
        ["HardSwish by Clip"] =
            ("HardSwish", model => model.Scalar("three", 3).Scalar("six", 6).Scalar("zero", 0).Node("Add", "h three", "h3")
            .Node("Clip", "h3 zero six", "c").Node("Mul", "h c", "m").Node("Div", "m six", "a")),
        ["HardSwish, divided before the product"] =
            ("HardSwish", model => model.Scalar("three", 3).Scalar("six", 6).Scalar("zero", 0).Node("Add", "h three", "h3")
            .Node("Clip", "h3 zero six", "c").Node("Div", "c six", "d").Node("Mul", "h d", "a")),
        ["HardSigmoid by Clip"] =
            ("HardSigmoid", model => model.Scalar("three", 3).Scalar("six", 6).Scalar("zero", 0).Node("Add", "h three", "h3")
            .Node("Clip", "h3 zero six", "c").Node("Div", "c six", "a")),
        ["LeakyReLU by Max"] =
            ("LeakyRelu", model => model.Scalar("slope", 0.1).Node("Mul", "h slope", "s").Node("Max", "h s", "a")),
        ["ReLU by Max"] = ("Relu", model => model.Scalar("zero", 0).Node("Max", "h zero", "a")),
        ["ReLU6 by Min of Max"] =
            ("Relu6", model => model.Scalar("zero", 0).Scalar("six", 6).Node("Max", "h zero", "m").Node("Min", "m six", "a")),
        ["ReLU6 by Min of Relu"] = ("Relu6", model => model.Scalar("six", 6).Node("Relu", "h", "m").Node("Min", "m six", "a")),
        ["Clip after Relu"] =
            ("Clip", model => model.Scalar("zero", 0).Scalar("one", 1).Node("Relu", "h", "m").Node("Clip", "m zero one", "a")),
        ["Softplus by Exp and Log"] =
            ("Softplus", model => model.Scalar("one", 1).Node("Exp", "h", "e").Node("Add", "e one", "e1").Node("Log", "e1", "a")),
        ["Softplus, stable: Max(x,0) + Log(1 + Exp(-|x|))"] =
            ("Softplus", model => model.Scalar("one", 1).Node("Relu", "h", "r").Node("Abs", "h", "m")
            .Node("Neg", "m", "n")
                .Node("Exp", "n", "e")
                .Node("Add", "e one", "e1")
                .Node("Log", "e1", "l")
                .Node("Add", "r l", "a")),
        ["Sigmoid by Exp"] = ("Sigmoid",
            model => model.Scalar("one", 1)
            .Node("Neg", "h", "n")
            .Node("Exp", "n", "e")
            .Node("Add", "e one", "d")
            .Node("Div", "one d", "a")),
        ["Softsign by Abs"] =
            ("Softsign", model => model.Scalar("one", 1).Node("Abs", "h", "m").Node("Add", "m one", "d").Node("Div", "h d", "a")),
        ["ReLU of Min"] = ("Clip", model => model.Scalar("one", 1).Node("Min", "h one", "m").Node("Relu", "m", "a")),
        ["ReLU of a Clip"] =
            ("Clip", model => model.Scalar("low", -1).Scalar("high", 1).Node("Clip", "h low high", "m").Node("Relu", "m", "a")),
        ["ReLU of a Clip from below"] =
            ("Relu", model => model.Scalar("low", -1).Node("Clip", "h low", "m").Node("Relu", "m", "a")),
        ["ReLU6 by Relu of Min"] = ("Relu6", model => model.Scalar("six", 6).Node("Min", "h six", "m").Node("Relu", "m", "a")),
        ["LogSigmoid by Sigmoid"] = ("LogSigmoid", model => model.Node("Sigmoid", "h", "s").Node("Log", "s", "a")),
        ["LogSigmoid by Softplus"] =
            ("LogSigmoid", model => model.Node("Neg", "h", "n").Node("Softplus", "n", "s").Node("Neg", "s", "a")),
        ["LogSigmoid by Exp"] = ("LogSigmoid", model => model.Scalar("one", 1).Node("Neg", "h", "n").Node("Exp", "n", "e")
            .Node("Add", "e one", "d").Node("Reciprocal", "d", "s").Node("Log", "s", "a")),
        ["LogSigmoid, stable: Min(x,0) - Log(1 + Exp(-|x|))"] = ("LogSigmoid", model => model.Scalar("one", 1).Scalar("zero", 0)
            .Node("Min", "h zero", "r").Node("Abs", "h", "m").Node("Neg", "m", "n").Node("Exp", "n", "e")
            .Node("Add", "e one", "e1").Node("Log", "e1", "l").Node("Sub", "r l", "a")),
        ["Softplus between scales"] = ("Softplus", model => model.Scalar("two", 2).Node("Mul", "h two", "t")
            .Node("Softplus", "t", "s").Node("Div", "s two", "a")),
        ["Softplus between scales, linear where it is large"] = ("Softplus", model => model.Scalar("two", 2).Scalar("most", 20)
            .Node("Mul", "h two", "t").Node("Softplus", "t", "s").Node("Div", "s two", "d").Node("Greater", "t most", "g")
            .Node("Where", "g h d", "a")),
        ["Celu by Elu"] =
            ("Celu", model => model.Scalar("c", 0.5).Node("Div", "h c", "t").Node("Elu", "t", "e").Node("Mul", "e c", "a")),
        ["Celu by Exp"] = ("Celu", model => model.Scalar("c", 0.5).Scalar("one", 1).Scalar("zero", 0).Node("Max", "h zero", "r")
            .Node("Div", "h c", "t").Node("Exp", "t", "e").Node("Sub", "e one", "e1").Node("Mul", "c e1", "n")
            .Node("Min", "n zero", "l").Node("Add", "r l", "a")),
        ["Swish of another slope"] = ("Swish", model => model.Scalar("two", 2).Node("Mul", "h two", "t")
            .Node("Sigmoid", "t", "s").Node("Mul", "h s", "a")),
        ["Gaussian by Pow"] =
            ("Gaussian", model => model.Scalar("two", 2).Node("Pow", "h two", "q").Node("Neg", "q", "n").Node("Exp", "n", "a")),
        ["Gaussian by Mul"] = ("Gaussian", model => model.Node("Neg", "h", "n").Node("Mul", "n h", "q").Node("Exp", "q", "a")),
        ["Gaussian of another width"] = ("Gaussian", model => model.Scalar("half", -0.5).Node("Mul", "h h", "q")
            .Node("Mul", "q half", "n").Node("Exp", "n", "a")),
        ["Gaussian by Reciprocal"] =
            ("Gaussian", model => model.Node("Mul", "h h", "q").Node("Exp", "q", "e").Node("Reciprocal", "e", "a")),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void is_one_activation_function(string name)
    {
        var model = new TinyModel(13)
            .Input("x", [null, 4])
            .Weight("w", 4, 6)
            .Weight("b", 6)
            .Weight("v", 6, 3)
            .Node("Gemm", "x w b", "h");
        TracedRun.Holds(Cases[name].Spell(model).Node("MatMul", "a v", "y").Output("y"), $"""
            Gemm {Cases[name].Name} a [B C6] n=6 m=6 (w +b)
            MatMul - y [B C3] n=3 m=3 (v)
            0>1
            """);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void also_behind_a_bias_of_its_own_node(string name)
    {
        var model = new TinyModel(13).Input("x", [null, 5, 4]).Weight("w", 4, 6).Weight("b", 6).Weight("v", 6, 3)
            .Node("MatMul", "x w", "p").Node("Add", "b p", "h");
        TracedRun.Holds(Cases[name].Spell(model).Node("MatMul", "a v", "y").Output("y"), $"""
            MatMul {Cases[name].Name} a [B S5 C6] n=6 m=6 (w +b)
            MatMul - y [B S5 C3] n=3 m=3 (v)
            0>1
            """);
    }

    private static TinyModel GeluTanh(TinyModel model) => model
        .Scalar("c", 0.044715).Scalar("k", Math.Sqrt(2 / Math.PI)).Scalar("one", 1).Scalar("half", 0.5)
        .Node("Mul", "cube c", "c1").Node("Add", "h c1", "c2").Node("Mul", "c2 k", "c3").Node("Tanh", "c3", "t")
        .Node("Add", "t one", "t1").Node("Mul", "h half", "h0").Node("Mul", "h0 t1", "a");
}
