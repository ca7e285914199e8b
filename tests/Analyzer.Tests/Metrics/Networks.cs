using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Tests.Metrics;

/// <summary>Ways to say which nodes are alive.</summary>
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
}
