using System.Collections.Immutable;
using static Emergence.Analyzer.Tests.Rewriting.Draft;

namespace Emergence.Analyzer.Tests.Rewriting.Kinds;

/// <summary>Sums and concatenations: operands swapped, nested or flat.</summary>
internal static class Merges
{
    public static ImmutableArray<Rewrite> All { get; } =
    [
        new("operands swapped", Swap),
        new("Add as Sum", draft => draft.Nodes("Add").FirstOrDefault() is { } add
            && draft.Replace(add, () => draft.Emit("Sum", add.Input))),
        new("Concat nested", Nest),
        new("Concat flat", Flatten),
        new("Concat of two in one more Concat", draft => draft.Nodes("Concat")
            .FirstOrDefault(concat => draft.IsComputed(concat.Output[0])) is { } concat
            && draft.Follow(concat.Output[0], raw => draft.Emit("Concat", [raw], [.. concat.Attribute]))),
        new("Softmax in parts", draft => InParts(draft, "Softmax", (x, axis) =>
        {
            var e = draft.Emit("Exp", [draft.Emit("Sub", [x, draft.Largest(x, axis)])]);
            return draft.Emit("Div", [e, draft.Sum(e, axis)]);
        })),
        new("LogSoftmax as Log of Softmax", draft => InParts(draft, "LogSoftmax", (x, axis) =>
            draft.Emit("Log", [draft.Emit("Softmax", [x], Int("axis", axis))]))),
    ];

    private static bool Swap(Draft draft)
    {
        if (draft.Nodes("Add", "Mul", "Max", "Min", "Sum").FirstOrDefault(node => node.Input.Count > 1) is not { } node)
            return false;
        (node.Input[0], node.Input[^1]) = (node.Input[^1], node.Input[0]);
        return true;
    }

    private static bool Nest(Draft draft)
    {
        if (draft.Nodes("Concat").FirstOrDefault(concat => concat.Input.Count > 2
            && draft.IsComputed(concat.Output[0])) is not { } concat)
            return false;
        var inner = draft.Random.Next(2, concat.Input.Count);
        draft.MoveTo(concat);
        var nested = draft.Emit("Concat", concat.Input.Take(inner), [.. concat.Attribute]);
        string[] rest = [nested, .. concat.Input.Skip(inner)];
        concat.Input.Clear();
        concat.Input.AddRange(rest);
        return true;
    }

    private static bool Flatten(Draft draft)
    {
        foreach (var outer in draft.Nodes("Concat"))
        {
            for (var i = 0; i < outer.Input.Count; i++)
            {
                if (draft.Producer(outer.Input[i]) is not { OpType: "Concat" } inner || draft.OnlyReader(outer.Input[i]) is null
                    || IntOf(inner, "axis", 0) != IntOf(outer, "axis", 0))
                {
                    continue;
                }
                string[] flat = [.. outer.Input.Take(i), .. inner.Input, .. outer.Input.Skip(i + 1)];
                outer.Input.Clear();
                outer.Input.AddRange(flat);
                draft.Remove(inner);
                return true;
            }
        }
        return false;
    }

    private static bool InParts(Draft draft, string op, Func<string, long, string> spell) =>
        draft.Opset >= 13 && draft.Nodes(op).FirstOrDefault(node => draft.FormOf(node.Output[0]) is { IsFloat: true }) is { } node
        && draft.Replace(node, () => spell(node.Input[0], IntOf(node, "axis", -1)));
}
