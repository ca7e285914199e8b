using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Tests.Metrics;

/// <summary>The worked values of the definitions: any implementation must give these.</summary>
public sealed class WorkedValuesTests
{
    [Theory]
    [InlineData(new[] { 2, 3, 2 }, new[] { 1, 2, 1 }, 6, 5)]
    [InlineData(new[] { 2, 2, 2, 2 }, new[] { 1, 1, 1, 1 }, 11, 6)]
    [InlineData(new[] { 3, 4, 4, 2 }, new[] { 3, 2, 1, 2 }, 24, 12)]
    [InlineData(new[] { 8, 8, 8, 8 }, new[] { 8, 4, 4, 8 }, 304, 176)]
    [InlineData(new[] { 784, 128, 64, 10 }, new[] { 784, 80, 50, 10 }, 33260, 26540)]
    [InlineData(new[] { 784, 256, 128, 10 }, new[] { 100, 60, 40, 10 }, 231437920, 18185760)]
    [InlineData(new[] { 4, 3, 2 }, new[] { 1, 2, 1 }, 16, 13)]
    [InlineData(new[] { 10, 10 }, new[] { 10, 10 }, 0, 0)]
    [InlineData(new[] { 5, 4, 3, 2 }, new[] { 0, 0, 0, 2 }, 150, 6)]
    public void A_chain(int[] nodes, int[] alive, long e, long eh) => Expect(NetworkGraph.Chain(nodes), alive, e, eh);

    [Fact]
    public void The_largest_over_all_alive_counts()
    {
        var graph = NetworkGraph.Chain(3, 3, 3, 3);
        var counts =
            from a in Enumerable.Range(0, 4)
            from b in Enumerable.Range(0, 4)
            from c in Enumerable.Range(0, 4)
            from d in Enumerable.Range(0, 4)
            select new[] { a, b, c, d };
        Assert.Equal(144, counts.Max(alive => MeasureCatalog.Emergence.Of(graph, alive).Rounded));
        Assert.Equal(117, counts.Max(alive => MeasureCatalog.EmergenceActive.Of(graph, alive).Rounded));
        Assert.Equal(144, MeasureCatalog.Emergence.Of(graph, 0, 0, 3, 3).Rounded);
        Assert.Equal(117, MeasureCatalog.EmergenceActive.Of(graph, 0, 3, 3, 3).Rounded);
    }

    [Fact]
    public void A_dense_skip() => Expect(
        new NetworkGraph([new(2), new(3), new(2)], [NetworkEdge.Dense(0, 1), NetworkEdge.Dense(1, 2), NetworkEdge.Dense(0, 2)]),
        [1, 2, 1], 7, 6);

    [Fact]
    public void Two_branches_that_are_concatenated() => Expect(
        new NetworkGraph(
            [new(2), new(3), new(4), new(5)],
            [NetworkEdge.Dense(0, 1), NetworkEdge.Dense(0, 2), NetworkEdge.Dense(1, 3), NetworkEdge.Dense(2, 3)]),
        [1, 1, 2, 5], 58, 38);

    [Fact]
    public void A_residual_block() => Expect(
        new NetworkGraph([new(3), new(3), new(3)], [.. DenseChain(3), NetworkEdge.Identity(0, 2)]),
        [[0], [0, 1], [0, 1]], 19, 15);

    [Fact]
    public void A_residual_block_with_a_layer_after_it() => Expect(
        new NetworkGraph([new(2), new(2), new(2), new(2)], [.. DenseChain(4), NetworkEdge.Identity(0, 2)]),
        [[0], [0], [0], [0, 1]], 20, 9);

    [Fact]
    public void A_chain_of_six_with_two_skips() => Expect(
        new NetworkGraph(
            [new(3), new(3), new(3), new(3), new(3), new(2)],
            [.. DenseChain(6), NetworkEdge.Identity(0, 2), NetworkEdge.Identity(2, 4)]),
        [[0], [0, 1], [1], [0], [0, 2], [1]], 465, 63);

    [Theory]
    [InlineData(1, 4, 3)]
    [InlineData(2, 16, 9)]
    [InlineData(5, 1024, 243)]
    public void Paths_through_transformer_blocks_grow_as_4_to_the_L_and_through_parallel_blocks_as_3_to_the_L(
        int blocks, int serial, int parallel)
    {
        // One node per layer, only the last one alive: D(input) is the number of paths.
        var (layers, edges) = (1, new List<NetworkEdge>());
        for (var (block, stream) = (0, 0); block < 2 * blocks; block++, stream = layers - 1)
        {
            // A dense branch and the skip around it, twice per block: attention, MLP.
            edges.AddRange([NetworkEdge.Dense(stream, layers), NetworkEdge.Identity(stream, layers)]);
            layers++;
        }
        Assert.Equal(serial, PathsFromTheFirst(layers, edges));

        (layers, edges) = (1, []);
        for (var (block, stream) = (0, 0); block < blocks; block++, stream = layers - 1)
        {
            // Attention reads the stream, the MLP reads it too and owns the sum of all three.
            edges.AddRange(
                [NetworkEdge.Dense(stream, layers), NetworkEdge.Identity(layers, layers + 1),
                 NetworkEdge.Dense(stream, layers + 1), NetworkEdge.Identity(stream, layers + 1)]);
            layers += 2;
        }
        Assert.Equal(parallel, PathsFromTheFirst(layers, edges));
    }

    [Fact]
    public void A_convolution_counts_filters_and_E_H_those_with_an_alive_position() => Expect(
        NetworkGraph.Chain(new NetworkLayer(4), new NetworkLayer(2, 3), new NetworkLayer(3)),
        [LayerActivity.Count(1), LayerActivity.Count(2, 1), LayerActivity.Count(2)], 26, 20);

    private static long PathsFromTheFirst(int layers, List<NetworkEdge> edges)
    {
        var graph = new NetworkGraph(Enumerable.Repeat(new NetworkLayer(1), layers), edges);
        var activity = Enumerable.Range(0, layers).Select(i => LayerActivity.Count(i == layers - 1 ? 1 : 0)).ToArray();
        return (long)MeasureCatalog.Emergence.ByLayer(graph, activity)[0].Rounded;
    }

    private static IEnumerable<NetworkEdge> DenseChain(int layers) =>
        Enumerable.Range(0, layers - 1).Select(i => NetworkEdge.Dense(i, i + 1));

    private static void Expect(NetworkGraph graph, int[][] alive, long e, long eh) =>
        Expect(graph, [.. graph.Layers.Select((layer, i) => Networks.Alive(layer, alive[i]))], e, eh);

    private static void Expect(NetworkGraph graph, int[] alive, long e, long eh) =>
        Expect(graph, [.. alive.Select(count => LayerActivity.Count(count))], e, eh);

    private static void Expect(NetworkGraph graph, LayerActivity[] activity, long e, long eh)
    {
        Assert.Equal(e.ToString(), MeasureCatalog.Emergence.Of(graph, activity).ToString());
        Assert.Equal(eh.ToString(), MeasureCatalog.EmergenceActive.Of(graph, activity).ToString());
    }
}
