using System.Collections.Immutable;
using Onnx;
using static Emergence.Analyzer.Tests.Rewriting.Draft;

namespace Emergence.Analyzer.Tests.Rewriting.Kinds;

/// <summary>Images with their channels last, and the ways to flatten them.</summary>
internal static class Layouts
{
    private static readonly string[] Unary =
        ["Relu", "LeakyRelu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Elu", "Selu", "HardSigmoid", "HardSwish", "Gelu",
            "Mish", "Swish", "Clip"];

    private static readonly AttributeProto Last = Ints("perm", 0, 2, 3, 1);
    private static readonly AttributeProto First = Ints("perm", 0, 3, 1, 2);

    public static ImmutableArray<Rewrite> All { get; } =
    [
        new("function on channels last", draft => Image(draft, Unary) is { } f && draft.Replace(f, () => Back(draft,
            draft.Emit(f.OpType, [ChannelsLast(draft, f.Input[0]), .. f.Input.Skip(1)], [.. f.Attribute])))),
        new("merge of branches on channels last", draft => draft.Nodes("Add", "Mul", "Max")
            .FirstOrDefault(node => Merges(draft, node)) is { } node
            && draft.Replace(node, () =>
                Back(draft, draft.Emit(node.OpType, [.. node.Input.Select(input => ChannelsLast(draft, input))])))),
        new("BatchNormalization as Mul and Add on channels last", Normalized) { KeepsParameters = false },
        new("bias on channels last", Bias),
        new("Concat on channels last", draft => draft.Nodes("Concat").FirstOrDefault(node =>
                draft.FormOf(node.Output[0]) is { Rank: 4 } && IntOf(node, "axis", 0) == 1
                    && node.Input.All(draft.IsComputed)) is { } node
            && draft.Replace(node, () =>
                Back(draft, draft.Emit("Concat", [.. node.Input.Select(input => ChannelsLast(draft, input))], Int("axis", 3))))),
        new("Flatten as Reshape", draft => draft.Nodes("Flatten").FirstOrDefault(node => IntOf(node, "axis", 1) == 1
            && draft.IsComputed(node.Input[0])) is { } node
            && draft.Replace(node, () => draft.Emit("Reshape", [node.Input[0], draft.Longs(0, -1)]))),
        new("Flatten as Squeeze", draft => Flattening(draft, form => form.Dims[2] == 1 && form.Dims[3] == 1) is { } node
            && draft.Replace(node, () => draft.Squeeze(node.Input[0], 2, 3))),
        new("Reshape as Flatten", draft => Flattening(draft, _ => true) is { OpType: "Reshape" } node
            && draft.Replace(node, () => draft.Emit("Flatten", [node.Input[0]], Int("axis", 1)))),
    ];

    /// <summary>A merge of two images, none of which is a function of the other: x · Sigmoid(x) is a function, not a
    /// merge.</summary>
    private static bool Merges(Draft draft, NodeProto node) =>
        draft.FormOf(node.Output[0]) is { Rank: 4 } form && node.Input.Distinct().Count() == 2
        && node.Input.All(input => draft.IsComputed(input) && draft.FormOf(input)!.Dims.SequenceEqual(form.Dims)
            && draft.Producer(input)?.Input.Intersect(node.Input).Any() != true);

    private static NodeProto? Image(Draft draft, string[] ops) => draft.Nodes(ops).FirstOrDefault(node =>
        draft.FormOf(node.Input[0]) is { Rank: 4, IsFloat: true } && draft.IsComputed(node.Input[0]));

    private static string ChannelsLast(Draft draft, string x) => draft.Emit("Transpose", [x], Last);

    private static string Back(Draft draft, string x) => draft.Emit("Transpose", [x], First);

    private static bool Normalized(Draft draft)
    {
        if (Image(draft, ["BatchNormalization"]) is not { } node || node.Input.Skip(1)
            .Any(input => draft.ValuesOf(input) is null))
            return false;
        var (factor, summand) = Normalizations.Folded(draft, node);
        var type = draft.FormOf(node.Input[0])!.Type;
        return draft.Replace(node, () => Back(draft, draft.Emit("Add",
            [draft.Emit("Mul", [ChannelsLast(draft, node.Input[0]), draft.Constant(factor, [factor.Length], type)]),
                draft.Constant(summand, [summand.Length], type)])));
    }

    private static bool Bias(Draft draft) =>
        draft.Nodes("Conv").FirstOrDefault(node => node.Input.Count == 3 && draft.FormOf(node.Output[0]) is { Rank: 4 }
            && draft.ValuesOf(node.Input[2]) is not null) is { } node
        && draft.Replace(node, () => Back(draft, draft.Emit("Add",
            [ChannelsLast(draft, draft.Named(node.Name, "Conv", node.Input.Take(2), [.. node.Attribute])), node.Input[2]])));

    private static NodeProto? Flattening(Draft draft, Func<TensorForm, bool> fits) => draft.Nodes("Flatten", "Reshape")
        .FirstOrDefault(node =>
        draft.FormOf(node.Input[0]) is { Rank: 4 } form && fits(form) && draft.IsComputed(node.Input[0])
        && draft.FormOf(node.Output[0]) is { Rank: 2 } flat && flat.Dims[0] == form.Dims[0]);
}
