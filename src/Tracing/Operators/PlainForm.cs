using System.Collections.Immutable;
using Onnx;

namespace Emergence.Tracing.Operators;

/// <summary>
/// A com.microsoft operator as the one of the standard that does the same to what its integers stand for, or that it is
/// merely an older copy of.
/// </summary>
internal static class PlainForm
{
    // The standard's operator, the inputs it takes, and which input is the scale of a quantized output; -1 for none.
    private static readonly Dictionary<string, (string Op, int[] Inputs, int ScaleAt)> Forms = new(StringComparer.Ordinal)
    {
        ["QLinearAdd"] = ("Add", [0, 3], 6),
        ["QLinearMul"] = ("Mul", [0, 3], 6),
        ["QLinearSigmoid"] = ("Sigmoid", [0], 3),
        ["QLinearLeakyRelu"] = ("LeakyRelu", [0], 3),
        ["QLinearAveragePool"] = ("AveragePool", [0], 3),
        ["QLinearGlobalAveragePool"] = ("GlobalAveragePool", [0], 3),
        ["QLinearReduceMean"] = ("ReduceMean", [0], 3),
        ["QLinearSoftmax"] = ("Softmax", [0], 3),
        ["QLinearWhere"] = ("Where", [0, 1, 4], 7),
        ["QLinearConcat"] = ("Concat", [], 0),
        ["ExpandDims"] = ("Unsqueeze", [0, 1], -1),
        ["GatherND"] = ("GatherND", [0, 1], -1),
        ["GridSample"] = ("GridSample", [0, 1], -1),
        ["MaxpoolWithMask"] = ("MaxPool", [0], -1),
        ["Pad"] = ("Pad", [0, 1, 2], -1),
        ["Range"] = ("Range", [0, 1, 2], -1),
        ["Trilu"] = ("Trilu", [0, 1], -1),
        ["Unique"] = ("Unique", [0], -1),
    };

    /// <summary>The operators that have one, with their domain.</summary>
    public static ImmutableArray<string> Ops { get; } = [.. Forms.Keys.Select(op => $"com.microsoft::{op}")];

    /// <summary>The node in the standard's form; itself where it has no other.</summary>
    public static NodeProto Of(NodeProto node)
    {
        if (node.Domain != "com.microsoft" || !Forms.TryGetValue(node.OpType, out var form))
            return node;
        return new NodeProto
        {
            Name = node.Name,
            OpType = form.Op,
            Input = { InputsOf(node).Where(input => input < node.Input.Count).Select(input => node.Input[input]) },
            Output = { node.Output },
            Attribute = { node.Attribute },
        };
    }

    /// <summary>Which inputs of a node its plain form takes.</summary>
    public static IEnumerable<int> InputsOf(NodeProto node) => node.OpType == "QLinearConcat"
        // Scale and zero point of the result come first, then each part with its own.
        ? Enumerable.Range(0, Math.Max(0, (node.Input.Count - 2) / 3)).Select(part => 3 * part + 2)
        : Forms[node.OpType].Inputs;

    /// <summary>Which input is the scale of the quantized output, its zero point behind it; -1 if there is none.</summary>
    public static int ScaleOf(NodeProto node) => Forms[node.OpType].ScaleAt;

    /// <summary>True for an input that holds quantized numbers; their scale and zero point stand behind it.</summary>
    public static bool IsQuantized(NodeProto node, int input) =>
        Forms[node.OpType].ScaleAt >= 0 && (node.OpType != "QLinearWhere" || input > 0);
}
