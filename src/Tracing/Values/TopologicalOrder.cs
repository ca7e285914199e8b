using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Tracing.Values;

/// <summary>The nodes of a graph with producers before consumers. The standard asks for that order; runtimes do not, so files
/// come without it.</summary>
internal static class TopologicalOrder
{
    /// <summary>The nodes in order, that of the file wherever it will do; those that write nothing, which
    /// nothing can depend on, left out.</summary>
    /// <exception cref="TraceException">The graph has a cycle, or a tensor that two nodes write.</exception>
    public static IReadOnlyList<NodeProto> Of(GraphProto graph)
    {
        var producer = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < graph.Node.Count; i++)
        {
            foreach (var output in graph.Node[i].Output.Where(output => output.Length > 0))
            {
                if (!producer.TryAdd(output, i))
                    throw new TraceException($"two nodes write the tensor '{output}'; the file is damaged");
            }
        }
        var consumers = new List<int>[graph.Node.Count];
        var waiting = new int[graph.Node.Count];
        for (var i = 0; i < graph.Node.Count; i++)
            consumers[i] = [];
        for (var i = 0; i < graph.Node.Count; i++)
        {
            foreach (var source in Reads(graph.Node[i]).Where(producer.ContainsKey).Select(name => producer[name]).Distinct())
            {
                consumers[source].Add(i);
                waiting[i]++;
            }
        }
        var ready = new PriorityQueue<int, int>(Enumerable.Range(0, graph.Node.Count)
            .Where(i => waiting[i] == 0)
            .Select(i => (i, i)));
        var order = new List<NodeProto>(graph.Node.Count);
        var sorted = 0;
        while (ready.TryDequeue(out var next, out _))
        {
            if (graph.Node[next].Output.Any(output => output.Length > 0))
                order.Add(graph.Node[next]);
            sorted++;
            foreach (var consumer in consumers[next])
            {
                if (--waiting[consumer] == 0)
                    ready.Enqueue(consumer, consumer);
            }
        }
        if (sorted < graph.Node.Count)
            throw new TraceException("the graph has a cycle; it is damaged");
        return order;
    }

    /// <summary>What a node reads, the outer tensors its sub-graphs capture included.</summary>
    private static IEnumerable<string> Reads(NodeProto node) =>
        node.Input.Concat(node.SubGraphs().SelectMany(body => body.Captured()));
}
