using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Measuring.Instrumentation;

/// <summary>Takes out what no output needs, as a runtime would otherwise compute it all the same.</summary>
internal static class UnusedNodes
{
    /// <summary>
    /// Removes every node of <paramref name="graph"/> that no graph output depends on, through data flow or through a
    /// sub-graph that reads an outer tensor, and every initializer that is then neither read nor an input.
    /// </summary>
    public static void Remove(GraphProto graph)
    {
        var producers = new Dictionary<string, NodeProto>(StringComparer.Ordinal);
        foreach (var node in graph.Node)
        {
            foreach (var output in node.Output.Where(output => output.Length > 0))
                producers.TryAdd(output, node);
        }

        var needed = new HashSet<NodeProto>(ReferenceEqualityComparer.Instance);
        var open = new Stack<string>(graph.Output.Select(output => output.Name));
        while (open.TryPop(out var tensor))
        {
            if (!producers.TryGetValue(tensor, out var node) || !needed.Add(node))
                continue;
            foreach (var input in Reads(node))
                open.Push(input);
        }

        var kept = graph.Node.Where(needed.Contains).ToList();
        graph.Node.Clear();
        graph.Node.Add(kept);
        // Of IR 3, the runtime refuses stored tensors that are neither read nor inputs.
        var read = kept.SelectMany(Reads)
            .Concat(graph.Output.Select(output => output.Name))
            .Concat(graph.Input.Select(input => input.Name))
            .ToHashSet(StringComparer.Ordinal);
        foreach (var unread in graph.Initializer.Where(tensor => !read.Contains(tensor.Name)).ToArray())
            graph.Initializer.Remove(unread);
    }

    /// <summary>The tensors a node reads, those its sub-graphs take from outside (and some names of their
    /// own) included.</summary>
    private static IEnumerable<string> Reads(NodeProto node) => node.Input.Concat(
        from body in node.SubGraphs().SelectMany(body => body.SelfAndSubGraphs())
        from tensor in body.Node.SelectMany(inner => inner.Input).Concat(body.Output.Select(output => output.Name))
        select tensor);
}
