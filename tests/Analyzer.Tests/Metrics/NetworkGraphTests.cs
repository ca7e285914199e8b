using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Tests.Metrics;

public sealed class NetworkGraphTests
{
    private static readonly NetworkLayer[] Layers = [new(2), new(3), new(2)];

    [Fact]
    public void Edges_are_ordered_whatever_order_they_are_given_in()
    {
        var graph = new NetworkGraph(
            Layers, [NetworkEdge.Dense(1, 2), NetworkEdge.Identity(0, 2), NetworkEdge.Dense(0, 2), NetworkEdge.Dense(0, 1)]);
        Assert.Equal(
            ["Dense edge 0→1", "Dense edge 0→2", "Identity edge 0→2", "Dense edge 1→2"],
            graph.Edges.Select(edge => edge.ToString()));
    }

    [Fact]
    public void Edges_that_do_not_fit_are_refused()
    {
        var wiring = Wiring.Dense<byte>(new byte[12], 4, 3);
        Refused("Dense edge 1→1: an edge leads from a layer to a later one, of 3.", NetworkEdge.Dense(1, 1));
        Refused("Dense edge 1→3: an edge leads from a layer to a later one, of 3.", NetworkEdge.Dense(1, 3));
        Refused("Identity edge 0→1: 2 nodes cannot stand for 3 without a map.", NetworkEdge.Identity(0, 1));
        Refused("Identity edge 0→1: its map leads from 2 to 2, not from 2 to 3.",
            NetworkEdge.Identity(0, 1, ElementMap.Identity(2)));
        Refused("Dense edge 0→1 is given twice; merge their maps.", NetworkEdge.Dense(0, 1), NetworkEdge.Dense(0, 1));
        Refused("Dense edge 0→1: a map without a wiring leads nowhere.", NetworkEdge.Dense(0, 1, map: ElementMap.Identity(2)));
        Refused("Dense edge 0→1: 2 nodes cannot stand for 4 without a map.", NetworkEdge.Dense(0, 1, wiring));
        Refused("Dense edge 1→2: its wiring leads to 3 nodes, not to 2.", NetworkEdge.Dense(1, 2, wiring));
    }

    [Fact]
    public void Layers_without_nodes_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new NetworkGraph([], []));
        Assert.Throws<ArgumentException>(() => NetworkGraph.Chain(3, 0));
        Assert.Throws<ArgumentException>(() => new NetworkGraph([new(3, 0)], []));
        Assert.Throws<ArgumentException>(() => new NetworkGraph([new(100000, 100000)], []));
    }

    [Fact]
    public void A_network_of_one_layer_has_no_emergence() =>
        Assert.All(MeasureCatalog.All, measure => Assert.Equal("0", measure.Of(NetworkGraph.Chain(3), 0).ToString()));

    private static void Refused(string message, params NetworkEdge[] edges) => Assert.StartsWith(
        message, Assert.Throws<ArgumentException>(() => new NetworkGraph(Layers, edges)).Message, StringComparison.Ordinal);
}
