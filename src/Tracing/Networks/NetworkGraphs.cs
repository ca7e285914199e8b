using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;

namespace Emergence.Tracing.Networks;

/// <summary>Makes of a layer graph what the measures see of it.</summary>
public static class NetworkGraphs
{
    /// <summary>The network of a layer graph. Only a convolution can have more nodes than its path multiplicity.</summary>
    /// <param name="graph">The layers and edges.</param>
    /// <param name="nodes">With <see cref="ConvNodes.Filters"/>, counterparts are whole filters too.</param>
    public static NetworkGraph Of(LayerGraph graph, ConvNodes nodes)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return new NetworkGraph(
            graph.Layers.Select(layer => LayerOf(layer, nodes)),
            graph.Edges.Select(edge => edge.Kind == EdgeKind.Dense
                ? NetworkEdge.Dense(edge.From, edge.To)
                : NetworkEdge.Identity(edge.From, edge.To, MapOf(graph, edge, nodes))));
    }

    private static NetworkLayer LayerOf(TracedLayer layer, ConvNodes nodes) => layer.IsConvolution
        ? new NetworkLayer(layer.Channels, layer.Positions / UnitsPerNode(layer, nodes))
        : new NetworkLayer(layer.Channels * layer.Positions);

    /// <summary>How many units (a channel at a position) one node of a layer is: the positions of a whole
    /// filter, else 1.</summary>
    internal static int UnitsPerNode(TracedLayer layer, ConvNodes nodes) =>
        nodes == ConvNodes.Filters && layer.IsConvolution ? layer.Positions : 1;

    private static ElementMap? MapOf(LayerGraph graph, LayerEdge edge, ConvNodes nodes)
    {
        var map = graph.Counterparts.GetValueOrDefault(edge);
        var (from, to) = (graph.Layers[edge.From], graph.Layers[edge.To]);
        var (fromUnits, toUnits) = (UnitsPerNode(from, nodes), UnitsPerNode(to, nodes));
        if (fromUnits == 1 && toUnits == 1)
            return map;

        // A filter's counterparts are the nodes that any of its positions leads to, each once.
        var sources = from.Channels * from.Positions;
        map ??= ElementMap.Identity(sources);
        var routes = new HashSet<(int, int)>();
        for (var source = 0; source < sources; source++)
        {
            foreach (var target in map[source])
                routes.Add((source / fromUnits, target / toUnits));
        }
        return ElementMap.FromPairs(sources / fromUnits, map.To / toUnits, [.. routes]);
    }
}
