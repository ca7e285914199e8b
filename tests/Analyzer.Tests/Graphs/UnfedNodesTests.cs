using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Tracing;
using Emergence.Tracing.Networks;
using Onnx;

namespace Emergence.Analyzer.Tests.Graphs;

public class UnfedNodesTests
{
    [Fact]
    public void a_dense_node_is_unfed_where_its_column_is_zero()
    {
        var tiny = new TinyModel(13).Input("x", [null, 2])
            .Initializer("w", [2, 3], [1, 0, 0, 0, -0.0, 2]).Initializer("b", [3], [1, 1, 1])
            .Node("Gemm", "x w b", "y").Output("y", [null, 3]);
        Assert.Equal([false, true, false], Only(tiny));
        var transposed = new TinyModel(13).Input("x", [null, 2])
            .Initializer("w", [3, 2], [1, 0, 0, 0, 0, double.NaN])
            .Node("Gemm", "x w", "y", AttributeProto.Of("transB", 1)).Output("y", [null, 3]);
        Assert.Equal([false, true, false], Only(transposed));
    }

    [Theory]
    [InlineData(ConvNodes.Units, 16)]
    [InlineData(ConvNodes.Filters, 1)]
    public void a_filter_is_unfed_with_all_its_positions_whatever_pools_them(ConvNodes nodes, int positions)
    {
        var kernels = new double[3 * 2 * 9];
        (kernels[5], kernels[53]) = (1, 1);
        var tiny = new TinyModel(13).Input("x", [null, 2, 6, 6]).Initializer("w", [3, 2, 3, 3], kernels)
            .Node("Conv", "x w", "c")
                .Node("MaxPool", "c", "p", AttributeProto.Of("kernel_shape", [2, 2]), AttributeProto.Of("strides", [2, 2]))
            .Node("Relu", "p", "y").Output("y", [null, 3, 2, 2]);
        Assert.Equal(Enumerable.Range(0, 3).SelectMany(filter => Enumerable.Repeat(filter == 1, positions)), Only(tiny, nodes));
    }

    [Fact]
    public void a_transposed_convolution_has_its_filters_second()
    {
        // Four inputs in two groups of two, one filter and one more in each group: filters 0 to 3.
        var kernels = new double[4 * 2 * 2];
        (kernels[0], kernels[(2 * 4) + 2]) = (1, 1);
        var tiny = new TinyModel(13).Input("x", [null, 4, 3]).Initializer("w", [4, 2, 2], kernels)
            .Node("ConvTranspose", "x w", "y", AttributeProto.Of("group", 2)).Output("y", [null, 4, 4]);
        Assert.Equal([false, true, true, false], Only(tiny, ConvNodes.Filters));
    }

    [Fact]
    public void a_recurrent_unit_is_unfed_where_no_gate_reads_anything()
    {
        // Two units; of the three gates of unit 0 one reads itself through time.
        var recurrence = new double[6 * 2];
        recurrence[4] = 1;
        var tiny = new TinyModel(14)
            .Input("x", [null, null, 3])
            .Initializer("w", [1, 6, 3], new double[18])
            .Initializer("r", [1, 6, 2], recurrence)
            .Node("GRU", "x w r", "y", AttributeProto.Of("hidden_size", 2)).Output("y");
        Assert.Equal([false, true], Only(tiny));
    }

    [Fact]
    public void what_a_skip_connection_enters_is_fed()
    {
        var tiny = new TinyModel(13).Input("x", [null, 2]).Weight("w1", 2, 2).Initializer("w2", [2, 2], new double[4])
            .Node("Gemm", "x w1", "h")
                .Node("Relu", "h", "a")
                .Node("Gemm", "a w2", "g")
                .Node("Add", "a g", "s")
                .Node("Relu", "s", "y")
                .Output("y", [null, 2]);
        var unfed = Of(tiny, ConvNodes.Units);
        Assert.Equal(2, unfed.Count);
        Assert.All(unfed.Values, nodes => Assert.DoesNotContain(true, nodes));
    }

    [Fact]
    public void an_input_and_a_stack_of_weights_are_not_known()
    {
        var tiny = new TinyModel(13).Input("x", [null, 2, 2]).Initializer("w", [2, 2, 2], new double[8])
            .Node("MatMul", "x w", "y").Output("y", [null, 2, 2]);
        Assert.Empty(Of(tiny, ConvNodes.Units));
    }

    private static IEnumerable<bool> Only(TinyModel tiny, ConvNodes nodes = ConvNodes.Units) =>
        Assert.Single(Of(tiny, nodes)).Value.Cast<bool>();

    private static IReadOnlyDictionary<string, NodeMask> Of(TinyModel tiny, ConvNodes nodes)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Path("tiny.onnx");
        ModelFile.Save(tiny.Proto, path);
        return UnfedNodes.Of(LayerTracer.TraceFully(Checkpoint.Open(path), new TraceOptions { IncludeInput = true }), nodes);
    }
}
