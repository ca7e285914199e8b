namespace Emergence.Analyzer.Metrics;

/// <summary>How one layer's nodes feed another's.</summary>
public enum EdgeKind
{
    /// <summary>Every node feeds every node.</summary>
    Dense,

    /// <summary>A node feeds its counterparts, through a skip connection.</summary>
    Identity,
}
