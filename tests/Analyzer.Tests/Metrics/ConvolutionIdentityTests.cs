using System.Numerics;
using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Tests.Metrics;

/// <summary>Identity edges between layers with positions: the one case in which the exact value is a fraction.</summary>
public sealed class ConvolutionIdentityTests
{
    [Fact]
    public void E_and_E_H_equal_the_definition_node_by_node_on_300_random_networks()
    {
        var random = new Random(3);
        var fractions = 0;
        for (var k = 0; k < 300; k++)
        {
            var layers = new NetworkLayer[random.Next(2, 8)];
            for (var i = 0; i < layers.Length; i++)
                layers[i] = new(random.Next(1, 5), random.Next(1, 6));
            var edges = new List<NetworkEdge>();
            for (var to = 1; to < layers.Length; to++)
            {
                for (var from = 0; from < to; from++)
                {
                    if (from == to - 1 || random.Next(3) == 0)
                        edges.Add(NetworkEdge.Dense(from, to));
                    if (random.Next(3) > 0)
                        continue;
                    var routes = Enumerable.Range(0, random.Next(12))
                        .Select(_ => (random.Next(layers[from].Nodes), random.Next(layers[to].Nodes))).ToArray();
                    edges.Add(NetworkEdge.Identity(from, to, ElementMap.FromPairs(layers[from].Nodes, layers[to].Nodes, routes)));
                }
            }
            var share = random.NextDouble();
            bool[][] alive = [.. layers.Select(layer => Networks.RandomMask(random, layer.Nodes, share))];
            var graph = new NetworkGraph(layers, edges);
            var activity = layers.Select((layer, i) => LayerActivity.FromMask(layer, alive[i])).ToArray();

            var e = MeasureCatalog.Emergence.Of(graph, activity);
            Assert.Equal((k, ByDefinition(graph, alive, activeOnly: false)), (k, e.ToString()));
            Assert.Equal((k, ByDefinition(graph, alive, activeOnly: true)),
                (k, MeasureCatalog.EmergenceActive.Of(graph, activity).ToString()));
            foreach (var measure in MeasureCatalog.All)
                Assert.Equal(measure.Of(graph, activity), measure.Contributions(graph, activity).Total);
            fractions += e.Denominator.IsOne ? 0 : 1;
        }
        Assert.InRange(fractions, 50, 250);
    }

    [Fact]
    public void E_H_can_exceed_E_where_an_identity_edge_leaves_a_convolution()
    {
        // One dead node feeds a filter of two positions; the alive one of them goes on to an alive counterpart.
        NetworkLayer[] layers = [new(1), new(1, 2), new(1, 2)];
        var graph = new NetworkGraph(layers, [NetworkEdge.Dense(0, 1), NetworkEdge.Identity(1, 2)]);
        LayerActivity[] activity = [LayerActivity.Count(0), Networks.Alive(layers[1], 0), Networks.Alive(layers[2], 0)];

        // The mean over both positions is 1/2, over the alive one 1.
        Assert.Equal("3/2", MeasureCatalog.Emergence.Of(graph, activity).ToString());
        Assert.Equal("2", MeasureCatalog.EmergenceActive.Of(graph, activity).ToString());
    }

    // D of every node, as the definition has it, in fractions p/q.
    private static string ByDefinition(NetworkGraph graph, bool[][] alive, bool activeOnly)
    {
        var paths = new (BigInteger P, BigInteger Q)[graph.Layers.Length][];
        (BigInteger P, BigInteger Q) total = (0, 1);
        for (var i = paths.Length - 1; i >= 0; i--)
        {
            paths[i] = new (BigInteger, BigInteger)[graph.Layers[i].Nodes];
            for (var x = 0; x < paths[i].Length; x++)
            {
                (BigInteger P, BigInteger Q) sum = (0, 1);
                foreach (var edge in graph.Edges.Where(edge => edge.From == i))
                {
                    if (edge.Kind == EdgeKind.Dense)
                    {
                        sum = Add(sum, DenseTerm(graph.Layers[edge.To], alive[edge.To], paths[edge.To], activeOnly));
                        continue;
                    }
                    foreach (var counterpart in edge.Map![x])
                    {
                        var lives = alive[edge.To][counterpart];
                        if (lives || !activeOnly)
                            sum = Add(Add(sum, (lives ? 1 : 0, 1)), paths[edge.To][counterpart]);
                    }
                }
                paths[i][x] = sum;
                if (!alive[i][x])
                    total = Add(total, sum);
            }
        }
        return Networks.Exact(total.P, total.Q).ToString();
    }

    // a + m · mean over all y of D(y), or a + α · mean over alive y.
    private static (BigInteger, BigInteger) DenseTerm(
        NetworkLayer layer, bool[] alive, (BigInteger P, BigInteger Q)[] paths, bool activeOnly)
    {
        var over = paths.Where((_, y) => alive[y] || !activeOnly).ToArray();
        var channels = activeOnly
            ? Enumerable.Range(0, layer.Channels).Count(c => alive.AsSpan(c * layer.Positions, layer.Positions).Contains(true))
            : layer.Channels;
        (BigInteger P, BigInteger Q) sum = (0, 1);
        foreach (var term in over)
            sum = Add(sum, term);
        return Add((alive.Count(a => a), 1), (sum.P * channels, sum.Q * Math.Max(1, over.Length)));
    }

    private static (BigInteger, BigInteger) Add((BigInteger P, BigInteger Q) left, (BigInteger P, BigInteger Q) right)
    {
        var (p, q) = ((left.P * right.Q) + (right.P * left.Q), left.Q * right.Q);
        var divisor = BigInteger.GreatestCommonDivisor(p, q);
        return (p / divisor, q / divisor);
    }
}
