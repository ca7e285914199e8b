using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using Onnx;

namespace Emergence.Tracing.Rewriting;

/// <summary>
/// Makes copies of operators with weights that a file holds twice, as exporters leave them that look for no common
/// subexpressions: two of them on one value are one layer.
/// </summary>
internal static class RepeatedLayers
{
    /// <summary>The nodes, where one with weights that computes what an earlier one does is a copy of its results.</summary>
    /// <param name="nodes">The nodes, producers before consumers.</param>
    /// <param name="stored">The stored tensors.</param>
    public static IReadOnlyList<NodeProto> Merge(IReadOnlyList<NodeProto> nodes, StoredTensors stored)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        string Of(string tensor) => values.GetValueOrDefault(tensor, tensor);
        var repeated = new RepeatedNodes(stored, Of);
        var constant = new HashSet<string>(StringComparer.Ordinal);
        bool IsWeight(string input) => stored.Contains(input)
            ? ParameterCounts.IsNumber(stored.ElementType(input))
            : constant.Contains(input);
        var result = new List<NodeProto>(nodes.Count);
        foreach (var node in nodes)
        {
            if (node.Input.All(input => input.Length == 0 || stored.Contains(input) || constant.Contains(input)))
                constant.UnionWith(node.Output);
            (string Own, string First)[] outputs = node is { OpType: "Identity", Domain: "" or "ai.onnx", Input: [var copied] }
                ? [(node.Output[0], copied)]
                : repeated.FirstOf(node) is { } first ? [.. node.Output.Zip(first.Output)] : [];
            foreach (var (own, same) in outputs.Where(pair => pair is { Own.Length: > 0, First.Length: > 0 }))
                values[own] = Of(same);
            var isRepeated = outputs.Length == node.Output.Count && outputs.All(pair => pair.First.Length > 0);
            if (isRepeated && OpRules.Find(node.Domain, node.OpType) is { Kind: OpKind.Layer } && node.Input.Any(IsWeight))
                result.AddRange(outputs.Where(pair => pair.Own.Length > 0).Select(pair => Copy(pair.First, pair.Own)));
            else
                result.Add(node);
        }
        return result;
    }

    private static NodeProto Copy(string value, string name) =>
        new() { OpType = "Identity", Input = { value }, Output = { name } };
}
