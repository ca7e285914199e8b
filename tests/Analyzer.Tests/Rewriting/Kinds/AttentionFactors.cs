using System.Collections.Immutable;
using Onnx;

namespace Emergence.Analyzer.Tests.Rewriting.Kinds;

/// <summary>The factor 1/√d of attention: on the scores, on the queries, on the keys, or its root on both.</summary>
internal static class AttentionFactors
{
    public static ImmutableArray<Rewrite> All { get; } =
    [
        new("attention's factor on the queries", draft => Move(draft, (query, key, c) => (Times(draft, query, c), key))),
        new("attention's factor on the keys", draft => Move(draft, (query, key, c) => (query, Times(draft, key, c)))),
        new("attention's factor as its root on both", draft =>
            Move(draft, (query, key, c) => (Times(draft, query, Math.Sqrt(c)), Times(draft, key, Math.Sqrt(c))))),
        new("attention's factor as a divisor of the scores", draft => Factor(draft) is var (scaled, product, c)
            && draft.Replace(scaled,
            () => draft.Emit("Div", [product.Output[0], draft.Scalar(1 / c)]))),
    ];

    private static bool Move(Draft draft, Func<string, string, double, (string Query, string Key)> spell) =>
        Factor(draft) is var (scaled, product, c) && draft.Replace(scaled, () =>
        {
            var (query, key) = spell(product.Input[0], product.Input[1], c);
            draft.Remove(product);
            draft.MoveTo(scaled);
            return draft.Named(product.Name, "MatMul", [query, key]);
        });

    private static (NodeProto Scaled, NodeProto Product, double Factor)? Factor(Draft draft)
    {
        foreach (var scaled in draft.Nodes("Mul", "Div"))
        {
            if (draft.Producer(scaled.Input[0]) is { OpType: "MatMul" } product && draft.OnlyReader(scaled.Input[0]) is not null
                && product.Input.All(draft.IsComputed) && draft.ScalarOf(scaled.Input[1]) is { } c)
            {
                return (scaled, product, scaled.OpType == "Mul" ? c : 1 / c);
            }
        }
        return null;
    }

    private static string Times(Draft draft, string x, double c) => draft.Random.Next(2) == 0
        ? draft.Emit("Mul", [x, draft.Scalar(c)])
        : draft.Emit("Div", [x, draft.Scalar(1 / c)]);
}
