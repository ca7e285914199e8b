using System.Numerics;

namespace Emergence.Analyzer.Metrics;

/// <summary>
/// E and E_H of one dense network under many alive counts, such as one set of counts per sample: exact, and in machine
/// words wherever the network's largest possible E fits. Safe to share between threads.
/// </summary>
public sealed class SampleEvaluator
{
    private readonly NetworkGraph _graph;
    private readonly BigInteger _bound;

    /// <summary>Prepares for a network.</summary>
    /// <param name="graph">A network without identity edges.</param>
    /// <exception cref="ArgumentException">It has an identity edge: use
    /// <see cref="Measure.Of(NetworkGraph, ReadOnlySpan{LayerActivity})"/>.</exception>
    public SampleEvaluator(NetworkGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        if (graph.HasIdentityEdges)
            throw new ArgumentException("Counts alone do not determine the emergence of a network with identity edges.",
                nameof(graph));
        _graph = graph;

        // No sum on the way is larger than with every node counted both as dead and as alive.
        var landing = new BigInteger[graph.Layers.Length];
        for (var i = landing.Length - 1; i >= 0; i--)
        {
            var leaving = BigInteger.Zero;
            foreach (var edge in graph.EdgesFrom(i))
                leaving += landing[edge.To];
            landing[i] = graph.Layers[i].Nodes + (graph.Layers[i].Channels * leaving);
            _bound += landing[i] + (graph.Layers[i].Nodes * leaving);
        }
    }

    /// <summary>E of each sample.</summary>
    /// <param name="alive">Alive nodes: the layers of the first sample, of the second, and so on.</param>
    /// <exception cref="ArgumentException">Not a whole number of samples, or a count that does not fit its layer.</exception>
    public BigInteger[] Emergence(ReadOnlySpan<int> alive)
    {
        Check(alive, layer => layer.Nodes, nameof(alive));
        return Evaluate(alive, []);
    }

    /// <summary>E_H of each sample.</summary>
    /// <param name="alive">Alive nodes: the layers of the first sample, of the second, and so on.</param>
    /// <param name="aliveChannels">Channels with any alive node, laid out the same way.</param>
    /// <exception cref="ArgumentException">Not a whole number of samples, or a count that does not fit its layer.</exception>
    public BigInteger[] EmergenceActive(ReadOnlySpan<int> alive, ReadOnlySpan<int> aliveChannels)
    {
        Check(alive, layer => layer.Nodes, nameof(alive));
        Check(aliveChannels, layer => layer.Channels, nameof(aliveChannels));
        if (alive.Length != aliveChannels.Length)
            throw new ArgumentException($"{aliveChannels.Length} counts of channels for {alive.Length} of nodes.",
                nameof(aliveChannels));
        return Evaluate(alive, aliveChannels);
    }

    private BigInteger[] Evaluate(ReadOnlySpan<int> alive, ReadOnlySpan<int> aliveChannels) =>
        _bound <= ulong.MaxValue ? Array.ConvertAll(Evaluate<ulong>(alive, aliveChannels), value => (BigInteger)value)
        : _bound <= UInt128.MaxValue ? Array.ConvertAll(Evaluate<UInt128>(alive, aliveChannels), value => (BigInteger)value)
        : Evaluate<BigInteger>(alive, aliveChannels);

    private T[] Evaluate<T>(ReadOnlySpan<int> alive, ReadOnlySpan<int> aliveChannels) where T : INumberBase<T>
    {
        var layers = _graph.Layers.AsSpan();
        var nodes = layers.ToArray().Select(layer => T.CreateChecked(layer.Nodes)).ToArray();
        var channels = layers.ToArray().Select(layer => T.CreateChecked(layer.Channels)).ToArray();
        var landing = new T[layers.Length];
        var result = new T[alive.Length / layers.Length];
        for (var sample = 0; sample < result.Length; sample++)
        {
            var total = T.Zero;
            var first = sample * layers.Length;
            for (var i = layers.Length - 1; i >= 0; i--)
            {
                var leaving = T.Zero;
                foreach (var edge in _graph.EdgesFrom(i))
                    leaving += landing[edge.To];
                var a = T.CreateChecked(alive[first + i]);
                var m = aliveChannels.IsEmpty ? channels[i] : T.CreateChecked(aliveChannels[first + i]);
                landing[i] = a + (m * leaving);
                total += (nodes[i] - a) * leaving;
            }
            result[sample] = total;
        }
        return result;
    }

    private void Check(ReadOnlySpan<int> counts, Func<NetworkLayer, int> largest, string name)
    {
        var layers = _graph.Layers;
        if (counts.Length % layers.Length != 0)
            throw new ArgumentException($"{counts.Length} counts are not a whole number of samples of {layers.Length} layers.",
                name);
        for (var k = 0; k < counts.Length; k++)
        {
            var i = k % layers.Length;
            if (counts[k] < 0 || counts[k] > largest(layers[i]))
                throw new ArgumentException($"Sample {k / layers.Length}, layer {i}: {counts[k]} of {largest(layers[i])} alive.",
                    name);
        }
    }
}
