using System.Collections.Immutable;
using Emergence.Checkpoints;
using Onnx;
using static Emergence.Analyzer.Tests.Rewriting.Draft;

namespace Emergence.Analyzer.Tests.Rewriting.Kinds;

/// <summary>Activation functions as one operator, as another, or in parts.</summary>
internal static class Functions
{
    /// <summary>For each operator, the ways to spell it; each gets the draft, the node that is spelled otherwise, and its
    /// input.</summary>
    public static ImmutableArray<(string Op, string Form, Func<Draft, NodeProto, string, string> Spell)> Forms { get; } =
    [
        ("Relu", "Max", (d, _, x) => d.Emit("Max", d.Pick<string[]>([x, d.Scalar(0)], [d.Scalar(0), x]))),
        ("Relu", "Clip from below", (d, _, x) => d.Emit("Clip", [x, d.Constant([0], [])])),
        ("Relu", "Where(x > 0, x, 0)", (d, _, x) => d.Emit("Where", [d.Emit("Greater", [x, d.Scalar(0)]), x, d.Scalar(0)])),
        ("Relu", "Where(x < 0, 0, x)", (d, _, x) => d.Emit("Where", [d.Emit("Less", [x, d.Scalar(0)]), d.Scalar(0), x])),
        ("Relu", "Where(0 <= x, x, 0)", (d, _, x) => d.Emit("Where", [d.Emit("LessOrEqual", [d.Scalar(0), x]), x, d.Scalar(0)])),
        ("Relu", "x times (x > 0)", (d, _, x) =>
            d.Emit("Mul", [x, d.Emit("Cast", [d.Emit("Greater", [x, d.Scalar(0)])], Int("to", 1))])),
        ("Relu", "half of x + |x|", (d, _, x) => d.Emit("Mul", [d.Emit("Add", [x, d.Emit("Abs", [x])]), d.Scalar(0.5)])),
        ("Relu", "PRelu of slope 0", (d, _, x) => d.Emit("PRelu", [x, d.Constant([0], [1])])),
        ("Relu", "LeakyRelu of slope 0", (d, _, x) => d.Emit("LeakyRelu", [x], AttributeProto.Of("alpha", 0f))),
        ("Relu", "ThresholdedRelu at 0", (d, _, x) => d.Emit("ThresholdedRelu", [x], AttributeProto.Of("alpha", 0f))),
        ("Relu", "minus Min(-x, 0)", (d, _, x) => d.Emit("Neg", [d.Emit("Min", [d.Emit("Neg", [x]), d.Scalar(0)])])),
        ("LeakyRelu", "Max(x, ax)", (d, n, x) => d.Emit("Max", [x, d.Emit("Mul", [x, d.Scalar(FloatOf(n, "alpha", 0.01f))])])),
        ("LeakyRelu", "Where", (d, n, x) =>
            d.Emit("Where", [d.Emit("Greater", [x, d.Scalar(0)]), x, d.Emit("Mul", [d.Scalar(FloatOf(n, "alpha", 0.01f)), x])])),
        ("LeakyRelu", "PRelu of one slope", (d, n, x) => d.Emit("PRelu", [x, d.Constant([FloatOf(n, "alpha", 0.01f)], [1])])),
        ("LeakyRelu", "Relu(x) - a Relu(-x)", (d, n, x) => d.Emit("Sub",
            [d.Emit("Relu", [x]), d.Emit("Mul", [d.Emit("Relu", [d.Emit("Neg", [x])]), d.Scalar(FloatOf(n, "alpha", 0.01f))])])),
        ("Sigmoid", "1 / (1 + Exp(-x))", (d, _, x) =>
            d.Emit("Div", [d.Scalar(1), d.Emit("Add", [d.Emit("Exp", [d.Emit("Neg", [x])]), d.Scalar(1)])])),
        ("Sigmoid", "Reciprocal", (d, _, x) =>
            d.Emit("Reciprocal", [d.Emit("Add", [d.Scalar(1), d.Emit("Exp", [d.Emit("Neg", [x])])])])),
        ("Sigmoid", "by Tanh", (d, _, x) => d.Emit("Add",
            [d.Emit("Mul", [d.Emit("Tanh", [d.Emit("Mul", [x, d.Scalar(0.5)])]), d.Scalar(0.5)]), d.Scalar(0.5)])),
        ("Tanh", "by Sigmoid", (d, _, x) => d.Emit("Sub",
            [d.Emit("Mul", [d.Emit("Sigmoid", [d.Emit("Mul", [x, d.Scalar(2)])]), d.Scalar(2)]), d.Scalar(1)])),
        ("HardSigmoid", "Clip(x / 6 + 1/2)", (d, n, x) => d.Clip(d.Emit("Add",
            [d.Emit("Mul", [x, d.Scalar(FloatOf(n, "alpha", 0.2f))]), d.Scalar(FloatOf(n, "beta", 0.5f))]), 0, 1)),
        ("HardSigmoid", "Max and Min", (d, n, x) => d.Emit("Max", [d.Scalar(0), d.Emit("Min", [d.Scalar(1), d.Emit("Add",
            [d.Scalar(FloatOf(n, "beta", 0.5f)), d.Emit("Mul", [d.Scalar(FloatOf(n, "alpha", 0.2f)), x])])])])),
        ("HardSigmoid", "Clip(x + 3, 0, 6) / 6", (d, n, x) => d.Emit("Div", [d.Clip(d.Emit("Add",
            [x, d.Scalar(FloatOf(n, "beta", 0.5f) / FloatOf(n, "alpha", 0.2f))]), 0, 1 / FloatOf(n, "alpha", 0.2f)),
                d.Scalar(1 / FloatOf(n, "alpha", 0.2f))])),
        ("HardSwish", "x Clip(x + 3, 0, 6) / 6", (d, _, x) =>
            d.Emit("Div", [d.Emit("Mul", [x, d.Clip(d.Emit("Add", [x, d.Scalar(3)]), 0, 6)]), d.Scalar(6)])),
        ("HardSwish", "x (Clip(x + 3, 0, 6) / 6)", (d, _, x) =>
            d.Emit("Mul", [d.Emit("Div", [d.Clip(d.Emit("Add", [d.Scalar(3), x]), 0, 6), d.Scalar(6)]), x])),
        ("HardSwish", "x HardSigmoid(x)", (d, _, x) =>
            d.Emit("Mul", [d.Emit("HardSigmoid", [x], AttributeProto.Of("alpha", 1 / 6f)), x])),
        ("Softplus", "Log(Exp(x) + 1)", (d, _, x) => d.Emit("Log", [d.Emit("Add", [d.Emit("Exp", [x]), d.Scalar(1)])])),
        ("Softplus", "Relu(x) + Log(1 + Exp(-|x|))", (d, _, x) => d.Emit("Add", [d.Emit("Relu", [x]),
            d.Emit("Log", [d.Emit("Add", [d.Emit("Exp", [d.Emit("Neg", [d.Emit("Abs", [x])])]), d.Scalar(1)])])])),
        ("Softsign", "x / (1 + |x|)", (d, _, x) => d.Emit("Div", [x, d.Emit("Add", [d.Emit("Abs", [x]), d.Scalar(1)])])),
        ("Elu", "Where", (d, n, x) => d.Emit("Where", [d.Emit("Greater", [x, d.Scalar(0)]), x, d.Emit("Mul",
            [d.Emit("Sub", [d.Emit("Exp", [d.Emit("Min", [x, d.Scalar(0)])]), d.Scalar(1)]),
                d.Scalar(FloatOf(n, "alpha", 1))])])),
        ("Elu", "Relu(x) - a Relu(1 - Exp(x))", (d, n, x) => d.Emit("Sub", [d.Emit("Relu", [x]), d.Emit("Mul",
            [d.Scalar(FloatOf(n, "alpha", 1)), d.Emit("Relu", [d.Emit("Sub", [d.Scalar(1), d.Emit("Exp", [x])])])])])),
        ("Selu", "Elu times a factor", (d, _, x) =>
            d.Emit("Mul", [d.Emit("Elu", [x], AttributeProto.Of("alpha", 1.6732632423543772f)), d.Scalar(1.0507009873554805)])),
        ("Gelu", "x (1 + Erf) / 2", (d, n, x) => Gelu(d, n, x, "half last")),
        ("Gelu", "(x / 2) (1 + Erf)", (d, n, x) => Gelu(d, n, x, "half first")),
        ("Gelu", "com.microsoft", (d, n, x) => d.Emit(n.Attribute.Count > 0 ? "com.microsoft::FastGelu"
            : "com.microsoft::Gelu", [x])),
        ("Mish", "x Tanh(Softplus(x))", (d, _, x) => d.Emit("Mul", [x, d.Emit("Tanh", [d.Emit("Softplus", [x])])])),
        ("Mish", "Softplus in parts", (d, _, x) => d.Emit("Mul",
            [d.Emit("Tanh", [d.Emit("Log", [d.Emit("Add", [d.Scalar(1), d.Emit("Exp", [x])])])]), x])),
        ("Swish", "x Sigmoid(x)", (d, _, x) => d.Emit("Mul", [d.Emit("Sigmoid", [x]), x])),
        ("Swish", "x / (1 + Exp(-x))", (d, _, x) =>
            d.Emit("Div", [x, d.Emit("Add", [d.Emit("Exp", [d.Emit("Neg", [x])]), d.Scalar(1)])])),
        ("Clip", "Min of Max", (d, n, x) => Bounds(d, n) is var (low, high)
            ? d.Emit("Min", [d.Emit("Max", [x, d.Scalar(low)]), d.Scalar(high)]) : ""),
        ("Clip", "Max of Min", (d, n, x) => Bounds(d, n) is var (low, high)
            ? d.Emit("Max", [d.Scalar(low), d.Emit("Min", [x, d.Scalar(high)])]) : ""),
        ("Clip", "Clip of Relu", (d, n, x) => Bounds(d, n) is var (low, high)
            ? d.Clip(low >= 0 ? d.Emit("Relu", [x]) : x, low, high) : ""),
        ("Clip", "Relu of Min", (d, n, x) => Bounds(d, n) is var (low, high)
            ? low == 0 ? d.Emit("Relu", [d.Emit("Min", [x, d.Scalar(high)])]) : d.Clip(x, low, high) : ""),
        ("Clip", "two Clips", (d, n, x) => Bounds(d, n) is var (low, high)
            ? d.Clip(d.Clip(x, low, high + 1), low - 1, high) : ""),
        ("ThresholdedRelu", "Where", (d, n, x) =>
            d.Emit("Where", [d.Emit("Greater", [x, d.Scalar(FloatOf(n, "alpha", 1))]), x, d.Scalar(0)])),
        ("PRelu", "Relu(x) - slope Relu(-x)", (d, n, x) => d.Emit("Sub",
            [d.Emit("Relu", [x]), d.Emit("Mul", [n.Input[1], d.Emit("Relu", [d.Emit("Neg", [x])])])])),
        ("PRelu", "Where", (d, n, x) => d.Emit("Where", [d.Emit("Less", [x, d.Scalar(0)]), d.Emit("Mul", [x, n.Input[1]]), x])),
    ];

    public static ImmutableArray<Rewrite> All { get; } =
    [
        .. Forms.Select(form => new Rewrite($"{form.Op} as {form.Form}", draft => Apply(draft, form.Op, form.Spell))),
        new("SiLU as Swish", FuseSwish),
        new("SiLU as x / (1 + Exp(-x))", draft => Silu(draft) is var (product, _, x) && draft.Replace(product,
            () => draft.Emit("Div", [x, draft.Emit("Add", [draft.Emit("Exp", [draft.Emit("Neg", [x])]), draft.Scalar(1)])]))),
    ];

    // Clip reads its bounds from version 11, LessOrEqual is there from version 12.
    private static bool Apply(Draft draft, string op, Func<Draft, NodeProto, string, string> spell) =>
        draft.Opset >= 12 && draft.Nodes(op)
            .FirstOrDefault(node => draft.FormOf(node.Output[0]) is { Type: TensorProto.Types.DataType.Float }
            && draft.IsComputed(node.Input[0]) && (op != "Clip" || Bounds(draft, node) is not null)) is { } node
        && draft.Replace(node, () => spell(draft, node, node.Input[0]));

    private static bool FuseSwish(Draft draft) => draft.Opset >= 24 && Silu(draft) is var (product, _, x)
        && draft.Replace(product, () => draft.Emit("Swish", [x]));

    private static (NodeProto Product, NodeProto Sigmoid, string X)? Silu(Draft draft)
    {
        foreach (var product in draft.Nodes("Mul"))
        {
            foreach (var (x, gate) in new[] { (product.Input[0], product.Input[1]), (product.Input[1], product.Input[0]) })
            {
                if (draft.Producer(gate) is { OpType: "Sigmoid" } sigmoid && sigmoid.Input[0] == x
                    && draft.OnlyReader(gate) is not null)
                    return (product, sigmoid, x);
            }
        }
        return null;
    }

    private static (double Low, double High)? Bounds(Draft draft, NodeProto clip) => clip.Input.Count == 3
        ? draft.ScalarOf(clip.Input[1]) is { } low && draft.ScalarOf(clip.Input[2]) is { } high ? (low, high) : null
        : clip.Attribute.Count == 2 ? (FloatOf(clip, "min", 0), FloatOf(clip, "max", 0)) : null;

    private static string Gelu(Draft d, NodeProto node, string x, string form)
    {
        var factor = node.Attribute.Count == 0
            ? d.Emit("Erf", [d.Emit("Div", [x, d.Scalar(Math.Sqrt(2))])])
            : d.Emit("Tanh",
                [d.Emit("Mul", [d.Emit("Add", [x, d.Emit("Mul", [d.Emit("Pow", [x, d.Scalar(3)]), d.Scalar(0.044715)])]),
                d.Scalar(Math.Sqrt(2 / Math.PI))])]);
        var sum = d.Emit("Add", [factor, d.Scalar(1)]);
        return form == "half last"
            ? d.Emit("Mul", [d.Emit("Mul", [x, sum]), d.Scalar(0.5)])
            : d.Emit("Mul", [d.Emit("Mul", [x, d.Scalar(0.5)]), sum]);
    }
}
