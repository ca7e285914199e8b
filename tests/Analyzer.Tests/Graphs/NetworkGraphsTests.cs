using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;

namespace Emergence.Analyzer.Tests.Graphs;

public class NetworkGraphsTests
{
    [Fact]
    public void only_a_convolution_has_more_nodes_than_its_multiplicity()
    {
        var graph = Residual(isConvolution: true);
        Assert.Equal([new(2, 3), new(2, 3), new NetworkLayer(2, 3)], NetworkGraphs.Of(graph, ConvNodes.Units).Layers);
        Assert.Equal([new(2), new(2), new NetworkLayer(2)], NetworkGraphs.Of(graph, ConvNodes.Filters).Layers);
        graph = Residual(isConvolution: false);
        Assert.Equal([new(6), new(6), new NetworkLayer(6)], NetworkGraphs.Of(graph, ConvNodes.Units).Layers);
        Assert.Equal([new(6), new(6), new NetworkLayer(6)], NetworkGraphs.Of(graph, ConvNodes.Filters).Layers);
    }

    [Fact]
    public void counterparts_of_units_are_taken_as_traced()
    {
        var map = ElementMap.OneEach(6, [5, 4, 3, 2, 1, 0]).Reversed();
        var graph = Residual(isConvolution: true) with { Counterparts = Counterparts(map) };
        Assert.Same(map, NetworkGraphs.Of(graph, ConvNodes.Units).Edges.Single(edge => edge.Kind == EdgeKind.Identity).Map);
    }

    [Fact]
    public void counterparts_of_filters_are_those_of_their_positions_each_once()
    {
        // All three positions of channel 0 lead to channel 1, those of channel 1 to both.
        var map = ElementMap.FromPairs(6, 6, [(0, 3), (1, 4), (2, 5), (3, 0), (4, 1), (5, 5)]);
        var graph = Residual(isConvolution: true) with { Counterparts = Counterparts(map) };
        var byFilter = NetworkGraphs.Of(graph, ConvNodes.Filters).Edges.Single(edge => edge.Kind == EdgeKind.Identity).Map!;
        Assert.Equal((2, 2), (byFilter.From, byFilter.To));
        Assert.Equal([1], byFilter[0].ToArray());
        Assert.Equal([0, 1], byFilter[1].ToArray().Order());
    }

    private static ImmutableDictionary<LayerEdge, ElementMap> Counterparts(ElementMap map) =>
        ImmutableDictionary<LayerEdge, ElementMap>.Empty.Add(new LayerEdge(0, 2, EdgeKind.Identity), map);

    private static LayerGraph Residual(bool isConvolution)
    {
        var graph = LayerSelectionTests.Graph(["x", "f", "y"], (0, 1, EdgeKind.Dense), (0, 2, EdgeKind.Identity),
            (1, 2, EdgeKind.Dense));
        return graph with
        {
            Layers =
            [.. graph.Layers.Select(layer => layer with { Channels = 2, Positions = 3, IsConvolution = isConvolution })]
        };
    }
}
