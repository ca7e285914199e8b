using System.Collections.Immutable;
using static Emergence.Analyzer.Tests.Rewriting.Draft;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Rewriting.Kinds;

/// <summary>Operators behind any tensor that together change nothing.</summary>
internal static class Insertions
{
    public static ImmutableArray<Rewrite> All { get; } =
    [
        new("Identity inserted", draft => Insert(draft, 0, (x, _) => draft.Emit("Identity", [x]))),
        new("Dropout inserted", draft => Insert(draft, 0, (x, _) => draft.Emit("Dropout", [x]))),
        new("Casts to double and back inserted", draft => Insert(draft, 0, (x, form) =>
            draft.Emit("Cast", [draft.Emit("Cast", [x], Int("to", (long)DataType.Double))], Int("to", (long)form.Type)))),
        new("Cast to its own type inserted", draft =>
            Insert(draft, 0, (x, form) => draft.Emit("Cast", [x], Int("to", (long)form.Type)))),
        new("Transposes there and back inserted", draft => Insert(draft, 2, (x, form) =>
        {
            var perm = draft.Shuffled(Enumerable.Range(0, form.Rank).Select(axis => (long)axis));
            long[] inverse = [.. Enumerable.Range(0, form.Rank).Select(axis => (long)Array.IndexOf(perm, axis))];
            return draft.Emit("Transpose", [draft.Emit("Transpose", [x], Ints("perm", perm))], Ints("perm", inverse));
        })),
        new("Reshapes there and back inserted", draft => Insert(draft, 3, (x, form) => draft.Emit("Reshape",
            [draft.Emit("Reshape", [x, draft.Longs([.. new long[form.Rank - 2], -1])]),
                draft.Longs([.. new long[form.Rank - 2], .. form.Dims[^2..]])]))),
        new("Unsqueeze and Squeeze inserted", draft => Insert(draft, 1, (x, form) =>
        {
            var axis = draft.Random.Next(form.Rank + 1);
            return draft.Squeeze(draft.Unsqueeze(x, axis), axis);
        })),
        new("Slice of everything inserted", draft =>
            Insert(draft, 2, (x, form) =>
            draft.Emit("Slice", [x, draft.Longs(0), draft.Longs(long.MaxValue / 2), draft.Longs(form.Rank - 1)]), opset: 10)),
        new("Concat of one inserted", draft =>
            Insert(draft, 1, (x, form) => draft.Emit("Concat", [x], Int("axis", form.Rank - 1)))),
        new("Pad by nothing inserted", draft =>
            Insert(draft, 1, (x, form) => draft.Emit("Pad", [x, draft.Longs(new long[2 * form.Rank])]), opset: 11)),
        new("Expand to its own shape inserted", draft => Insert(draft, 1, (x, _) => draft.Emit("Expand", [x, draft.Longs(1)]),
            opset: 8)),
        new("factor 1 inserted", draft =>
            Insert(draft, 1, (x, form) => draft.Emit("Mul", draft.Shuffled([x, draft.Scalar(1, form.Type)])))),
        new("summand 0 inserted", draft =>
            Insert(draft, 1, (x, form) => draft.Emit("Add", draft.Shuffled([x, draft.Scalar(0, form.Type)])))),
        new("Reshape to its own Shape inserted", draft =>
            Insert(draft, 1, (x, _) => draft.Emit("Reshape", [x, draft.Emit("Shape", [x])]))),
    ];

    private static bool Insert(Draft draft, int leastRank, Func<string, TensorForm, string> spell, int opset = 7)
    {
        if (draft.Opset < opset)
            return false;
        // A 0 in the shape of a Reshape stands for a length that is kept, so a length of 0 cannot be written.
        var tensor = draft.Activations().FirstOrDefault(tensor =>
            draft.FormOf(tensor) is { Type: DataType.Float or DataType.Float16 } form && form.Rank >= leastRank
                && form.Dims.All(size => size > 0));
        return tensor is not null && draft.FormOf(tensor) is { } found && draft.Follow(tensor, raw => spell(raw, found));
    }
}
