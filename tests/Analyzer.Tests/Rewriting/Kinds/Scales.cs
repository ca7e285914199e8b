using System.Collections.Immutable;
using Onnx;
using static Emergence.Analyzer.Tests.Rewriting.Draft;

namespace Emergence.Analyzer.Tests.Rewriting.Kinds;

/// <summary>Scales and shifts by constants: in the weights, or beside them.</summary>
internal static class Scales
{
    // What may stand behind a layer so that its scale is applied: not a product of two computed tensors (attention's 1/√d).
    private static readonly string[] Functions =
        ["Relu", "LeakyRelu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Elu", "Selu", "HardSigmoid", "HardSwish", "Gelu",
            "Mish", "Swish", "Clip", "PRelu"];

    public static ImmutableArray<Rewrite> All { get; } =
    [
        new("one factor beside the weights", draft => Beside(draft, isVector: false, (d, y, c) =>
            d.Emit("Mul", d.Shuffled([y, c])), c => 1 / c)),
        new("one divisor beside the weights", draft => Beside(draft, isVector: false, (d, y, c) => d.Emit("Div", [y, c]),
            c => c)),
        new("a factor per channel beside the weights", draft => Beside(draft, isVector: true, (d, y, c) =>
            d.Emit("Mul", d.Shuffled([y, c])), c => 1 / c)) { KeepsParameters = false },
        new("one summand beside the bias", draft => Shift(draft, isVector: false, (d, y, c) => d.Emit("Add", d.Shuffled([y, c])),
            sign: 1)) { KeepsParameters = false },
        new("one subtrahend beside the bias", draft => Shift(draft, isVector: false, (d, y, c) => d.Emit("Sub", [y, c]),
            sign: -1)) { KeepsParameters = false },
        new("a summand per channel beside the bias", draft => Shift(draft, isVector: true, (d, y, c) =>
            d.Emit("Add", d.Shuffled([y, c])), sign: 1)) { KeepsParameters = false },
        new("a negated layer and Neg", Negated),
    ];

    /// <summary>A Gemm or Conv with stored weights, behind which a function or another layer stands, or the end.</summary>
    private static NodeProto? Layer(Draft draft, bool needsBias) => draft.Nodes("Gemm", "Conv").FirstOrDefault(node =>
        draft.ValuesOf(node.Input[1]) is not null && draft.FormOf(node.Output[0]) is { IsFloat: true }
        && FloatOf(node, "alpha", 1) == 1 && FloatOf(node, "beta", 1) == 1
        && (node.Input.Count > 2 ? draft.ValuesOf(node.Input[2]) is not null : !needsBias)
        && (draft.Readers(node.Output[0]).Length == 0 || draft.OnlyReader(node.Output[0]) is { } next
            && (Functions.Contains(next.OpType) || next.OpType is "Gemm" or "Conv" && next.Input[0] == node.Output[0]
                && draft.Stored(next.Input[1]) is not null)));

    private static bool Beside(Draft draft, bool isVector, Func<Draft, string, string, string> spell, Func<double,
        double> inWeights)
    {
        if (Layer(draft, needsBias: false) is not { } node)
            return false;
        var form = draft.FormOf(node.Output[0])!;
        double[] factors = Draw(isVector ? (int)form.Dims[1] : 1, () => draft.Pick(0.25, 0.5, 2.0, 4.0));
        Multiply(draft, node, [.. factors.Select(inWeights)]);
        return draft.Follow(node.Output[0], raw => spell(draft, raw, Of(draft, factors, form)));
    }

    private static bool Shift(Draft draft, bool isVector, Func<Draft, string, string, string> spell, int sign)
    {
        if (Layer(draft, needsBias: true) is not { } node)
            return false;
        var form = draft.FormOf(node.Output[0])!;
        double[] shifts = Draw(isVector ? (int)form.Dims[1] : 1, () => draft.Pick(-0.5, -0.25, 0.25, 0.5));
        var bias = draft.Stored(node.Input[2])!;
        node.Input[2] = draft.Constant(
            [.. draft.ValuesOf(node.Input[2])!.Select((b, c) => b - sign * shifts[c % shifts.Length])], [.. bias.Dims],
                form.Type);
        return draft.Follow(node.Output[0], raw => spell(draft, raw, Of(draft, shifts, form)));
    }

    private static bool Negated(Draft draft)
    {
        if (Layer(draft, needsBias: false) is not { } node)
            return false;
        Multiply(draft, node, [-1]);
        return draft.Follow(node.Output[0], raw => draft.Emit("Neg", [raw]));
    }

    /// <summary>Multiplies the rows of the weights, and the bias, that belong to each output channel.</summary>
    private static void Multiply(Draft draft, NodeProto node, double[] factors)
    {
        var channels = (int)draft.FormOf(node.Output[0])!.Dims[1];
        var (stored, weight) = (draft.Stored(node.Input[1])!, draft.ValuesOf(node.Input[1])!);
        var isLast = node.OpType == "Gemm" && IntOf(node, "transB", 0) == 0;
        node.Input[1] = draft.Constant(
            [.. weight.Select((w, i) => w * factors[(isLast ? i % channels : i / (weight.Length / channels)) % factors.Length])],
            [.. stored.Dims], draft.FormOf(node.Input[1])!.Type);
        if (node.Input.Count > 2)
            node.Input[2] = draft.Constant([.. draft.ValuesOf(node.Input[2])!.Select((b, c) => b * factors[c % factors.Length])],
                [.. draft.Stored(node.Input[2])!.Dims], draft.FormOf(node.Input[2])!.Type);
    }

    private static string Of(Draft draft, double[] values, TensorForm form) => values.Length == 1
        ? draft.Scalar(values[0], form.Type)
        : draft.Constant(values, Products.AlongChannels(form, values.Length), form.Type);

    private static double[] Draw(int count, Func<double> next) => [.. Enumerable.Range(0, count).Select(_ => next())];
}
