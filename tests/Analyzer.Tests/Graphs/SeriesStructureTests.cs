using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Series;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Tests.Graphs;

public class SeriesStructureTests
{
    [Fact]
    public void the_same_structure_passes_whatever_the_weights() =>
        Assert.Null(Refusal(graph =>
            graph with
            {
                Layers =
                [.. graph.Layers.Select(layer => layer with { Parameters = [new("w", ParameterRole.Weight, 6, 5)] })]
            }));

    [Fact]
    public void another_size_is_named() =>
        Assert.Equal(
            "b.onnx: layer 1 is 'fc2' (Gemm, 5 nodes) where it was 'fc2' (Gemm, 3 nodes) in a.onnx: " +
            "the structure changes within the series; analyze the two apart",
            Refusal(graph => graph with { Layers = graph.Layers.SetItem(1, graph.Layers[1] with { Channels = 5 }) }));

    [Fact]
    public void another_name_operator_or_number_of_positions_is_named()
    {
        Assert.Contains("layer 0 is 'dense' (Gemm, 3 nodes) where",
            Refusal(graph => graph with { Layers = graph.Layers.SetItem(0, graph.Layers[0] with { Name = "dense" }) }),
            StringComparison.Ordinal);
        Assert.Contains("layer 0 is 'fc1' (Conv, 3 nodes) where",
            Refusal(graph => graph with { Layers = graph.Layers.SetItem(0, graph.Layers[0] with { Op = "Conv" }) }),
            StringComparison.Ordinal);
        Assert.Contains("layer 0 is 'fc1' (Gemm, 3×4 nodes) where",
            Refusal(graph => graph with { Layers = graph.Layers.SetItem(0, graph.Layers[0] with { Positions = 4 }) }),
            StringComparison.Ordinal);
    }

    [Fact]
    public void another_number_of_layers_is_named()
    {
        Assert.StartsWith("b.onnx: there are 2 layers where there were 3 in a.onnx",
            Refusal(graph => graph with { Layers = graph.Layers[..2], Edges = graph.Edges[..1] }), StringComparison.Ordinal);
        Assert.StartsWith("b.onnx: there are 4 layers where there were 3 in a.onnx",
            Refusal(graph => graph with { Layers = graph.Layers.Add(graph.Layers[0]) }), StringComparison.Ordinal);
    }

    [Fact]
    public void another_edge_is_named()
    {
        Assert.StartsWith("b.onnx: there is an identity edge from 'fc1' to 'fc3' where there was none in a.onnx",
            Refusal(graph => graph with { Edges = graph.Edges.Add(new LayerEdge(0, 2, EdgeKind.Identity)) }),
            StringComparison.Ordinal);
        Assert.StartsWith("b.onnx: there is no dense edge from 'fc2' to 'fc3' where there was one in a.onnx",
            Refusal(graph => graph with { Edges = graph.Edges[..1] }), StringComparison.Ordinal);
    }

    private static string? Refusal(Func<LayerGraph, LayerGraph> change)
    {
        var graph = LayerSelectionTests.Graph(["fc1", "fc2", "fc3"], (0, 1, EdgeKind.Dense), (1, 2, EdgeKind.Dense));
        var series = new SeriesStructure(isStrict: true);
        series.Follow("a.onnx", graph);
        return Record.Exception(() => series.Follow("b.onnx", change(graph))) is StructureException e ? e.Message : null;
    }
}
