namespace Emergence.Tracing.Networks;

/// <summary>What a node of a convolution is.</summary>
public enum ConvNodes
{
    /// <summary>A channel at a position: C×H×W nodes.</summary>
    Units,

    /// <summary>A whole filter: C nodes.</summary>
    Filters,
}
