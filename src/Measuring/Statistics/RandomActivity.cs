using Emergence.Analyzer.Metrics;
using Emergence.Datasets;

namespace Emergence.Measuring.Statistics;

/// <summary>Alive nodes at random places.</summary>
internal static class RandomActivity
{
    // Other things that are drawn use the streams from -4 on.
    private const int Places = -5;
    private const int Spreads = -6;

    /// <summary>In each layer as many alive nodes as there are, at random places.</summary>
    public static LayerActivity[] Placed(NetworkGraph network, IReadOnlyList<NodeMask> alive, int seed, int draw)
    {
        var random = new SampleRandom(unchecked((uint)seed), Places, draw);
        var result = new LayerActivity[alive.Count];
        for (var i = 0; i < alive.Count; i++)
        {
            var nodes = Chosen(alive[i].Count, alive[i].Count(isAlive => isAlive), ref random);
            result[i] = LayerActivity.FromMask(network.Layers[i], nodes);
        }
        return result;
    }

    /// <summary>As many alive nodes as there are in all, at random places of all layers.</summary>
    public static LayerActivity[] Spread(NetworkGraph network, IReadOnlyList<NodeMask> alive, int seed, int draw)
    {
        var random = new SampleRandom(unchecked((uint)seed), Spreads, draw);
        var nodes = Chosen(alive.Sum(mask => mask.Count), alive.Sum(mask => mask.Count(isAlive => isAlive)), ref random);
        var result = new LayerActivity[alive.Count];
        for (var (i, start) = (0, 0); i < alive.Count; start += alive[i++].Count)
            result[i] = LayerActivity.FromMask(network.Layers[i], nodes.AsSpan(start, alive[i].Count));
        return result;
    }

    /// <summary>This many of the nodes, every choice as likely as any other: Knuth's algorithm S.</summary>
    private static bool[] Chosen(int nodes, int wanted, ref SampleRandom random)
    {
        var chosen = new bool[nodes];
        for (var node = 0; node < nodes; node++)
        {
            if ((ulong)wanted <= Math.BigMul(random.Bits(), (ulong)(nodes - node), out _))
                continue;
            chosen[node] = true;
            wanted--;
        }
        return chosen;
    }
}
