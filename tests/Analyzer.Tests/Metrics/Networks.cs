using System.Numerics;
using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Tests.Metrics;

/// <summary>Ways to say which nodes are alive, and how much emergence is expected.</summary>
internal static class Networks
{
    /// <summary>These nodes, by index.</summary>
    public static LayerActivity Alive(NetworkLayer layer, params int[] nodes)
    {
        var mask = new bool[layer.Nodes];
        foreach (var node in nodes)
            mask[node] = true;
        return LayerActivity.FromMask(layer, mask);
    }

    /// <summary>Each node with probability <paramref name="share"/>.</summary>
    public static bool[] RandomMask(Random random, int nodes, double share = 0.5)
    {
        var mask = new bool[nodes];
        for (var i = 0; i < nodes; i++)
            mask[i] = random.NextDouble() < share;
        return mask;
    }

    /// <summary>An exact value.</summary>
    public static Analyzer.Metrics.EmergenceValue Exact(BigInteger value) => new(value);

    /// <summary>p/q.</summary>
    public static Analyzer.Metrics.EmergenceValue Exact(BigInteger p, BigInteger q) => new(p, q);
}
