using System.Numerics;

namespace Emergence.Analyzer.Metrics;

/// <summary>
/// An exact rational number for each node of a layer: one part that all nodes share, and one of each node alone, over a
/// common denominator, where identity edges make nodes differ.
/// </summary>
/// <param name="Shared">What every node has.</param>
/// <param name="Own">What each node has besides; null where that is nothing.</param>
/// <param name="Denominator">Of <paramref name="Own"/>.</param>
internal readonly record struct NodeCounts(EmergenceValue Shared, WideCounts? Own, BigInteger Denominator)
{
    /// <summary>Nodes that all have the same number.</summary>
    public NodeCounts(EmergenceValue shared) : this(shared, null, BigInteger.One)
    {
    }

    /// <summary>The number of one node.</summary>
    public EmergenceValue this[int node] => Own is null ? Shared : Shared + new EmergenceValue(Own[node], Denominator);

    /// <summary>Sum over a number of nodes, which a mask sets where nodes differ.</summary>
    public EmergenceValue Sum(int nodes, ReadOnlySpan<ulong> mask) =>
        (nodes * Shared) + (Own is null || nodes == 0 ? new EmergenceValue() : new EmergenceValue(Own.Sum(mask), Denominator));

    /// <summary>Sum over all nodes of a layer.</summary>
    public EmergenceValue Sum(int nodes) =>
        (nodes * Shared) + (Own is null ? new EmergenceValue() : new EmergenceValue(Own.Sum(), Denominator));

    /// <summary>The numbers of both, node by node.</summary>
    public NodeCounts Plus(NodeCounts other)
    {
        var shared = Shared + other.Shared;
        if (Own is null || other.Own is null)
            return new(shared, Own ?? other.Own, Own is null ? other.Denominator : Denominator);
        var common = Denominator / BigInteger.GreatestCommonDivisor(Denominator, other.Denominator) * other.Denominator;
        var own = Own.Times(common / Denominator);
        own.Add(other.Own.Times(common / other.Denominator));
        return new(shared, own, common);
    }

    /// <summary>All numbers, and 1 more where the mask is set, as own parts only.</summary>
    public (WideCounts Counts, BigInteger Denominator) Whole(ReadOnlySpan<ulong> mask, int nodes, int bits)
    {
        var common = Denominator / BigInteger.GreatestCommonDivisor(Denominator, Shared.Denominator) * Shared.Denominator;
        var counts = WideCounts.FromMask(mask, nodes, bits).Times(common);
        counts.Add(Shared.Numerator * (common / Shared.Denominator));
        if (Own is not null)
            counts.Add(Own.Times(common / Denominator));
        return (counts, common);
    }
}
