using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Tests.Metrics;

public sealed class LayerActivityTests
{
    [Fact]
    public void A_channel_is_alive_where_any_of_its_positions_is()
    {
        var layer = new NetworkLayer(4, 3);
        bool[] mask = [false, true, true, /**/ false, false, false, /**/ false, false, true, /**/ true, true, true];
        LayerActivity[] all =
            [LayerActivity.FromMask(layer, mask), LayerActivity.FromMask(layer, new NodeMask(mask)),
             LayerActivity.FromPackedMask(layer, [0b0000_0110, 0b1111_1111]),
             LayerActivity.FromMaskWords(layer, [0b1111_1111_0000_0110])];
        Assert.All(all, activity =>
        {
            Assert.Equal((6, 3), (activity.Alive, activity.AliveChannels));
            Assert.Equal([0b1111_0000_0110UL], activity.Mask(layer, 0).ToArray());
        });
    }

    [Fact]
    public void A_mask_of_many_words_counts_its_channels()
    {
        var random = new Random(1);
        for (var k = 0; k < 50; k++)
        {
            var layer = new NetworkLayer(random.Next(1, 40), random.Next(1, 40));
            var mask = Networks.RandomMask(random, layer.Nodes, random.NextDouble() * random.NextDouble());
            var activity = LayerActivity.FromMask(layer, mask);
            Assert.Equal(mask.Count(alive => alive), activity.Alive);
            Assert.Equal(mask.Chunk(layer.Positions).Count(channel => channel.Contains(true)), activity.AliveChannels);
        }
    }

    [Fact]
    public void Counts_of_none_and_of_all_say_which_nodes_are_alive()
    {
        var layer = new NetworkLayer(70);
        Assert.Equal([0UL, 0UL], LayerActivity.Count(0).Mask(layer, 0).ToArray());
        Assert.Equal([ulong.MaxValue, 0b11_1111UL], LayerActivity.Count(70).Mask(layer, 0).ToArray());
    }

    [Fact]
    public void Counts_suffice_for_E_and_E_H_where_there_are_no_identity_edges()
    {
        var graph = NetworkGraph.Chain(new NetworkLayer(3, 4), new NetworkLayer(2, 2), new NetworkLayer(5));
        Assert.Equal("82", MeasureCatalog.Emergence.Of(graph, 6, 2, 5).ToString());
        LayerActivity[] activity = [LayerActivity.Count(6, 2), LayerActivity.Count(2, 1), LayerActivity.Count(5)];
        Assert.Equal("52", MeasureCatalog.EmergenceActive.Of(graph, activity).ToString());
    }

    [Fact]
    public void What_counts_cannot_tell_is_asked_for()
    {
        var convolutions = NetworkGraph.Chain(new NetworkLayer(3, 4), new NetworkLayer(5));
        Assert.Equal(
            "Layer 0: E_H needs the number of channels with an alive position; give it, or a mask.",
            Assert.Throws<ArgumentException>(() => MeasureCatalog.EmergenceActive.Of(convolutions, 6, 5)).Message);

        var skip = new NetworkGraph([new(3), new(3), new(3)], [NetworkEdge.Dense(0, 1), NetworkEdge.Identity(0, 2)]);
        Assert.Equal(
            "Layer 2: 2 of 3 nodes are alive, but identity edges and E_w need to know which; give a mask.",
            Assert.Throws<ArgumentException>(() => MeasureCatalog.Emergence.Of(skip, 0, 1, 2)).Message);
        Assert.Equal("12", MeasureCatalog.Emergence.Of(skip, 0, 3, 3).ToString());

        Assert.Throws<ArgumentException>(() => MeasureCatalog.EmergenceWired.Of(NetworkGraph.Chain(3, 3), 1, 2));
    }

    [Theory]
    [InlineData(7, null, "Layer 0: 7 of 6 nodes alive.")]
    [InlineData(3, 4, "Layer 0: 3 alive nodes cannot stand on 4 of 3 channels of 2.")]
    [InlineData(5, 2, "Layer 0: 5 alive nodes cannot stand on 2 of 3 channels of 2.")]
    [InlineData(0, 1, "Layer 0: 0 alive nodes cannot stand on 1 of 3 channels of 2.")]
    public void Counts_that_do_not_fit_are_refused(int alive, int? channels, string message)
    {
        var graph = NetworkGraph.Chain(new NetworkLayer(3, 2), new NetworkLayer(1));
        var first = channels is { } count ? LayerActivity.Count(alive, count) : LayerActivity.Count(alive);
        var error = Assert.Throws<ArgumentException>(() => MeasureCatalog.Emergence.Of(graph, first, LayerActivity.Count(1)));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Masks_and_numbers_of_layers_that_do_not_fit_are_refused()
    {
        var graph = NetworkGraph.Chain(3, 2);
        Assert.Throws<ArgumentException>(() => MeasureCatalog.Emergence.Of(graph, 1));
        Assert.Throws<ArgumentException>(() => LayerActivity.FromMask(new NetworkLayer(3), new bool[4]));
        Assert.Throws<ArgumentException>(() => LayerActivity.FromMask(new NetworkLayer(3), new NodeMask(new bool[4])));
        Assert.Throws<ArgumentException>(() => LayerActivity.FromPackedMask(new NetworkLayer(3), new byte[2]));
        Assert.Throws<ArgumentException>(() => LayerActivity.FromMaskWords(new NetworkLayer(64), new ulong[2]));
        Assert.Throws<ArgumentException>(
            () => MeasureCatalog.Emergence.Of(graph, LayerActivity.FromMask(new NetworkLayer(4), new bool[4]),
                LayerActivity.Count(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => LayerActivity.Count(-1));
    }
}
