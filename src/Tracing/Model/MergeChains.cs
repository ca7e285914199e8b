using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Tracing.Model;

/// <summary>
/// Finds the sums, products, largest and smallest of several branches that a file spells in several operators: one whose only
/// reader is of the same kind is a step of that one.
/// </summary>
internal sealed class MergeChains
{
    private readonly Dictionary<string, NodeProto> _producers = new(StringComparer.Ordinal);
    private readonly ILookup<string, NodeProto> _readers;

    /// <param name="nodes">The nodes of a graph.</param>
    public MergeChains(IReadOnlyList<NodeProto> nodes)
    {
        foreach (var node in nodes)
        {
            foreach (var output in node.Output.Where(output => output.Length > 0))
                _producers[output] = node;
        }
        _readers = nodes.Where(node => node.OpType is not ("Shape" or "Size"))
            .SelectMany(node => node.Input.Concat(node.ReadInBodies()).Distinct(StringComparer.Ordinal),
                (node, input) => (node, input))
            .ToLookup(pair => pair.input, pair => pair.node, StringComparer.Ordinal);
    }

    /// <summary>True where one more operator of the same kind completes what the node begins.</summary>
    public bool IsStep(NodeProto node)
    {
        if (KindOf(node) is not { } kind || node.Output is not [var output, ..])
            return false;
        NodeProto[] readers = [.. ReadersOf(output).Select(reader => DecidedBy(reader) ?? reader).Distinct()];
        return readers is [var only] && KindOf(only) == kind;
    }

    /// <summary>The Concat of a stack that a node reads in whatever shape, and that nothing else reads; null where it reads
    /// none.</summary>
    public NodeProto? StackBefore(NodeProto node)
    {
        var before = Before(node.Input[0]);
        while (before is { OpType: "Reshape" or "Unsqueeze" or "Squeeze" or "Flatten" })
            before = Before(before.Input[0]);
        return before is { OpType: "Concat" } ? before : null;
    }

    private NodeProto? Before(string tensor) =>
        _producers.GetValueOrDefault(Of(tensor)) is { Domain: "" or "ai.onnx", Output: [var output] } node
            && ReadersOf(output).Distinct().Count() == 1 ? node : null;

    /// <summary>The sum over axes that alone reads the result of a node; null where anything else does.</summary>
    public NodeProto? SumOf(NodeProto node) =>
        ReadersOf(node.Output[0]).Distinct().ToArray() is [{ Domain: "" or "ai.onnx", OpType: "ReduceSum" } only] ? only : null;

    /// <summary>The tensor that a name is a copy of.</summary>
    public string Of(string tensor)
    {
        while (_producers.TryGetValue(tensor, out var node) && IsCopy(node))
            tensor = node.Input[0];
        return tensor;
    }

    /// <summary>What a node makes of its branches, in whatever order and number; null for any other operator.</summary>
    private string? KindOf(NodeProto node) => node.OpType switch
    {
        "SkipLayerNormalization" or "SkipSimplifiedLayerNormalization" => "Add",
        _ when node.Domain is not ("" or "ai.onnx") => null,
        "Add" or "Sub" or "Sum" => "Add",
        "Mul" or "Max" or "Min" => node.OpType,
        "Where" => Choice(node),
        _ => null,
    };

    /// <summary>Max or Min, where the larger or the smaller of the two that are compared is chosen.</summary>
    private string? Choice(NodeProto where)
    {
        if (where.Input is not [var condition, var chosen, var other])
            return null;
        var isReversed = false;
        condition = Of(condition);
        while (_producers.GetValueOrDefault(condition) is { OpType: "Not", Input: [var negated] })
            (isReversed, condition) = (!isReversed, Of(negated));
        if (_producers.GetValueOrDefault(condition) is not { Input: [var a, var b] } comparison)
            return null;
        switch (comparison.OpType)
        {
            case "Greater" or "GreaterOrEqual":
                break;
            case "Less" or "LessOrEqual":
                isReversed = !isReversed;
                break;
            default:
                return null;
        }
        var (left, right, yes, no) = (Of(a), Of(b), Of(chosen), Of(other));
        if ((left, right) == (no, yes))
            isReversed = !isReversed;
        else if ((left, right) != (yes, no))
            return null;
        return isReversed ? "Min" : "Max";
    }

    /// <summary>The choice of the larger or smaller that a comparison is made for alone.</summary>
    private NodeProto? DecidedBy(NodeProto node) =>
        node.OpType is not ("Greater" or "GreaterOrEqual" or "Less" or "LessOrEqual" or "Not")
            || node.Output is not [var output] || ReadersOf(output).ToArray() is not [var only] ? null
        : only.OpType == "Where" && KindOf(only) is not null ? only
        : DecidedBy(only);

    private IEnumerable<NodeProto> ReadersOf(string tensor) =>
        _readers[tensor].SelectMany(reader => IsCopy(reader) ? ReadersOf(reader.Output[0]) : [reader]);

    private static bool IsCopy(NodeProto node) =>
        node is { Domain: "" or "ai.onnx", OpType: "Identity" or "Dropout", Input: [_, ..], Output: [_, ..] };
}
