using System.Numerics;
using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Tests.Metrics;

/// <summary>Counts beyond 64 bits, against the definition node by node in big integers.</summary>
public sealed class LargeCountTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_hundred_layers_each_skipping_to_every_later_one_have_more_than_2_to_the_64_identity_routes(int seed)
    {
        const int Layers = 100, Size = 5;
        var random = new Random(seed);
        var edges = new List<NetworkEdge>();
        var weights = new byte[Layers][];
        for (var to = 1; to < Layers; to++)
        {
            weights[to] = [.. Enumerable.Range(0, Size * Size).Select(_ => (byte)random.Next(2))];
            edges.Add(NetworkEdge.Dense(to - 1, to, Wiring.Dense(weights[to].AsSpan(), Size, Size)));
            for (var from = 0; from < to; from++)
                edges.Add(NetworkEdge.Identity(from, to));
        }
        var graph = new NetworkGraph(Enumerable.Repeat(new NetworkLayer(Size), Layers), edges);
        bool[][] alive = [.. Enumerable.Range(0, Layers).Select(_ => Networks.RandomMask(random, Size, 0.9))];
        var activity = alive.Select((mask, i) => LayerActivity.FromMask(graph.Layers[i], mask)).ToArray();

        var e = ByDefinition(weights, alive, activeOnly: false, wired: false);
        Assert.InRange(e.GetBitLength(), 130, 100_000);
        Assert.Equal(e, MeasureCatalog.Emergence.Of(graph, activity).Numerator);
        Assert.Equal(
            ByDefinition(weights, alive, activeOnly: true, wired: false),
            MeasureCatalog.EmergenceActive.Of(graph, activity).Numerator);
        Assert.Equal(
            ByDefinition(weights, alive, activeOnly: false, wired: true),
            MeasureCatalog.EmergenceWired.Of(graph, activity).Numerator);
    }

    [Fact]
    public void Full_digits_of_as_many_terms_as_a_sum_has_do_not_overflow()
    {
        foreach (var terms in new[] { 1, 2, 3, 4, 7, 8, 31, 32, 255, 256 })
        {
            var wiring = Wiring.Dense(Enumerable.Repeat((byte)1, terms).ToArray(), 1, terms);
            var bits = WideCounts.BitsFor(wiring.Terms);
            foreach (var size in new[] { bits, 4 * bits, (4 * bits) + 1 })
            {
                var counts = new WideCounts(terms, bits);
                counts.Add((BigInteger.One << size) - 1);
                Assert.Equal(terms * ((BigInteger.One << size) - 1), wiring.PullBack(counts)[0]);
            }
        }
    }

    private static BigInteger ByDefinition(byte[][] weights, bool[][] alive, bool activeOnly, bool wired)
    {
        var (size, total) = (alive[0].Length, BigInteger.Zero);
        var paths = new BigInteger[alive.Length][];
        for (var i = alive.Length - 1; i >= 0; i--)
        {
            paths[i] = new BigInteger[size];
            for (var x = 0; x < size; x++)
            {
                void Follow(int layer, int y)
                {
                    if (alive[layer][y] || !activeOnly)
                        paths[i][x] += paths[layer][y] + (alive[layer][y] ? 1 : 0);
                }
                for (var y = 0; i + 1 < alive.Length && y < size; y++)
                {
                    if (!wired || weights[i + 1][(y * size) + x] != 0)
                        Follow(i + 1, y);
                }
                for (var later = i + 1; later < alive.Length; later++)
                    Follow(later, x);
                total += alive[i][x] ? 0 : paths[i][x];
            }
        }
        return total;
    }
}
