using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>
/// Which node of a skip's source meets which node of the layer it is added to. Written <c>source:targets</c>, the nodes
/// channel-major; a source that meets nothing is left out.
/// </summary>
public class CounterpartTests
{
    [Fact]
    public void no_map_where_each_node_meets_the_one_of_its_index() =>
        Assert.Null(MapOf(Tokens(6).Weight("v", 6, 6).Node("MatMul", "a v", "p").Node("Add", "p a", "y"), "0=1"));

    [Fact]
    public void a_slice_cuts_nodes_off() =>
        Assert.Equal("1:0 2:1 3:2", MapOf(Tokens(6).Weight("v", 6, 3).Node("MatMul", "a v", "p")
        .Longs("from", 1).Longs("to", 4).Longs("axis", -1).Node("Slice", "a from to axis", "skip").Node("Add", "p skip", "y"),
        "0=1"));

    [Fact]
    public void a_slice_by_steps_from_behind() =>
        Assert.Equal("1:2 3:1 5:0", MapOf(Tokens(6).Weight("v", 6, 3).Node("MatMul", "a v", "p")
        .Longs("from", 5)
            .Longs("to", -1000)
            .Longs("axis", -1)
            .Longs("step", -2)
            .Node("Slice", "a from to axis step", "skip")
            .Node("Add", "p skip", "y"), "0=1"));

    [Fact]
    public void padding_shifts_nodes() => Assert.Equal("0:1 1:2 2:3", MapOf(Tokens(3).Weight("v", 3, 6).Node("MatMul", "a v", "p")
        .Longs("pads", 0, 0, 1, 0, 0, 2).Node("Pad", "a pads", "skip").Node("Add", "p skip", "y"), "0=1"));

    [Fact]
    public void a_transpose_among_the_channels_permutes_them() =>
        Assert.Equal("0:0 1:2 2:4 3:1 4:3 5:5", MapOf(Tokens(6).Weight("v", 6, 6).Node("MatMul", "a v", "p")
        .Longs("split", 0, 0, 2, 3)
            .Longs("join", 0, 0, 6)
            .Node("Reshape", "a split", "s")
            .Node("Transpose", "s", "t", AttributeProto.Of("perm", [0L, 1L, 3L, 2L]))
        .Node("Reshape", "t join", "skip").Node("Add", "p skip", "y"), "0=1"));

    [Fact]
    public void a_gather_picks_and_repeats() =>
        Assert.Equal("0:1,3 2:0 5:2", MapOf(Tokens(6).Weight("v", 6, 4).Node("MatMul", "a v", "p")
        .Longs("i", 2, 0, -1, 0).Node("Gather", "a i", "skip", AttributeProto.Of("axis", 2)).Node("Add", "p skip", "y"), "0=1"));

    [Fact]
    public void half_of_a_split_meets_the_other_half()
    {
        var model = Tokens(6)
            .Node("Split", "a", "left right", AttributeProto.Of("axis", 2))
            .Weight("v", 3, 3)
            .Node("MatMul", "right v", "p")
            .Node("Add", "p left", "y");
        Assert.Equal("0:0 1:1 2:2", MapOf(model, "0=1"));
    }

    [Fact]
    public void a_concat_on_the_skip_leads_each_part_to_its_place()
    {
        var model = Tokens(2)
            .Weight("u", 2, 3)
            .Node("MatMul", "a u", "b0")
            .Node("Tanh", "b0", "b")
            .Node("Concat", "a b", "skip", AttributeProto.Of("axis", 2))
            .Weight("v", 5, 5).Node("MatMul", "skip v", "p").Node("Add", "p skip", "y");
        Assert.Equal("0:0 1:1", MapOf(model, "0=2"));
        Assert.Equal("0:2 1:3 2:4", MapOf(model, "1=2"));
    }

    [Fact]
    public void pooling_leads_every_position_to_its_window() => Assert.Equal(
        "0:0 1:0 2:1 3:1 4:0 5:0 6:1 7:1 8:2 9:2 10:3 11:3 12:2 13:2 14:3 15:3",
        MapOf(Image(1, 4).Weight("v", 1, 1, 2, 2).Node("Conv", "a v", "p", Two("strides"))
            .Node("MaxPool", "a", "skip", Two("kernel_shape"), Two("strides")).Node("Add", "p skip", "y"), "0=1"));

    [Fact]
    public void overlapping_windows_lead_to_several() => Assert.Equal(
        "0:0 1:0,1 2:1 3:0,2 4:0,1,2,3 5:1,3 6:2 7:2,3 8:3",
        MapOf(Image(1, 3)
            .Weight("v", 1, 1, 2, 2)
            .Node("Conv", "a v", "p")
            .Node("AveragePool", "a", "skip", Two("kernel_shape"))
            .Node("Add", "p skip", "y"), "0=1"));

    [Fact]
    public void a_padded_window_at_the_border_holds_fewer() => Assert.Equal(
        "0:0 1:1 2:1 3:2 4:3 5:3 6:2 7:3 8:3",
        MapOf(Image(1, 3)
            .Weight("v", 1, 1, 3, 3)
            .Node("Conv", "a v", "p", Two("strides"), AttributeProto.Of("pads", [1L, 1L, 1L, 1L]))
            .Node("MaxPool", "a", "skip", Two("kernel_shape"), Two("strides"), AttributeProto.Of("pads", [1L, 1L, 0L, 0L]))
                .Node("Add", "p skip", "y"), "0=1"));

    [Fact]
    public void a_shortcut_without_weights_takes_every_other_position_and_pads_channels() => Assert.Equal(
        "0:4 2:5 8:6 10:7",
        MapOf(Image(1, 4)
            .Weight("v", 3, 1, 2, 2)
            .Node("Conv", "a v", "p", Two("strides"))
            .Longs("zero", 0, 0)
            .Longs("end", 4, 4)
            .Longs("axes", 2, 3)
            .Longs("two", 2, 2)
            .Node("Slice", "a zero end axes two", "s")
                .Longs("pads", 0, 1, 0, 0, 0, 1, 0, 0)
                .Node("Pad", "s pads", "skip")
                .Node("Add", "p skip", "y"), "0=1"));

    [Fact]
    public void a_broadcast_reaches_every_position() => Assert.Equal(
        "0:0,1,2,3 1:4,5,6,7",
        MapOf(new TinyModel(13)
            .Input("x", [null, 2, 1, 1])
            .Weight("u", 2, 2, 1, 1)
            .Node("Conv", "x u", "h")
            .Node("Relu", "h", "a")
            .Weight("v", 2, 2, 2, 2).Node("ConvTranspose", "a v", "p").Node("Add", "p a", "y"), "0=1"));

    [Fact]
    public void a_skip_in_another_layout_still_meets_node_by_node() => Assert.Equal(
        "0:0 1:2 2:4 3:6 4:1 5:3 6:5 7:7",
        MapOf(Image(2, 2)
            .Node("Transpose", "a", "al", AttributeProto.Of("perm", [0L, 2L, 3L, 1L]))
            .Longs("flat", 0, 8)
            .Node("Reshape", "al flat", "f")
            .Weight("v", 8, 8).Node("MatMul", "f v", "p").Node("Add", "p f", "y"), "0=1"));

    [Fact]
    public void pooling_behind_the_sum_leaves_the_nodes_as_they_meet() => Assert.Null(
        MapOf(Image(1, 2)
            .Weight("v", 1, 1, 1, 1)
            .Node("Conv", "a v", "p")
            .Node("Add", "p a", "s")
            .Node("MaxPool", "s", "m", Two("kernel_shape"))
            .Node("Relu", "m", "y"), "0=1"));

    [Theory]
    [InlineData("constant", "0:1 1:2 2:3")]
    [InlineData("edge", "0:0,1 1:2 2:3,4")]
    [InlineData("reflect", "0:1 1:0,2,4 2:3")]
    [InlineData("wrap", "0:1,4 1:2 2:0,3")]
    public void a_padded_skip_meets_what_its_mode_puts_there(string mode, string expected) => Assert.Equal(
        expected,
        MapOf(new TinyModel(19)
            .Input("x", [null, 2, 4])
            .Weight("w", 4, 3)
            .Node("MatMul", "x w", "h")
            .Node("Relu", "h", "a")
            .Weight("v", 3, 5)
            .Node("MatMul", "a v", "p")
            .Longs("pads", 0, 0, 1, 0, 0, 1)
                .Node("Pad", "a pads", "skip", AttributeProto.Of("mode", mode))
                .Node("Add", "p skip", "y"), "0=1"));

    [Fact]
    public void a_grid_of_half_a_turn_turns_the_positions() => Assert.Equal(
        "0:8 1:7 2:6 3:5 4:4 5:3 6:2 7:1 8:0",
        MapOf(Alone(Image(1, 3, 16))
            .Initializer("grid", [1, 3, 3, 2],
                from y in Enumerable.Range(0, 3)
                from x in Enumerable.Range(0, 3)
                from c in (int[])[x, y]
                select 2 / 3.0 * (1 - c))
            .Node("GridSample", "a grid", "skip").Weight("v", 1, 1, 1, 1).Node("Conv", "a v", "p").Node("Add", "p skip", "y"),
            "0=1"));

    [Fact]
    public void a_crop_in_the_middle_begins_there() => Assert.Equal(
        "1:0 2:1",
        MapOf(new TinyModel(18)
            .Input("x", [null, 2, 4])
            .Weight("w", 4, 4)
            .Node("MatMul", "x w", "h")
            .Node("Relu", "h", "a")
            .Weight("v", 4, 2)
            .Node("MatMul", "a v", "p")
            .Longs("size", 2)
                .Node("CenterCropPad", "a size", "skip", AttributeProto.Of("axes", [2L]))
                .Node("Add", "p skip", "y"), "0=1"));

    [Fact]
    public void a_linear_resize_meets_all_that_it_interpolates() => Assert.Equal(
        "0:0,1 1:1,2 2:2",
        MapOf(new TinyModel(13)
            .Input("x", [null, 1, 3])
            .Weight("w", 1, 1, 1)
            .Node("Conv", "x w", "h")
            .Node("Relu", "h", "a")
            .Weight("v", 1, 1, 1)
            .Node("Conv", "a v", "p")
            .Initializer("roi", [0], [])
                .Initializer("scales", [3], [1, 1, 5 / 3.0])
                .Node("Resize", "a roi scales", "r", AttributeProto.Of("mode", "linear"),
                AttributeProto.Of("coordinate_transformation_mode", "asymmetric"))
            .Longs("from", 0).Longs("to", 3).Longs("axis", 2).Node("Slice", "r from to axis", "skip").Node("Add", "p skip", "y"),
            "0=1"));

    /// <summary>What an operator does not say is not guessed: every node may meet every one, and the operator is named.</summary>
    [Fact]
    public void behind_an_operator_of_unknown_sources_every_node_meets_every_one()
    {
        var model = Image(1, 4).Weight("v", 1, 1, 2, 2).Node("Conv", "a v", "p", Two("strides"))
            .Initializer("rois", [1, 4], [0, 0, 4, 4]).Longs("batch", 0)
            .Node("RoiAlign", "a rois batch", "skip", AttributeProto.Of("output_height", 2L),
                AttributeProto.Of("output_width", 2L)).Node("Add", "p skip", "y").Output("y");
        var graph = TracedRun.Traces(Alone(model).Proto);
        Assert.Equal(["0>1"], graph.Edges.Select(GraphText.EdgeText));
        var warning =
            Assert.Single(graph.Diagnostics, diagnostic => diagnostic.Message.Contains("RoiAlign", StringComparison.Ordinal));
        Assert.Contains("each is taken to meet every one", warning.Message, StringComparison.Ordinal);
    }

    /// <summary>Traces, runs and gives the map of one identity edge; null if there is none.</summary>
    private static string? MapOf(TinyModel model, string edge)
    {
        var graph = TracedRun.Traces(model.Output("y").Proto);
        var found = Assert.Single(graph.Edges, candidate => GraphText.EdgeText(candidate) == edge);
        return graph.Counterparts.TryGetValue(found, out var map) ? Text(map) : null;
    }

    private static string Text(ElementMap map) => string.Join(' ', Enumerable.Range(0, map.From)
        .Where(source => map[source].Length > 0).Select(source => $"{source}:{string.Join(',', map[source].ToArray())}"));

    /// <summary>a: [N, 2, channels] behind a ReLU.</summary>
    private static TinyModel Tokens(int channels) =>
        new TinyModel(13).Input("x", [null, 2, 4]).Weight("w", 4, channels).Node("MatMul", "x w", "h").Node("Relu", "h", "a");

    /// <summary>a: [N, channels, side, side] behind a ReLU.</summary>
    private static TinyModel Image(int channels, int side, int opset = 13) =>
        new TinyModel(opset)
            .Input("x", [null, 2, side, side])
            .Weight("w", channels, 2, 1, 1)
            .Node("Conv", "x w", "h")
            .Node("Relu", "h", "a");

    /// <summary>The model for one sample at a time, as a stored grid or region makes it.</summary>
    private static TinyModel Alone(TinyModel model)
    {
        model.Proto.Graph.Input[0].Type.TensorType.Shape.Dim[0] = new TensorShapeProto.Types.Dimension { DimValue = 1 };
        return model;
    }

    private static AttributeProto Two(string name) => AttributeProto.Of(name, [2L, 2L]);
}
