using System.Collections.Immutable;

namespace Emergence.Analyzer.Metrics;

/// <summary>The layers of a network in topological order and how they feed each other. Immutable.</summary>
public sealed class NetworkGraph
{
    private readonly ImmutableArray<int> _firstEdge;

    /// <summary>Creates a graph; the order of <paramref name="edges"/> is of no consequence.</summary>
    /// <param name="layers">In topological order; at least one.</param>
    /// <param name="edges">Each leads forward; at most one of each kind between two layers.</param>
    /// <exception cref="ArgumentException">A layer without nodes, or an edge that does not fit its layers.</exception>
    public NetworkGraph(IEnumerable<NetworkLayer> layers, IEnumerable<NetworkEdge> edges)
    {
        Layers = [.. layers];
        Edges = [.. edges.OrderBy(edge => edge.From).ThenBy(edge => edge.To).ThenBy(edge => edge.Kind)];
        if (Layers.IsEmpty)
            throw new ArgumentException("A network has at least one layer.", nameof(layers));
        for (var i = 0; i < Layers.Length; i++)
        {
            if (Layers[i].Channels < 1 || Layers[i].Positions < 1
                || (long)Layers[i].Channels * Layers[i].Positions > Array.MaxLength)
                throw new ArgumentException($"Layer {i}: {Layers[i].Channels} × {Layers[i].Positions} nodes.", nameof(layers));
        }
        for (var e = 0; e < Edges.Length; e++)
        {
            Check(Edges[e]);
            if (e > 0 && (Edges[e].From, Edges[e].To, Edges[e].Kind) == (Edges[e - 1].From, Edges[e - 1].To, Edges[e - 1].Kind))
                throw new ArgumentException($"{Edges[e]} is given twice; merge their maps.", nameof(edges));
        }

        HasIdentityEdges = Edges.Any(edge => edge.Kind == EdgeKind.Identity);
        var first = new int[Layers.Length + 1];
        foreach (var edge in Edges)
            first[edge.From + 1]++;
        for (var i = 0; i < Layers.Length; i++)
            first[i + 1] += first[i];
        _firstEdge = [.. first];
    }

    /// <summary>The layers, in topological order.</summary>
    public ImmutableArray<NetworkLayer> Layers { get; }

    /// <summary>The edges, ordered by source, target and kind.</summary>
    public ImmutableArray<NetworkEdge> Edges { get; }

    /// <summary>Whether any edge is an identity edge: then the measures need to know which nodes are alive.</summary>
    public bool HasIdentityEdges { get; }

    /// <summary>A chain of dense layers with the given numbers of nodes.</summary>
    public static NetworkGraph Chain(params ReadOnlySpan<int> nodes)
    {
        var layers = new NetworkLayer[nodes.Length];
        for (var i = 0; i < nodes.Length; i++)
            layers[i] = new NetworkLayer(nodes[i]);
        return Chain(layers);
    }

    /// <summary>A chain of layers, each a dense successor of the one before.</summary>
    public static NetworkGraph Chain(params ReadOnlySpan<NetworkLayer> layers) =>
        new(layers.ToArray(), Enumerable.Range(0, Math.Max(0, layers.Length - 1)).Select(i => NetworkEdge.Dense(i, i + 1)));

    /// <summary>The edges that leave <paramref name="layer"/>, ordered by target and kind.</summary>
    internal ReadOnlySpan<NetworkEdge> EdgesFrom(int layer) =>
        Edges.AsSpan()[_firstEdge[layer].._firstEdge[layer + 1]];

    private void Check(NetworkEdge edge)
    {
        if (edge.From < 0 || edge.To <= edge.From || edge.To >= Layers.Length)
            throw new ArgumentException($"{edge}: an edge leads from a layer to a later one, of {Layers.Length}.", nameof(edge));
        var (from, to) = (Layers[edge.From].Nodes, Layers[edge.To].Nodes);
        if (edge.Kind == EdgeKind.Dense && edge.Wiring is null)
        {
            if (edge.Map is not null)
                throw new ArgumentException($"{edge}: a map without a wiring leads nowhere.", nameof(edge));
            return;
        }
        if (edge.Wiring is not null && edge.Wiring.Outputs != to)
            throw new ArgumentException($"{edge}: its wiring leads to {edge.Wiring.Outputs} nodes, not to {to}.", nameof(edge));
        var end = edge.Wiring?.Inputs ?? to;
        if (edge.Map is null && from != end)
            throw new ArgumentException($"{edge}: {from} nodes cannot stand for {end} without a map.", nameof(edge));
        if (edge.Map is not null && (edge.Map.From, edge.Map.To) != (from, end))
        {
            throw new ArgumentException(
                $"{edge}: its map leads from {edge.Map.From} to {edge.Map.To}, not from {from} to {end}.", nameof(edge));
        }
    }
}
