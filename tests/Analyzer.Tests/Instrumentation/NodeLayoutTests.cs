using Emergence.Measuring.Instrumentation;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;
using static Emergence.Analyzer.Tests.Instrumentation.TinyModel;

namespace Emergence.Analyzer.Tests.Instrumentation;

public class NodeLayoutTests
{
    [Fact]
    public void channels_before_positions_need_no_reordering()
    {
        var layout = Layout(ConvNodes.Units, Batch(), Channel(2), Position(1), Position(3));
        Assert.Equal((2, 3, 6, 1), (layout.Channels, layout.Positions, layout.Nodes, layout.ActivationsPerSample));
        Assert.Equal([0], layout.Reduced);
        Assert.Equal([1, 2, 3, 4, 5, 6], layout.ToChannelMajor([1, 2, 3, 4, 5, 6]));
    }

    [Fact]
    public void positions_before_channels_are_transposed()
    {
        // Rows are positions, columns channels.
        var layout = Layout(ConvNodes.Units, Batch(), Position(3), Channel(2));
        Assert.Equal([1, 3, 5, 2, 4, 6], layout.ToChannelMajor([1, 2, 3, 4, 5, 6]));
    }

    [Fact]
    public void channels_between_positions_are_transposed()
    {
        var layout = Layout(ConvNodes.Units, Position(2), Batch(), Channel(2), Position(2));
        Assert.Equal([1], layout.Reduced);
        Assert.Equal(1, layout.BatchAxis);
        Assert.Equal([1, 2, 5, 6, 3, 4, 7, 8], layout.ToChannelMajor([1, 2, 3, 4, 5, 6, 7, 8]));
    }

    [Fact]
    public void a_filter_is_one_node_with_an_activation_per_position()
    {
        var layout = Layout(ConvNodes.Filters, Batch(), Sample(7), Position(3), Channel(2), Position(5));
        Assert.Equal((2, 1, 2, 15), (layout.Channels, layout.Positions, layout.Nodes, layout.ActivationsPerSample));
        Assert.Equal([0, 1, 2, 4], layout.Reduced);
    }

    [Fact]
    public void only_convolutions_have_filters()
    {
        var image = new TinyModel(13).Layer("x", [Batch(), Channel(3), Position(4)]).Graph.Layers[0] with { Op = "Input" };
        var layout = new NodeLayout(image, ConvNodes.Filters);
        Assert.False(layout.ReducesPositions);
        Assert.Equal((3, 4, 1), (layout.Channels, layout.Positions, layout.ActivationsPerSample));
    }

    [Fact]
    public void a_part_of_an_axis_has_that_many_channels()
    {
        var tiny = new TinyModel(13).Layer("y", [Batch(), Channel(6)], slice: new AxisSlice(1, 2, 6));
        Assert.Equal(4, new NodeLayout(tiny.Graph.Layers[0], ConvNodes.Units).Channels);
    }

    [Fact]
    public void a_reading_that_does_not_fit_its_layer_is_refused()
    {
        var layer = new TinyModel(13).Layer("y", [Batch(), Channel(6)]).Graph.Layers[0] with { Channels = 5 };
        Assert.Throws<ArgumentException>(() => new NodeLayout(layer, ConvNodes.Units));
    }

    private static NodeLayout Layout(ConvNodes nodes, params ReadAxis[] axes) =>
        new(new TinyModel(13).Layer("y", axes, convolution: true).Graph.Layers[0], nodes);
}
