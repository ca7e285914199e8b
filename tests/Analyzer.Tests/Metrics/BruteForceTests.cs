using System.Numerics;
using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Tests.Metrics;

/// <summary>All three measures against the enumeration of every path.</summary>
public sealed class BruteForceTests
{
    [Fact]
    public void All_measures_equal_path_enumeration_on_500_random_networks()
    {
        var random = new Random(4);
        var (identities, nonzero) = (0, 0);
        for (var k = 0; k < 500; k++)
        {
            var network = RandomNetwork.Create(random);
            identities += network.Graph.HasIdentityEdges ? 1 : 0;
            nonzero += Compare(k, MeasureCatalog.Emergence, network, network.Complete.Count(activeOnly: false)) ? 1 : 0;
            Compare(k, MeasureCatalog.EmergenceActive, network, network.Complete.Count(activeOnly: true));
            Compare(k, MeasureCatalog.EmergenceWired, network, network.Wired.Count(activeOnly: false));
        }
        Assert.InRange(identities, 100, 450);
        Assert.InRange(nonzero, 350, 500);
    }

    [Fact]
    public void The_worked_wired_value()
    {
        // Rows are source nodes; alive {0}, {0, 1}, {0}.
        var graph = new NetworkGraph(
            [new(2), new(3), new(2)],
            [NetworkEdge.Dense(0, 1, Wiring.Dense<byte>([1, 1, 1, 1, 0, 1], 2, 3, WeightOrder.InputsFirst)),
             NetworkEdge.Dense(1, 2, Wiring.Dense<byte>([1, 1, 0, 1, 1, 0], 3, 2, WeightOrder.InputsFirst))]);
        LayerActivity[] activity =
            [Networks.Alive(graph.Layers[0], 0), Networks.Alive(graph.Layers[1], 0, 1), Networks.Alive(graph.Layers[2], 0)];

        Assert.Equal("4", MeasureCatalog.EmergenceWired.Of(graph, activity).ToString());
        Assert.Equal("6", MeasureCatalog.Emergence.Of(graph, activity).ToString());
    }

    private static bool Compare(int k, Measure measure, RandomNetwork network, BigInteger[,] expected)
    {
        var layers = network.Graph.Layers.Length;
        var total = BigInteger.Zero;
        var contributions = measure.Contributions(network.Graph, network.Activity);
        var byLayer = measure.ByLayer(network.Graph, network.Activity);
        for (var from = 0; from < layers; from++)
        {
            var row = BigInteger.Zero;
            for (var to = 0; to < layers; to++)
            {
                Assert.True(
                    contributions[from, to] == Networks.Exact(expected[from, to]),
                    $"network {k}, {measure.Symbol}, {from}→{to}: {contributions[from, to]}, {expected[from, to]} expected");
                row += expected[from, to];
            }
            Assert.Equal(Networks.Exact(row), byLayer[from]);
            Assert.Equal(Networks.Exact(row), contributions.From(from));
            total += row;
        }
        Assert.Equal(Networks.Exact(total), measure.Of(network.Graph, network.Activity));
        Assert.Equal(Networks.Exact(total), contributions.Total);
        return !total.IsZero;
    }
}
