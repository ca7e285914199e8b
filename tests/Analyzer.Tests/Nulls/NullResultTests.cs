using System.Numerics;
using Emergence.Analyzer.Metrics;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Tests.Nulls;

/// <summary>Ranks and scores by hand, and alive nodes at random places.</summary>
public class NullResultTests
{
    [Theory]
    // Of 1, 2, 3, 4: two are not below 3, three not above; (1 + 2) / 5 and (1 + 3) / 5.
    [InlineData(3, 0.6, 0.8, 1)]
    [InlineData(9, 0.2, 1, 0.4)]
    [InlineData(0, 1, 0.2, 0.4)]
    public void ranks_count_the_value_itself(int value, double above, double below, double p)
    {
        var result = Of(value, 1, 2, 3, 4);
        Assert.Equal((above, below, p), (result.Above, result.Below, result.P));
        Assert.Equal(0.2, result.Limit);
        Assert.Equal(new EmergenceValue(2), result.Median);
        Assert.Equal((value - 2.5) / Math.Sqrt(5.0 / 3), result.Z!.Value, 1e-12);
    }

    [Fact]
    public void draws_without_spread_have_no_score()
    {
        var result = Of(7, 5, 5, 5);
        Assert.Null(result.Z);
        Assert.Equal((0.25, 1.0), (result.Above, result.Below));
        Assert.Null(Of(7, 5).Z);
        Assert.Null(Of(0, 0, 0).Z);
    }

    [Fact]
    public void numbers_beyond_double_are_scored_too()
    {
        var huge = BigInteger.Pow(10, 400);
        var model = new NullModel(NullKind.Shuffle, 4);
        var result = NullResult.Of(model, NullMeasure.Emergence, new(9 * huge),
            [new(1 * huge), new(2 * huge), new(3 * huge), new(4 * huge)]);
        Assert.Equal((9 - 2.5) / Math.Sqrt(5.0 / 3), result.Z!.Value, 1e-9);
    }

    [Fact]
    public void placed_nodes_keep_the_count_of_their_layer_and_spread_nodes_that_of_all()
    {
        var network = NetworkGraph.Chain(10, 100, 30);
        NodeMask[] alive = [Mask(10, 3), Mask(100, 0), Mask(30, 30)];
        var counts = new int[140];
        const int draws = 2000;
        for (var draw = 0; draw < draws; draw++)
        {
            Assert.Equal([3, 0, 30], RandomActivity.Placed(network, alive, 1, draw).Select(activity => activity.Alive));
            var spread = RandomActivity.Spread(network, alive, 1, draw);
            Assert.Equal(33, spread.Sum(activity => activity.Alive));
            var node = 0;
            foreach (var (layer, activity) in network.Layers.Zip(spread))
            {
                var words = activity.Mask(layer, 0);
                for (var i = 0; i < layer.Nodes; i++)
                    counts[node++] += (int)(words[i / 64] >> (i % 64) & 1);
            }
        }
        // Each node is as likely as any other: five standard deviations of a binomial.
        var expected = draws * 33.0 / 140;
        Assert.All(counts, count => Assert.InRange(count, expected - 5 * Math.Sqrt(expected), expected
            + 5 * Math.Sqrt(expected)));
        Assert.NotEqual(RandomActivity.Spread(network, alive, 1, 0).Select(activity => activity.Alive),
            RandomActivity.Spread(network, alive, 1, 1).Select(activity => activity.Alive));
    }

    private static NodeMask Mask(int nodes, int alive) => new([.. Enumerable.Range(0, nodes).Select(node => node < alive)]);

    private static NullResult Of(int value, params int[] draws) => NullResult.Of(
        new NullModel(NullKind.Shuffle, draws.Length), NullMeasure.Emergence, new(value),
        [.. draws.Select(draw => new EmergenceValue(draw))]);
}
