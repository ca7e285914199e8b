namespace Emergence.Analyzer.Metrics;

/// <summary>
/// A layer as the measures see it: <c>Channels × Positions</c> nodes, channel-major
/// (node = channel · Positions + position).
/// </summary>
/// <param name="Channels">Path multiplicity m: features of a dense layer, filters of a convolution; at least 1.</param>
/// <param name="Positions">Nodes per channel, at least 1; 1 for a dense layer, so that n = m.</param>
public readonly record struct NetworkLayer(int Channels, int Positions = 1)
{
    /// <summary>n: number of nodes.</summary>
    public int Nodes => checked(Channels * Positions);
}
