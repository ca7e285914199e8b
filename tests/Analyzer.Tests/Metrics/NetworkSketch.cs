using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Tests.Metrics;

/// <summary>A network of dense layers that can be changed and measured again.</summary>
internal sealed class NetworkSketch
{
    public required int[] Sizes { get; init; }

    public required bool[][] Alive { get; init; }

    /// <summary>Weights by source node, then target node.</summary>
    public Dictionary<(int From, int To), byte[][]> Dense { get; } = [];

    public Dictionary<(int From, int To), List<(int Source, int Target)>> Identity { get; } = [];

    public static NetworkSketch Create(Random random)
    {
        var sizes = Enumerable.Range(0, random.Next(2, 8)).Select(_ => random.Next(1, 8)).ToArray();
        var share = random.NextDouble();
        var sketch =
            new NetworkSketch { Sizes = sizes, Alive = [.. sizes.Select(size => Networks.RandomMask(random, size, share))] };
        for (var to = 1; to < sizes.Length; to++)
        {
            for (var from = 0; from < to; from++)
            {
                if (from == to - 1 || random.Next(3) == 0)
                    sketch.Dense[(from, to)] = [.. Enumerable.Range(0, sizes[from]).Select(_ => RandomRow(random, sizes[to]))];
                if (random.Next(4) == 0)
                {
                    sketch.Identity[(from, to)] =
                        [.. Enumerable.Range(0, random.Next(8)).Select(_ => (random.Next(sizes[from]), random.Next(sizes[to])))];
                }
            }
        }
        return sketch;
    }

    public Analyzer.Metrics.EmergenceValue Measure(Measure measure)
    {
        var layers = Sizes.Select(size => new NetworkLayer(size)).ToArray();
        var dense = Dense.Select(edge => NetworkEdge.Dense(
            edge.Key.From, edge.Key.To,
            Wiring.Dense<byte>([.. edge.Value.SelectMany(row => row)], Sizes[edge.Key.From], Sizes[edge.Key.To],
                WeightOrder.InputsFirst)));
        var identity = Identity.Select(edge => NetworkEdge.Identity(
            edge.Key.From, edge.Key.To, ElementMap.FromPairs(Sizes[edge.Key.From], Sizes[edge.Key.To], [.. edge.Value])));
        return measure.Of(
            new NetworkGraph(layers, dense.Concat(identity)),
            [.. layers.Select((layer, i) => LayerActivity.FromMask(layer, Alive[i]))]);
    }

    /// <summary>A node with no identity partner and every dense connection.</summary>
    public void AddDeadNode(int layer)
    {
        Sizes[layer]++;
        Alive[layer] = [.. Alive[layer], false];
        foreach (var ((from, to), weights) in Dense)
        {
            if (from == layer)
                Dense[(from, to)] = [.. weights, [.. Enumerable.Repeat((byte)1, Sizes[to])]];
            else if (to == layer)
                Dense[(from, to)] = [.. weights.Select(row => (byte[])[.. row, 1])];
        }
    }

    public void Permute(int layer, Random random)
    {
        var order = Enumerable.Range(0, Sizes[layer]).ToArray();
        random.Shuffle(order);
        Alive[layer] = [.. order.Select(old => Alive[layer][old])];
        foreach (var ((from, to), weights) in Dense)
        {
            if (from == layer)
                Dense[(from, to)] = [.. order.Select(old => weights[old])];
            else if (to == layer)
                Dense[(from, to)] = [.. weights.Select(row => order.Select(old => row[old]).ToArray())];
        }
        foreach (var ((from, to), routes) in Identity)
        {
            Identity[(from, to)] =
                [.. routes.Select(route => (
                    from == layer ? Array.IndexOf(order, route.Source) : route.Source,
                    to == layer ? Array.IndexOf(order, route.Target) : route.Target))];
        }
    }

    private static byte[] RandomRow(Random random, int length) =>
        [.. Enumerable.Range(0, length).Select(_ => (byte)(random.Next(4) == 0 ? 0 : 1))];
}
