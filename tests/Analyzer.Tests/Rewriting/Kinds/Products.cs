using System.Collections.Immutable;
using Emergence.Checkpoints;
using Onnx;
using static Emergence.Analyzer.Tests.Rewriting.Draft;

namespace Emergence.Analyzer.Tests.Rewriting.Kinds;

/// <summary>Products with a stored matrix: Gemm or MatMul, the weights on either side, with factors or without.</summary>
internal static class Products
{
    public static ImmutableArray<Rewrite> All { get; } =
    [
        new("Gemm as MatMul and Add", GemmInParts),
        new("Gemm with the weight stored transposed", Transposed),
        new("Gemm with alpha and beta", WithFactors),
        new("Gemm as com.microsoft FusedGemm with its Relu", draft => FuseRelu(draft, "Gemm", "FusedGemm")),
        new("MatMul as Gemm", AsGemm),
        new("MatMul with the weight on the left", WeightLeft),
        new("MatMul as Einsum", AsEinsum),
        new("MatMul as com.microsoft FusedMatMul", AsFusedMatMul),
        new("MatMul with the weight in a stack of one matrix", AsStack),
        new("MatMul of tokens as Gemm between Reshapes", TokensAsGemm),
    ];

    /// <summary>The shape in which a vector of one number per channel is added to a tensor of this form.</summary>
    public static long[] AlongChannels(TensorForm form, int channels) =>
        form.Rank <= 2 ? [channels] : [channels, .. Enumerable.Repeat(1L, form.Rank - 2)];

    public static bool FuseRelu(Draft draft, string op, string fused)
    {
        foreach (var relu in draft.Nodes("Relu"))
        {
            if (draft.Producer(relu.Input[0]) is { } layer && layer.OpType == op && layer.Domain.Length == 0
                && draft.OnlyReader(relu.Input[0]) is not null)
            {
                return draft.Replace(relu, () =>
                {
                    draft.Remove(layer);
                    draft.MoveTo(relu);
                    return draft.Named(layer.Name, $"com.microsoft::{fused}", layer.Input,
                        [.. layer.Attribute, AttributeProto.Of("activation", "Relu")]);
                });
            }
        }
        return false;
    }

    private static NodeProto? Gemm(Draft draft) => draft.Nodes("Gemm").FirstOrDefault(node =>
        draft.IsComputed(node.Input[0]) && draft.ValuesOf(node.Input[1]) is not null && IntOf(node, "transA", 0) == 0
        && FloatOf(node, "alpha", 1) == 1 && FloatOf(node, "beta", 1) == 1);

    private static NodeProto? Product(Draft draft, int rank) => draft.Nodes("MatMul").FirstOrDefault(node =>
        draft.IsComputed(node.Input[0]) && draft.ValuesOf(node.Input[1]) is not null
        && draft.Stored(node.Input[1])!.Dims.Count == 2 && draft.FormOf(node.Input[0]) is { } form
            && (rank == 0 ? form.Rank >= 2 : form.Rank == rank));

    private static string TransposedCopy(Draft draft, string weight)
    {
        var (stored, values) = (draft.Stored(weight)!, draft.ValuesOf(weight)!);
        var (rows, columns) = ((int)stored.Dims[0], (int)stored.Dims[1]);
        double[] turned = [.. Enumerable.Range(0, values.Length).Select(i => values[i % rows * columns + i / rows])];
        return draft.Constant(turned, [columns, rows], (TensorProto.Types.DataType)stored.DataType);
    }

    private static bool GemmInParts(Draft draft) => Gemm(draft) is { } node && draft.Replace(node, () =>
    {
        var weight = IntOf(node, "transB", 0) == 0 ? node.Input[1]
            : draft.Random.Next(2) == 0 ? TransposedCopy(draft, node.Input[1]) : draft.Emit("Transpose", [node.Input[1]]);
        var product = draft.Named(node.Name, "MatMul", [node.Input[0], weight]);
        return node.Input.Count < 3 ? product
            : draft.Emit("Add", draft.Pick<string[]>([product, node.Input[2]], [node.Input[2], product]));
    });

    private static bool Transposed(Draft draft) => Gemm(draft) is { } node && draft.Replace(node, () => draft.Named(
        node.Name, "Gemm", [node.Input[0], TransposedCopy(draft, node.Input[1]), .. node.Input.Skip(2)],
            Int("transB", 1 - IntOf(node, "transB", 0))));

    private static bool WithFactors(Draft draft) => Gemm(draft) is { } node && draft.Replace(node, () =>
    {
        string Times(string tensor, double factor) =>
            draft.Constant([.. draft.ValuesOf(tensor)!.Select(value => value * factor)], [.. draft.Stored(tensor)!.Dims],
                draft.FormOf(tensor)!.Type);
        var inputs = new List<string> { node.Input[0], Times(node.Input[1], 4) };
        if (node.Input.Count > 2)
            inputs.Add(Times(node.Input[2], 0.5));
        return draft.Named(node.Name, "Gemm", inputs,
            AttributeProto.Of("alpha", 0.25f), AttributeProto.Of("beta", 2f), Int("transB", IntOf(node, "transB", 0)));
    });

    private static bool AsGemm(Draft draft) => draft.Opset >= 11 && Product(draft, rank: 2) is { } node
        && draft.Replace(node, () => draft.Random.Next(2) == 0
        ? draft.Named(node.Name, "Gemm", [node.Input[0], node.Input[1]])
        : draft.Named(node.Name, "Gemm", [node.Input[0], TransposedCopy(draft, node.Input[1])], Int("transB", 1)));

    private static bool WeightLeft(Draft draft) => Product(draft, rank: 0) is { } node && draft.Replace(node, () =>
    {
        var rank = draft.FormOf(node.Input[0])!.Rank;
        var swap = Ints("perm", [.. Enumerable.Range(0, rank - 2).Select(axis => (long)axis), rank - 1, rank - 2]);
        var turned = draft.Emit("Transpose", [node.Input[0]], swap);
        return draft.Emit("Transpose", [draft.Named(node.Name, "MatMul", [TransposedCopy(draft, node.Input[1]), turned])], swap);
    });

    private static bool AsEinsum(Draft draft) => draft.Opset >= 12 && Product(draft, rank: 0) is { } node
        && draft.Replace(node, () => draft.Random.Next(2) == 0
        ? draft.Named(node.Name, "Einsum", [node.Input[0], node.Input[1]],
            AttributeProto.Of("equation", $"{Lead(draft, node)}i,io->{Lead(draft, node)}o"))
        : draft.Named(node.Name, "Einsum", [node.Input[0], TransposedCopy(draft, node.Input[1])],
            AttributeProto.Of("equation", $"{Lead(draft, node)}i,oi->{Lead(draft, node)}o")));

    private static string Lead(Draft draft, NodeProto node) => "abcde"[..(draft.FormOf(node.Input[0])!.Rank - 1)];

    private static bool AsFusedMatMul(Draft draft) => Product(draft, rank: 0) is { } node
        && draft.Replace(node, () => draft.Random.Next(2) == 0
        ? draft.Named(node.Name, "com.microsoft::FusedMatMul", [node.Input[0], node.Input[1]])
        : draft.Named(node.Name, "com.microsoft::FusedMatMul", [node.Input[0], TransposedCopy(draft, node.Input[1])],
            Int("transB", 1)));

    private static bool AsStack(Draft draft) => Product(draft, rank: 0) is { } node && draft.Replace(node, () =>
    {
        var (rank, dims) = (draft.FormOf(node.Input[0])!.Rank, draft.Stored(node.Input[1])!.Dims);
        var stack = draft.Constant(draft.ValuesOf(node.Input[1])!, [1, .. dims], draft.FormOf(node.Input[1])!.Type);
        var product = draft.Named(node.Name, "MatMul", [node.Input[0], stack]);
        return rank > 2 ? product : draft.Emit("Reshape", [product, draft.Longs(-1, dims[1])]);
    });

    private static bool TokensAsGemm(Draft draft) =>
        draft.Opset >= 11 && Product(draft, rank: 3) is { } node && draft.Replace(node, () =>
    {
        var (dims, outputs) = (draft.FormOf(node.Input[0])!.Dims, draft.Stored(node.Input[1])!.Dims[1]);
        var flat = draft.Emit("Reshape", [node.Input[0], draft.Longs(-1, dims[2])]);
        return draft.Emit("Reshape", [draft.Named(node.Name, "Gemm", [flat, node.Input[1]]), draft.Longs(-1, dims[1], outputs)]);
    });
}
