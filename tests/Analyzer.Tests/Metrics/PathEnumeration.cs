using System.Numerics;
using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Tests.Metrics;

/// <summary>
/// The definition taken at its word: nodes, connections, and one path after another. Shares nothing with the measures.
/// </summary>
internal sealed class PathEnumeration(int[] sizes)
{
    private readonly List<(int Layer, int Node)>[][] _next =
        [.. sizes.Select(size => Enumerable.Range(0, size).Select(_ => new List<(int, int)>()).ToArray())];

    public bool[][] Alive { get; } = [.. sizes.Select(size => new bool[size])];

    public void Connect((int Layer, int Node) from, (int Layer, int Node) to) => _next[from.Layer][from.Node].Add(to);

    /// <summary>Paths from each dead layer (rows) to each alive layer (columns).</summary>
    public BigInteger[,] Count(bool activeOnly)
    {
        var found = new BigInteger[sizes.Length, sizes.Length];
        for (var layer = 0; layer < sizes.Length; layer++)
        {
            for (var node = 0; node < sizes[layer]; node++)
            {
                if (!Alive[layer][node])
                    Follow(layer, (layer, node), activeOnly, found);
            }
        }
        return found;
    }

    private void Follow(int start, (int Layer, int Node) at, bool activeOnly, BigInteger[,] found)
    {
        foreach (var next in _next[at.Layer][at.Node])
        {
            var alive = Alive[next.Layer][next.Node];
            if (alive)
                found[start, next.Layer]++;
            if (alive || !activeOnly)
                Follow(start, next, activeOnly, found);
        }
    }
}

/// <summary>A random network, once as a graph to measure and twice as nodes and connections: all of them,
/// and the wired ones.</summary>
internal sealed class RandomNetwork
{
    private RandomNetwork(NetworkGraph graph, LayerActivity[] activity, PathEnumeration complete, PathEnumeration wired)
    {
        (Graph, Activity, Complete, Wired) = (graph, activity, complete, wired);
    }

    public NetworkGraph Graph { get; }

    public LayerActivity[] Activity { get; }

    public PathEnumeration Complete { get; }

    public PathEnumeration Wired { get; }

    /// <summary>Up to 8 layers of up to 5 nodes; a layer reads the concatenation of its dense predecessors.</summary>
    public static RandomNetwork Create(Random random)
    {
        var sizes = Enumerable.Range(0, random.Next(2, 9)).Select(_ => random.Next(1, 6)).ToArray();
        var layers = sizes.Select(size => new NetworkLayer(size)).ToArray();
        var (complete, wired) = (new PathEnumeration(sizes), new PathEnumeration(sizes));
        var (density, share, connected) = (random.NextDouble(), random.NextDouble(), 0.2 + (0.4 * random.NextDouble()));
        var edges = new List<NetworkEdge>();
        for (var to = 1; to < sizes.Length; to++)
        {
            var sources = Enumerable.Range(0, to).Where(from => from == to - 1 || random.NextDouble() < connected).ToArray();
            AddDense(random, density, sizes, to, sources, edges, complete, wired);
            foreach (var from in Enumerable.Range(0, to).Where(_ => random.NextDouble() < connected / 2))
                AddIdentity(random, sizes, from, to, edges, complete, wired);
        }
        for (var i = 0; i < sizes.Length; i++)
        {
            for (var node = 0; node < sizes[i]; node++)
                complete.Alive[i][node] = wired.Alive[i][node] = random.NextDouble() < share;
        }
        return new(
            new NetworkGraph(layers, edges.OrderBy(_ => random.Next())),
            [.. layers.Select((layer, i) => LayerActivity.FromMask(layer, complete.Alive[i]))], complete, wired);
    }

    private static void AddDense(
        Random random, double density, int[] sizes, int to, int[] sources, List<NetworkEdge> edges,
        PathEnumeration complete, PathEnumeration wired)
    {
        var inputs = sources.Sum(from => sizes[from]);
        var weights = new float[inputs * sizes[to]];
        for (var w = 0; w < weights.Length; w++)
            weights[w] = random.NextDouble() < density ? random.NextSingle() - 2 : random.Next(2) == 0 ? 0f : -0f;
        var inputsFirst = random.Next(2) == 0;
        var wiring = Wiring.Dense<float>(
            weights, inputs, sizes[to], inputsFirst ? WeightOrder.InputsFirst : WeightOrder.OutputsFirst);
        var known = random.Next(5) > 0;

        var offset = 0;
        foreach (var from in sources)
        {
            for (var x = 0; x < sizes[from]; x++)
            {
                for (var y = 0; y < sizes[to]; y++)
                {
                    complete.Connect((from, x), (to, y));
                    var weight = inputsFirst ? weights[((offset + x) * sizes[to]) + y] : weights[(y * inputs) + offset + x];
                    if (!known || weight != 0)
                        wired.Connect((from, x), (to, y));
                }
            }
            edges.Add(
                known
                    ? NetworkEdge.Dense(from, to, wiring, ElementMap.OneEach(inputs, [.. Enumerable.Range(offset, sizes[from])]))
                    : NetworkEdge.Dense(from, to));
            offset += sizes[from];
        }
    }

    private static void AddIdentity(
        Random random, int[] sizes, int from, int to, List<NetworkEdge> edges, PathEnumeration complete, PathEnumeration wired)
    {
        var plain = sizes[from] == sizes[to] && random.Next(2) == 0;
        var routes = plain
            ? [.. Enumerable.Range(0, sizes[to]).Select(x => (x, x))]
            : Enumerable.Range(0, random.Next(6)).Select(_ => (random.Next(sizes[from]), random.Next(sizes[to]))).ToArray();
        foreach (var (x, y) in routes)
        {
            complete.Connect((from, x), (to, y));
            wired.Connect((from, x), (to, y));
        }
        edges.Add(NetworkEdge.Identity(from, to, plain ? null : ElementMap.FromPairs(sizes[from], sizes[to], routes)));
    }
}
