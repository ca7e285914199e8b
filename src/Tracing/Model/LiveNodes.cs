using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Tracing.Model;

/// <summary>The nodes whose values have a part in what a model gives out.</summary>
internal static class LiveNodes
{
    /// <summary>The nodes that an output depends on. Whoever asks for the shape of a value does not use the value.</summary>
    /// <param name="nodes">The nodes, producers before consumers.</param>
    /// <param name="outputs">The outputs of the model.</param>
    public static HashSet<NodeProto> Of(IReadOnlyList<NodeProto> nodes, IEnumerable<string> outputs)
    {
        var needed = outputs.ToHashSet(StringComparer.Ordinal);
        var live = new HashSet<NodeProto>(ReferenceEqualityComparer.Instance);
        var states = nodes.Where(node => BodyBorder.StateOf(node) is not null).ToArray();
        int known;
        do
        {
            foreach (var node in nodes.Reverse().Where(node => node.Output.Any(needed.Contains) && live.Add(node)))
            {
                if (!AsksForShape(node))
                    needed.UnionWith(node.Input.Concat(node.ReadInBodies()));
            }
            // The next iteration of a loop reads a state, if any does.
            known = needed.Count;
            string[] carried =
                [.. states.Where(last => needed.Contains(BodyBorder.StateOf(last)!)).SelectMany(last => last.Output)];
            needed.UnionWith(carried);
        }
        while (needed.Count > known);
        return live;
    }

    /// <summary>True for Shape and Size.</summary>
    public static bool AsksForShape(NodeProto node) => node is { OpType: "Shape" or "Size", Domain: "" or "ai.onnx" };
}
