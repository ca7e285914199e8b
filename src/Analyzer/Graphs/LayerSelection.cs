using System.Collections.Immutable;
using System.IO.Enumeration;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Graphs;

/// <summary>Which layers of a graph count (<c>--only</c>, <c>--exclude</c>).</summary>
public static class LayerSelection
{
    /// <summary>
    /// Keeps the layers whose name matches a glob of <paramref name="only"/> (all, where it is empty) and none of
    /// <paramref name="exclude"/>. What led through a layer that is left out leads past it: one edge for each way in and
    /// each way out, dense if either was, else identity. <c>*</c> stands for any run of characters, slashes included,
    /// and <c>?</c> for one.
    /// </summary>
    /// <exception cref="UsageException">A glob matches no layer, or no layer is left.</exception>
    public static LayerGraph Select(LayerGraph graph, ImmutableArray<string> only, ImmutableArray<string> exclude)
    {
        ArgumentNullException.ThrowIfNull(graph);
        if (only.IsEmpty && exclude.IsEmpty)
            return graph;
        RequireMatches(graph, "--only", only);
        RequireMatches(graph, "--exclude", exclude);
        var kept = graph.Layers
            .Where(layer => (only.IsEmpty || MatchesAny(only, layer)) && !MatchesAny(exclude, layer)).ToImmutableArray();
        if (kept.IsEmpty)
            throw new UsageException("--only and --exclude: leave no layer of the model; widen one or narrow the other");

        var indexOf = kept.Select((layer, i) => (layer.Index, i)).ToDictionary(pair => pair.Index, pair => pair.i);
        return graph with
        {
            Layers = [.. kept.Select((layer, i) => layer with { Index = i })],
            Edges =
            [
                .. Bridge(graph, indexOf.ContainsKey)
                    .Select(edge => new LayerEdge(indexOf[edge.From], indexOf[edge.To], edge.Kind))
                    .OrderBy(edge => edge.From).ThenBy(edge => edge.To).ThenBy(edge => edge.Kind),
            ],
        };
    }

    /// <summary>The edges once every layer that is not kept is taken out and bridged.</summary>
    private static HashSet<LayerEdge> Bridge(LayerGraph graph, Func<int, bool> isKept)
    {
        var edges = graph.Edges.ToHashSet();
        foreach (var layer in graph.Layers.Where(layer => !isKept(layer.Index)))
        {
            var incoming = edges.Where(edge => edge.To == layer.Index).ToList();
            var outgoing = edges.Where(edge => edge.From == layer.Index).ToList();
            edges.ExceptWith(incoming);
            edges.ExceptWith(outgoing);
            edges.UnionWith(from first in incoming
                            from second in outgoing
                            select new LayerEdge(first.From, second.To, Compose(first.Kind, second.Kind)));
        }
        return edges;
    }

    private static EdgeKind Compose(EdgeKind first, EdgeKind second) =>
        first == EdgeKind.Dense || second == EdgeKind.Dense ? EdgeKind.Dense : EdgeKind.Identity;

    private static bool MatchesAny(ImmutableArray<string> globs, TracedLayer layer) => globs.Any(glob => Matches(glob, layer));

    private static bool Matches(string glob, TracedLayer layer) =>
        FileSystemName.MatchesSimpleExpression(glob, layer.Name, ignoreCase: false);

    private static void RequireMatches(LayerGraph graph, string option, ImmutableArray<string> globs)
    {
        foreach (var glob in globs.Where(glob => !graph.Layers.Any(layer => Matches(glob, layer))))
        {
            var names = string.Join(", ", graph.Layers.Take(8).Select(layer => layer.Name));
            throw new UsageException($"{option} {glob}: matches no layer; there are {names}{(graph.Layers.Length > 8 ? ", …" : "")}");
        }
    }
}
