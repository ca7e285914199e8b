using System.Collections.Immutable;
using Onnx;
using static Emergence.Analyzer.Tests.Rewriting.Draft;

namespace Emergence.Analyzer.Tests.Rewriting.Kinds;

/// <summary>Convolutions: their padding, bias and activation inside or beside, and those of one position as products.</summary>
internal static class Convolutions
{
    public static ImmutableArray<Rewrite> All { get; } =
    [
        new("Conv with its padding as Pad", PadBeside),
        new("Conv with its bias as Add", BiasBeside),
        new("Conv as com.microsoft FusedConv with its Relu", draft => Products.FuseRelu(draft, "Conv", "FusedConv")),
        new("1×1 Conv as MatMul between Transposes", AsProduct) { OnlyFilters = true },
        new("GlobalAveragePool as ReduceMean", draft => Global(draft, "GlobalAveragePool", x => draft.Mean(x, 2, 3))),
        new("GlobalMaxPool as ReduceMax", draft => Global(draft, "GlobalMaxPool", x => draft.Largest(x, 2, 3))),
        new("GlobalAveragePool as AveragePool", draft => Global(draft, "GlobalAveragePool", x => Whole(draft, x, "AveragePool"))),
        new("GlobalMaxPool as MaxPool", draft => Global(draft, "GlobalMaxPool", x => Whole(draft, x, "MaxPool"))),
        new("GlobalAveragePool as ReduceSum and Div", draft => Global(draft, "GlobalAveragePool", x =>
            draft.Emit("Div", [draft.Sum(x, 2, 3), draft.Scalar(draft.FormOf(x)!.Dims[2] * draft.FormOf(x)!.Dims[3])]))),
    ];

    private static NodeProto? Conv(Draft draft, Func<NodeProto, bool> fits) => draft.Nodes("Conv").FirstOrDefault(node =>
        draft.FormOf(node.Output[0]) is { Rank: 4 } && draft.ValuesOf(node.Input[1]) is not null && fits(node));

    private static bool PadBeside(Draft draft) => Conv(draft, node => draft.Opset >= 13
        && IntsOf(node, "pads")?.Any(pad => pad > 0) == true) is { } node
        && draft.Replace(node, () =>
        {
            var pads = IntsOf(node, "pads")!;
            var padded = draft.Emit("Pad", [node.Input[0], draft.Longs(0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3])]);
            return draft.Named(node.Name, "Conv", [padded, .. node.Input.Skip(1)],
                [.. node.Attribute.Where(attribute => attribute.Name is not ("pads" or "auto_pad"))]);
        });

    private static bool BiasBeside(Draft draft) => Conv(draft, node => node.Input.Count == 3
        && draft.ValuesOf(node.Input[2]) is not null) is { } node
        && draft.Replace(node, () =>
        {
            var bias = draft.ValuesOf(node.Input[2])!;
            var shaped = draft.Constant(bias, draft.Pick<long[]>([bias.Length, 1, 1], [1, bias.Length, 1, 1]),
                draft.FormOf(node.Input[2])!.Type);
            return draft.Emit("Add", draft.Shuffled([draft.Named(node.Name, "Conv", node.Input.Take(2), [.. node.Attribute]),
                shaped]));
        });

    private static bool AsProduct(Draft draft) => Conv(draft, IsOnePosition(draft)) is { } node && draft.Replace(node, () =>
    {
        var (stored, values) = (draft.Stored(node.Input[1])!, draft.ValuesOf(node.Input[1])!);
        var (filters, channels) = ((int)stored.Dims[0], (int)stored.Dims[1]);
        double[] turned = [.. Enumerable.Range(0, values.Length).Select(i => values[i % filters * channels + i / filters])];
        var last = draft.Emit("Transpose", [node.Input[0]], Ints("perm", 0, 2, 3, 1));
        var y = draft.Named(node.Name, "MatMul",
            [last, draft.Constant(turned, [channels, filters], draft.FormOf(node.Input[1])!.Type)]);
        return draft.Emit("Transpose", [node.Input.Count < 3 ? y : draft.Emit("Add", [y, node.Input[2]])],
            Ints("perm", 0, 3, 1, 2));
    });

    private static Func<NodeProto, bool> IsOnePosition(Draft draft) => node =>
        draft.Stored(node.Input[1])!.Dims is [_, _, 1, 1] && IntOf(node, "group", 1) == 1
        && (IntsOf(node, "strides")?.All(stride => stride == 1) ?? true) && (IntsOf(node, "pads")?.All(pad => pad == 0) ?? true)
        // A product keeps no spatial axes: where it feeds on, or is fed by, positions of a dense layer they would differ.
        && draft.FormOf(node.Output[0])!.Dims is [_, _, > 1, > 1];

    private static bool Global(Draft draft, string op, Func<string, string> spell) =>
        draft.Nodes(op)
            .FirstOrDefault(node =>
            draft.FormOf(node.Input[0]) is { Rank: 4, Type: TensorProto.Types.DataType.Float }) is { } node
        && draft.Replace(node, () => spell(node.Input[0]));

    private static string Whole(Draft draft, string x, string op) =>
        draft.Emit(op, [x], Ints("kernel_shape", draft.FormOf(x)!.Dims[2], draft.FormOf(x)!.Dims[3]));
}
