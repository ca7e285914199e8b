using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Tests.Metrics;

/// <summary>Identities that hold for every network, on random ones with dense and identity edges.</summary>
public sealed class MeasurePropertyTests
{
    private const int Networks = 300;

    [Fact]
    public void If_every_node_is_alive_there_is_no_emergence() => ForAll(sketch =>
    {
        foreach (var alive in sketch.Alive)
            Array.Fill(alive, true);
        Assert.All(MeasureCatalog.All, measure => Assert.Equal("0", sketch.Measure(measure).ToString()));
    });

    [Fact]
    public void If_no_node_is_alive_there_is_no_emergence() => ForAll(sketch =>
    {
        foreach (var alive in sketch.Alive)
            Array.Fill(alive, false);
        Assert.All(MeasureCatalog.All, measure => Assert.Equal("0", sketch.Measure(measure).ToString()));
    });

    [Fact]
    public void E_H_and_E_w_are_not_larger_than_E() => ForAll(sketch =>
    {
        var e = sketch.Measure(MeasureCatalog.Emergence);
        Assert.True(sketch.Measure(MeasureCatalog.EmergenceActive) <= e);
        Assert.True(sketch.Measure(MeasureCatalog.EmergenceWired) <= e);
    });

    [Fact]
    public void E_w_of_an_unpruned_dense_network_is_E() => ForAll(sketch =>
    {
        foreach (var weights in sketch.Dense.Values)
        {
            foreach (var row in weights)
                Array.Fill(row, (byte)1);
        }
        Assert.Equal(sketch.Measure(MeasureCatalog.Emergence), sketch.Measure(MeasureCatalog.EmergenceWired));
    });

    [Fact]
    public void Adding_a_dead_node_never_lowers_E() => ForAll((sketch, random) =>
    {
        var before = sketch.Measure(MeasureCatalog.Emergence);
        sketch.AddDeadNode(random.Next(sketch.Sizes.Length));
        Assert.True(sketch.Measure(MeasureCatalog.Emergence) >= before);
    });

    [Fact]
    public void Zeroing_weights_under_the_same_masks_never_raises_E_w_and_leaves_E() => ForAll((sketch, random) =>
    {
        var (e, wired) = (sketch.Measure(MeasureCatalog.Emergence), sketch.Measure(MeasureCatalog.EmergenceWired));
        foreach (var row in sketch.Dense.Values.SelectMany(weights => weights))
        {
            for (var y = 0; y < row.Length; y++)
                row[y] = random.Next(3) == 0 ? (byte)0 : row[y];
        }
        Assert.True(sketch.Measure(MeasureCatalog.EmergenceWired) <= wired);
        Assert.Equal(e, sketch.Measure(MeasureCatalog.Emergence));
    });

    [Fact]
    public void Permuting_a_layer_s_nodes_with_their_connections_changes_nothing() => ForAll((sketch, random) =>
    {
        var before = MeasureCatalog.All.Select(sketch.Measure).ToArray();
        sketch.Permute(random.Next(sketch.Sizes.Length), random);
        Assert.Equal(before, MeasureCatalog.All.Select(sketch.Measure));
    });

    [Fact]
    public void E_of_a_dense_network_is_linear_in_each_count_but_not_monotone_in_inner_ones()
    {
        var graph = new NetworkGraph(
            [new(4), new(5, 3), new(6), new(7)],
            [NetworkEdge.Dense(0, 1), NetworkEdge.Dense(1, 2), NetworkEdge.Dense(0, 2), NetworkEdge.Dense(2, 3),
                NetworkEdge.Dense(1, 3)]);
        int[] alive = [2, 7, 3, 4];
        for (var k = 0; k < 4; k++)
        {
            var values = Enumerable.Range(0, graph.Layers[k].Nodes + 1).Select(
                count => MeasureCatalog.Emergence.Of(graph, [.. alive.Select((a, i) => i == k ? count : a)]).Numerator).ToArray();
            Assert.Single(values.Zip(values.Skip(1), (left, right) => right - left).Distinct());
        }

        // A second layer alive: with a dead first layer it gains, with a dead last layer nothing else counts.
        Assert.True(
            MeasureCatalog.Emergence.Of(NetworkGraph.Chain(3, 3, 3), 0, 3,
                0) > MeasureCatalog.Emergence.Of(NetworkGraph.Chain(3, 3, 3), 0, 0, 0));
        Assert.True(
            MeasureCatalog.Emergence.Of(NetworkGraph.Chain(1, 3, 3), 1, 3,
                3) < MeasureCatalog.Emergence.Of(NetworkGraph.Chain(1, 3, 3), 1, 0, 3));
    }

    private static void ForAll(Action<NetworkSketch> property) => ForAll((sketch, _) => property(sketch));

    private static void ForAll(Action<NetworkSketch, Random> property)
    {
        for (var seed = 0; seed < Networks; seed++)
        {
            var random = new Random(seed);
            property(NetworkSketch.Create(random), random);
        }
    }
}
