using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Tracing;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Tests.Graphs;

public class LayerSelectionTests
{
    private const EdgeKind Dense = EdgeKind.Dense;
    private const EdgeKind Identity = EdgeKind.Identity;

    [Fact]
    public void without_globs_the_graph_is_the_same()
    {
        var graph = Graph(["a", "b"], (0, 1, Dense));
        Assert.Same(graph, LayerSelection.Select(graph, [], []));
    }

    [Fact]
    public void a_layer_left_out_of_a_chain_is_bridged()
    {
        var graph = LayerSelection.Select(Graph(["a", "b", "c", "d"], (0, 1, Dense), (1, 2, Dense), (2, 3, Dense)), [],
            ["b", "c"]);
        Assert.Equal([("a", 0), ("d", 1)], graph.Layers.Select(layer => (layer.Name, layer.Index)));
        Assert.Equal([new LayerEdge(0, 1, Dense)], graph.Edges);
    }

    [Theory]
    [InlineData(Dense, Dense, Dense)]
    [InlineData(Dense, Identity, Dense)]
    [InlineData(Identity, Dense, Dense)]
    [InlineData(Identity, Identity, Identity)]
    public void a_bridge_is_dense_if_either_edge_was(EdgeKind first, EdgeKind second, EdgeKind bridge)
    {
        var graph = LayerSelection.Select(Graph(["a", "b", "c"], (0, 1, first), (1, 2, second)), [], ["b"]);
        Assert.Equal([new LayerEdge(0, 1, bridge)], graph.Edges);
    }

    [Fact]
    public void a_bridge_beside_an_edge_of_its_kind_is_one_edge_and_edges_stay_ordered()
    {
        // x -> f -> y dense with a skip x -> y, then z.
        var graph = Graph(["x", "f", "y", "z"], (0, 1, Dense), (0, 2, Identity), (1, 2, Dense), (2, 3, Dense));
        Assert.Equal(
            [new(0, 1, Dense), new(0, 1, Identity), new(1, 2, Dense)],
            LayerSelection.Select(graph, [], ["f"]).Edges);
        Assert.Equal(
            [new(0, 1, Dense), new(0, 2, Dense), new(1, 2, Dense)],
            LayerSelection.Select(graph, [], ["y"]).Edges);
    }

    [Fact]
    public void counterparts_follow_a_bridge_and_join_those_of_an_edge_beside_it()
    {
        var turned = ElementMap.OneEach(3, [1, 2, 0]).Reversed();
        var graph = Graph(["a", "b", "c"], (0, 1, Identity), (0, 2, Identity), (1, 2, Identity));
        graph = graph with { Counterparts = graph.Counterparts.Add(graph.Edges[0], turned).Add(graph.Edges[2], turned) };

        // Straight on, or twice turned: node 0 goes to 2 and on to 1.
        var selected = LayerSelection.Select(graph, [], ["b"]);
        var map = selected.Counterparts[Assert.Single(selected.Edges)];
        Assert.Equal([0, 1], map[0].ToArray().Order());

        // What is kept keeps its counterparts under its new index.
        selected = LayerSelection.Select(graph, [], ["a"]);
        Assert.Same(turned, selected.Counterparts[new LayerEdge(0, 1, Identity)]);
    }

    [Fact]
    public void only_and_exclude_combine_and_globs_cross_slashes()
    {
        var graph = Graph(["/block/conv1/Conv", "/block/conv2/Conv", "/head/fc"], (0, 1, Dense), (1, 2, Dense));
        var selected = LayerSelection.Select(graph, ["/block/*"], ["*2/Conv"]);
        Assert.Equal(["/block/conv1/Conv"], selected.Layers.Select(layer => layer.Name));
        Assert.Empty(selected.Edges);
    }

    [Theory]
    [InlineData("fc[12]", "fc1,fc2")]
    [InlineData("fc[!12]", "fc3,fcx")]
    [InlineData("fc?", "fc1,fc2,fc3,fcx")]
    [InlineData("fc[0-9]", "fc1,fc2,fc3")]
    [InlineData("blocks[0]/fc", "blocks[0]/fc")]
    [InlineData("blocks[0]/*", "blocks0/fc")]
    [InlineData("blocks[[]0]*", "blocks[0]/fc")]
    public void globs_know_sets_but_a_name_is_itself(string glob, string expected)
    {
        var graph = Graph(["fc1", "fc2", "fc3", "fcx", "blocks[0]/fc", "blocks0/fc"]);
        Assert.Equal(expected.Split(','), LayerSelection.Select(graph, [glob], []).Layers.Select(layer => layer.Name));
    }

    [Fact]
    public void a_range_that_runs_backwards_is_wrong_usage() =>
        Assert.Throws<UsageException>(() => LayerSelection.Select(Graph(["fc1"]), ["fc[9-0]"], []));

    [Fact]
    public void a_glob_that_matches_nothing_is_wrong_usage()
    {
        var graph = Graph(["fc1", "fc2"], (0, 1, Dense));
        var e = Assert.Throws<UsageException>(() => LayerSelection.Select(graph, [], ["FC*"]));
        Assert.Equal("--exclude FC*: matches no layer; there are fc1, fc2; did you mean 'fc1'?", e.Message);
        Assert.Throws<UsageException>(() => LayerSelection.Select(graph, ["conv"], []));
    }

    [Fact]
    public void leaving_no_layer_is_wrong_usage() =>
        Assert.Throws<UsageException>(() => LayerSelection.Select(Graph(["fc1"]), ["fc*"], ["*1"]));

    internal static LayerGraph Graph(string[] names, params (int From, int To, EdgeKind Kind)[] edges) => new(
        [.. names.Select((name, i) => Layer(i, name))],
        [.. edges.Select(edge => new LayerEdge(edge.From, edge.To, edge.Kind))],
        [], 0, []);

    private static TracedLayer Layer(int index, string name) => new()
    {
        Index = index,
        Name = name,
        Op = "Gemm",
        Activation = "Relu",
        Reading = new Reading(name, 1, [new(AxisRole.Batch, 1), new(AxisRole.Channel, 3)]),
        Channels = 3,
        Positions = 1,
        IsConvolution = false,
    };
}
