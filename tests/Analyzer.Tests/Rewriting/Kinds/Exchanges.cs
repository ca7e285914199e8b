using System.Collections.Immutable;
using Onnx;

namespace Emergence.Analyzer.Tests.Rewriting.Kinds;

/// <summary>An elementwise function in front of what moves, selects or pools values, or behind it.</summary>
internal static class Exchanges
{
    // Increasing, so that the largest of the values is the value of the largest.
    private static readonly string[] Increasing =
        ["Relu", "LeakyRelu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Elu", "Selu", "Celu", "HardSigmoid", "Clip",
            "ThresholdedRelu"];

    private static readonly string[] Elementwise = [.. Increasing, "Gelu", "Mish", "HardSwish", "Swish", "Abs", "Erf"];

    private static readonly string[] Pools = ["MaxPool", "GlobalMaxPool", "ReduceMax"];

    private static readonly string[] Movers = ["Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze"];

    public static ImmutableArray<Rewrite> All { get; } =
    [
        new("function in front of max-pooling", draft => Forward(draft, Increasing, Pools)),
        new("function behind max-pooling", draft => Back(draft, Increasing, Pools)),
        new("function in front of nearest Resize", draft => Forward(draft, Elementwise, ["Resize"])),
        new("function behind nearest Resize", draft => Back(draft, Elementwise, ["Resize"])),
        new("function in front of a layout", draft => Forward(draft, Elementwise, Movers)),
        new("function behind a layout", draft => Back(draft, Elementwise, Movers)),
        new("function in front of Slice or Gather", draft => Forward(draft, Elementwise, ["Slice", "Gather"])),
        new("function behind Slice or Gather", draft => Back(draft, Elementwise, ["Slice", "Gather"])),
        new("function in front of Concat", IntoConcat),
        new("function behind Concat", OutOfConcat),
        new("function in front of Split", IntoSplit),
        new("function behind Split", OutOfSplit),
        new("BatchNormalization in front of max-pooling", draft =>
            Forward(draft, ["BatchNormalization"], ["MaxPool", "GlobalMaxPool"])),
        new("BatchNormalization behind max-pooling", draft => Back(draft, ["BatchNormalization"], ["MaxPool", "GlobalMaxPool"])),
    ];

    /// <summary>f(move(x)) becomes move(f(x)).</summary>
    private static bool Forward(Draft draft, string[] functions, string[] movers)
    {
        foreach (var f in draft.Nodes(functions))
        {
            if (draft.OnlyReader(f.Input[0]) is null || draft.Producer(f.Input[0]) is not { } mover
                || !Moves(draft, mover, movers) || !Fits(draft, f))
                continue;
            draft.Remove(mover);
            return draft.Replace(f, () => Copy(draft, mover, Copy(draft, f, mover.Input[0])));
        }
        return false;
    }

    /// <summary>move(f(x)) becomes f(move(x)).</summary>
    private static bool Back(Draft draft, string[] functions, string[] movers)
    {
        foreach (var f in draft.Nodes(functions))
        {
            if (draft.OnlyReader(f.Output[0]) is not { } mover || !Moves(draft, mover, movers) || !Fits(draft, f)
                || mover.Input[0] != f.Output[0])
                continue;
            draft.Remove(f);
            return draft.Replace(mover, () => Copy(draft, f, Copy(draft, mover, f.Input[0])));
        }
        return false;
    }

    private static bool IntoConcat(Draft draft)
    {
        foreach (var f in draft.Nodes(Elementwise))
        {
            if (draft.OnlyReader(f.Input[0]) is null || draft.Producer(f.Input[0]) is not { OpType: "Concat" } concat)
                continue;
            draft.Remove(concat);
            return draft.Replace(f, () =>
                draft.Named(concat.Name, "Concat", [.. concat.Input.Select(part => Copy(draft, f, part))],
                [.. concat.Attribute]));
        }
        return false;
    }

    private static bool OutOfConcat(Draft draft)
    {
        foreach (var concat in draft.Nodes("Concat"))
        {
            var parts = concat.Input.Select(part => draft.OnlyReader(part) is null ? null : draft.Producer(part)).ToArray();
            if (parts[0] is not { } first || !Elementwise.Contains(first.OpType)
                || parts.Any(part => part is null || !IsLike(part, first)))
                continue;
            Array.ForEach(parts, part => draft.Remove(part!));
            return draft.Replace(concat, () => Copy(draft, first,
                draft.Named(concat.Name, "Concat", [.. parts.Select(part => part!.Input[0])], [.. concat.Attribute])));
        }
        return false;
    }

    private static bool IntoSplit(Draft draft)
    {
        foreach (var split in draft.Nodes("Split"))
        {
            var readers = split.Output.Select(draft.OnlyReader).ToArray();
            if (readers[0] is not { } first || !Elementwise.Contains(first.OpType)
                || readers.Any(reader => reader is null || !IsLike(reader, first)))
                continue;
            draft.MoveTo(split);
            split.Input[0] = Copy(draft, first, split.Input[0]);
            for (var part = 0; part < readers.Length; part++)
            {
                split.Output[part] = readers[part]!.Output[0];
                draft.Remove(readers[part]!);
            }
            return true;
        }
        return false;
    }

    private static bool OutOfSplit(Draft draft)
    {
        foreach (var f in draft.Nodes(Elementwise))
        {
            if (draft.OnlyReader(f.Output[0]) is not { OpType: "Split" } split)
                continue;
            split.Input[0] = f.Input[0];
            foreach (var part in split.Output.ToArray())
                draft.Follow(part, raw => Copy(draft, f, raw));
            draft.Remove(f);
            return true;
        }
        return false;
    }

    private static bool Moves(Draft draft, NodeProto mover, string[] movers) =>
        mover.Domain.Length == 0 && movers.Contains(mover.OpType) && mover.Output.Count == 1 && draft.IsComputed(mover.Input[0])
        && (mover.OpType != "Resize" || mover.Attribute.FirstOrDefault(attribute => attribute.Name == "mode") is not { } mode
            || mode.S.ToStringUtf8() == "nearest")
        && (mover.OpType != "Gather" || draft.Stored(mover.Input[1]) is not null);

    /// <summary>An elementwise function, or a normalization whose factors are positive, so that it keeps the order.</summary>
    private static bool Fits(Draft draft, NodeProto f) => f.OpType != "BatchNormalization"
        || draft.ValuesOf(f.Input[1]) is not null && Normalizations.Folded(draft, f).Factor.All(factor => factor > 0);

    private static bool IsLike(NodeProto node, NodeProto other) =>
        node.OpType == other.OpType && node.Attribute.SequenceEqual(other.Attribute)
            && node.Input.Skip(1).SequenceEqual(other.Input.Skip(1));

    private static string Copy(Draft draft, NodeProto node, string x) =>
        draft.Named(draft.Fresh("spelled"), node.OpType, [x, .. node.Input.Skip(1)], [.. node.Attribute]);
}
