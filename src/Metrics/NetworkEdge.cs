namespace Emergence.Analyzer.Metrics;

/// <summary>A connection between two layers; made by <see cref="Dense"/> and <see cref="Identity"/>.</summary>
public sealed record NetworkEdge
{
    private NetworkEdge(int from, int to, EdgeKind kind, IndexMap? map)
    {
        (From, To, Kind, Map) = (from, to, kind, map);
    }

    /// <summary>Index of the source layer.</summary>
    public int From { get; }

    /// <summary>Index of the target layer; greater than <see cref="From"/>.</summary>
    public int To { get; }

    /// <summary>How the nodes are connected.</summary>
    public EdgeKind Kind { get; }

    /// <summary>
    /// Identity: the counterparts of each source node among the target's nodes; null where each node's counterpart is
    /// the node of the same index.
    /// </summary>
    public IndexMap? Map { get; }

    /// <summary>Every node of <paramref name="from"/> feeds every node of <paramref name="to"/>.</summary>
    public static NetworkEdge Dense(int from, int to) => new(from, to, EdgeKind.Dense, null);

    /// <summary>Every node of <paramref name="from"/> feeds its counterparts in <paramref name="to"/>.</summary>
    /// <param name="from">Index of the source layer.</param>
    /// <param name="to">Index of the target layer.</param>
    /// <param name="map">Source nodes to target nodes; null where node x's counterpart is node x.</param>
    public static NetworkEdge Identity(int from, int to, IndexMap? map = null) => new(from, to, EdgeKind.Identity, map);

    /// <inheritdoc/>
    public override string ToString() => $"{Kind} edge {From}→{To}";
}
