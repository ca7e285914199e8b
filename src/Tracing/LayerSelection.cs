using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Tracing.Model;

namespace Emergence.Tracing;

/// <summary>Which layers of a graph count (<c>--only</c>, <c>--exclude</c>).</summary>
internal static class LayerSelection
{
    /// <summary>
    /// Keeps the layers whose name matches a glob of <paramref name="only"/> (all, where it is empty) and none of
    /// <paramref name="exclude"/>. What led through a layer that is left out leads past it: one edge for each way in and
    /// each way out, dense if either was, else identity. A glob that is the name of a layer means
    /// that one; any other is a <see cref="Glob"/>, in which <c>*</c> crosses slashes.
    /// </summary>
    /// <exception cref="UsageException">A glob matches no layer or has a range that runs backwards, or no
    /// layer is left.</exception>
    public static LayerGraph Select(LayerGraph graph, ImmutableArray<string> only, ImmutableArray<string> exclude)
    {
        ArgumentNullException.ThrowIfNull(graph);
        if (only.IsEmpty && exclude.IsEmpty)
            return graph;
        var (wanted, unwanted) = (Matching(graph, "--only", only), Matching(graph, "--exclude", exclude));
        var kept = graph.Layers
            .Where(layer => (only.IsEmpty || wanted.Contains(layer.Index)) && !unwanted.Contains(layer.Index)).ToImmutableArray();
        if (kept.IsEmpty)
            throw new UsageException("--only and --exclude: leave no layer of the model; widen one or narrow the other");

        var indexOf = kept.Select((layer, i) => (layer.Index, i)).ToDictionary(pair => pair.Index, pair => pair.i);
        var edges = Bridge(graph, indexOf.ContainsKey)
            .Select(edge => (Edge: new LayerEdge(indexOf[edge.Key.From], indexOf[edge.Key.To], edge.Key.Kind), Map: edge.Value))
            .OrderBy(edge => edge.Edge.From).ThenBy(edge => edge.Edge.To).ThenBy(edge => edge.Edge.Kind).ToList();
        return graph with
        {
            Layers = [.. kept.Select((layer, i) => layer with { Index = i })],
            Edges = [.. edges.Select(edge => edge.Edge)],
            Counterparts = edges.Where(edge => edge.Map is not null).ToImmutableDictionary(edge => edge.Edge, edge => edge.Map!),
        };
    }

    /// <summary>
    /// The edges once every layer that is not kept is taken out and bridged, each with its counterparts (null for a dense
    /// edge, and where a node's counterpart has the same index).
    /// </summary>
    private static Dictionary<LayerEdge, ElementMap?> Bridge(LayerGraph graph, Func<int, bool> isKept)
    {
        var edges = graph.Edges.ToDictionary(edge => edge, graph.Counterparts.GetValueOrDefault);
        foreach (var layer in graph.Layers.Where(layer => !isKept(layer.Index)))
        {
            var incoming = edges.Where(edge => edge.Key.To == layer.Index).ToList();
            var outgoing = edges.Where(edge => edge.Key.From == layer.Index).ToList();
            foreach (var ((from, _, first), before) in incoming)
            {
                foreach (var ((_, to, second), after) in outgoing)
                {
                    if (first == EdgeKind.Dense || second == EdgeKind.Dense)
                        edges.TryAdd(new LayerEdge(from, to, EdgeKind.Dense), null);
                    else
                        AddIdentity(edges, new LayerEdge(from, to, EdgeKind.Identity), Then(before, after), graph.Layers[from]);
                }
            }
            foreach (var (edge, _) in incoming.Concat(outgoing))
                edges.Remove(edge);
        }
        return edges;
    }

    private static ElementMap? Then(ElementMap? before, ElementMap? after) =>
        before is null ? after : after is null ? before : before.Then(after);

    /// <summary>Adds an identity edge; if there is one already, a node has the counterparts of both, each once.</summary>
    private static void AddIdentity(Dictionary<LayerEdge, ElementMap?> edges, LayerEdge edge, ElementMap? map, TracedLayer from)
    {
        if (edges.TryAdd(edge, map) || (edges[edge] is null && map is null))
            return;
        var nodes = from.Channels * from.Positions;
        var (one, other) = (edges[edge] ?? ElementMap.Identity(nodes), map ?? ElementMap.Identity(nodes));
        var routes = new HashSet<(int, int)>();
        for (var node = 0; node < nodes; node++)
        {
            foreach (var target in (int[])[.. one[node], .. other[node]])
                routes.Add((node, target));
        }
        edges[edge] = ElementMap.FromPairs(nodes, one.To, [.. routes]);
    }

    /// <summary>Indices of the layers that match any of the globs, each of which must match one.</summary>
    private static HashSet<int> Matching(LayerGraph graph, string option, ImmutableArray<string> globs)
    {
        var matching = new HashSet<int>();
        foreach (var text in globs)
        {
            // Names may hold brackets themselves: blocks[0]/fc.
            var found = graph.Layers.Where(layer => layer.Name == text).ToArray();
            if (found.Length == 0)
            {
                var glob = new Glob(text);
                found = [.. graph.Layers.Where(layer => glob.Matches(layer.Name))];
            }
            if (found.Length == 0)
            {
                var names = string.Join(", ", graph.Layers.Take(8).Select(layer => layer.Name));
                throw new UsageException(
                    $"{option} {text}: matches no layer; there are {names}{(graph.Layers.Length > 8 ? ", …" : "")}"
                    + NearestName.Question(text, graph.Layers.Select(layer => layer.Name)));
            }
            matching.UnionWith(found.Select(layer => layer.Index));
        }
        return matching;
    }
}
