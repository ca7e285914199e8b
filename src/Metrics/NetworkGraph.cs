namespace Emergence.Analyzer.Metrics;

/// <summary>How one layer's nodes feed another's.</summary>
public enum EdgeKind
{
    /// <summary>Every node feeds every node.</summary>
    Dense,

    /// <summary>A node feeds its counterparts, through a skip connection.</summary>
    Identity,
}

/// <summary>A layer as the measures see it: <c>Channels × Positions</c> nodes, channel-major.</summary>
/// <param name="Channels">Path multiplicity m: features of a dense layer, filters of a convolution.</param>
/// <param name="Positions">Nodes per filter; 1 for a dense layer, so that n = m.</param>
public readonly record struct NetworkLayer(int Channels, int Positions = 1)
{
    /// <summary>n.</summary>
    public int Nodes => checked(Channels * Positions);
}
