namespace Emergence.Analyzer.Metrics;

/// <summary>A connection between two layers; made by <see cref="Dense"/> and <see cref="Identity"/>.</summary>
public sealed record NetworkEdge
{
    private NetworkEdge(int from, int to, EdgeKind kind, Wiring? wiring, ElementMap? map)
    {
        (From, To, Kind, Wiring, Map) = (from, to, kind, wiring, map);
    }

    /// <summary>Index of the source layer.</summary>
    public int From { get; }

    /// <summary>Index of the target layer; greater than <see cref="From"/>.</summary>
    public int To { get; }

    /// <summary>How the nodes are connected.</summary>
    public EdgeKind Kind { get; }

    /// <summary>Dense: which connections exist, for E_w; null where they are not known node by node: then all do.</summary>
    public Wiring? Wiring { get; }

    /// <summary>
    /// Identity: the counterparts of each source node among the target's nodes. Dense: the elements of the wiring's input
    /// that each source node goes to. Null where node x goes to element x.
    /// </summary>
    public ElementMap? Map { get; }

    /// <summary>Every node of one layer feeds every node of another, as E and E_H see it; E_w looks at the wiring.</summary>
    /// <param name="from">Index of the source layer.</param>
    /// <param name="to">Index of the target layer.</param>
    /// <param name="wiring">
    /// The target's operator and what follows it up to the target's nodes; null where every connection exists or none is
    /// known. Edges into one layer may share it: then it is evaluated once.
    /// </param>
    /// <param name="map">What lies between: source nodes to inputs of the wiring; null where node x is input x.</param>
    public static NetworkEdge Dense(int from, int to, Wiring? wiring = null, ElementMap? map = null) =>
        new(from, to, EdgeKind.Dense, wiring, map);

    /// <summary>Every node of one layer feeds its counterparts in another.</summary>
    /// <param name="from">Index of the source layer.</param>
    /// <param name="to">Index of the target layer.</param>
    /// <param name="map">Source nodes to target nodes; null where node x's counterpart is node x.</param>
    public static NetworkEdge Identity(int from, int to, ElementMap? map = null) =>
        new(from, to, EdgeKind.Identity, null, map);

    /// <inheritdoc/>
    public override string ToString() => $"{Kind} edge {From}→{To}";
}
