using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Datasets;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Probes;

/// <summary>Free dimensions that the user did not give take their size from the data.</summary>
public class DataSizesTests
{
    [Theory]
    [InlineData("batch length 3", new[] { 8, 58, 3 }, 8)]
    [InlineData("batch features length", new[] { 8, 3, 58 }, 8, 1)]
    [InlineData("length batch 3", new[] { 8, 58, 3 }, 8)]
    [InlineData("length 3", new[] { 8, 5, 3 }, 8)]
    [InlineData("5 3", new[] { 8, 5, 3 }, 8)]
    [InlineData("batch 1 length 3", new[] { 8, 58, 3 }, 8)]
    [InlineData("batch length 3", new[] { 8, 16, 3 }, 8)]
    public async Task the_model_is_traced_with_them(string input, int[] shape, int samples, int turn = 0)
    {
        using var folder = new TemporaryFolder();
        var model = new TinyModel(13).Declared("x", input).Weight("w", 3, 4);
        model = turn == 1
            ? model.Node("Transpose", "x", "t", AttributeProto.Of("perm", [0L, 2L, 1L]))
            : model.Node("Identity", "x", "t");
        var result = await WholeAnalysis.Of(model.Node("MatMul", "t w", "y").Output("y"),
            Options(WholeAnalysis.Data(folder, "x.npy", shape)));
        Assert.Equal(samples, result.Probe.Samples);
        Assert.DoesNotContain("given a size", string.Join('\n', result.Diagnostics), StringComparison.Ordinal);
        // Whatever is read as samples: all of the data have gone through.
        Assert.Equal(MeanOfAll(shape), result.Measurements[0].Layers[0].ActivationMean!.Value, 9);
    }

    [Theory]
    [InlineData("batch 3 height width", new[] { 6, 10, 12, 3 })]
    [InlineData("batch channels height width", new[] { 6, 3, 10, 12 })]
    [InlineData("batch height width 3", new[] { 6, 3, 10, 12 })]
    public async Task images_may_be_laid_out_either_way(string input, int[] shape)
    {
        using var folder = new TemporaryFolder();
        var model = new TinyModel(13).Declared("x", input).Weight("w", 2, 3, 3, 3);
        model = input.EndsWith('3')
            ? model.Node("Transpose", "x", "t", AttributeProto.Of("perm", [0L, 3L, 1L, 2L]))
            : model.Node("Identity", "x", "t");
        var result = await WholeAnalysis.Of(model.Node("Conv", "t w", "y").Output("y"),
            Options(WholeAnalysis.Data(folder, "x.npy", shape)));
        Assert.Equal(2 * 8 * 10, result.Measurements[0].Layers[0].Nodes);
    }

    [Fact]
    public async Task images_are_flattened_for_free_features()
    {
        using var folder = new TemporaryFolder();
        var model = new TinyModel(13).Declared("x", "batch features").Weight("w", 20, 3).Node("MatMul", "x w", "y").Output("y");
        Assert.Equal(6, (await WholeAnalysis.Of(model, Options(WholeAnalysis.Data(folder, "x.npy", 6, 4, 5)))).Probe.Samples);
    }

    [Fact]
    public async Task one_name_is_one_size()
    {
        using var folder = new TemporaryFolder();
        var (five, six) = (WholeAnalysis.Data(folder, "five.npy", 8, 5, 3), WholeAnalysis.Data(folder, "six.npy", 8, 6, 3));
        TinyModel Pair() => new TinyModel(13).Declared("a", "batch length 3").Declared("b", "batch length 3").Weight("w", 3, 4)
            .Node("Add", "a b", "s").Node("MatMul", "s w", "y").Output("y");
        Assert.Equal(8, (await WholeAnalysis.Of(Pair(), Options($"a={five}", $"b={five}"))).Probe.Samples);
        var e = await Assert.ThrowsAsync<UserException>(() => WholeAnalysis.Of(Pair(), Options($"a={five}", $"b={six}")));
        Assert.Equal(
            $"{six}: dimension 'length' of input 'b' is 6 there and 5 in {five}, but one name is one size; give data of one "
            + "size", e.Message);
    }

    [Fact]
    public async Task what_the_user_gives_comes_first()
    {
        using var folder = new TemporaryFolder();
        var model = new TinyModel(13).Declared("x", "batch length 3").Weight("w", 3, 4).Node("MatMul", "x w", "y").Output("y");
        var options = Options(WholeAnalysis.Data(folder, "x.npy", 8, 58, 3));
        var e = await Assert.ThrowsAsync<UserException>(() =>
            WholeAnalysis.Of(model, options with { Dimensions = options.Dimensions.Add("length", 60) }));
        Assert.Contains("samples of shape [58,3] do not fit input 'x' of shape [N,60,3]", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task samples_of_a_named_batch_are_not_batches()
    {
        using var folder = new TemporaryFolder();
        var model = new TinyModel(13).Declared("x", "batch 3").Weight("w", 3, 4).Node("MatMul", "x w", "y").Output("y");
        var e = await Assert.ThrowsAsync<UserException>(() =>
            WholeAnalysis.Of(model, Options(WholeAnalysis.Data(folder, "x.npy", 8, 5, 3))));
        Assert.Contains("samples of shape [5,3] do not fit input 'x' of shape [N,3]", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task tokens_bind_their_length()
    {
        using var folder = new TemporaryFolder();
        var ids = folder.Write("ids.npy",
            Bytes.Npy("<i8", "(8, 58)",
            TinyModel.Encode(Enumerable.Range(0, 8 * 58).Select(i => (double)(i % 5)), DataType.Int64)));
        var model = new TinyModel(13).Declared("ids", "batch length", DataType.Int64).Weight("table", 5, 4).Weight("w", 4, 3)
            .Node("Gather", "table ids", "e").Node("MatMul", "e w", "y").Output("y");
        var result = await WholeAnalysis.Of(model, Options(ids));
        Assert.Equal(8, result.Probe.Samples);
    }

    private static ProbeOptions Options(params string[] data) => new() { Data = [.. data] };

    private static double MeanOfAll(int[] shape)
    {
        var count = shape.Aggregate(1, (product, size) => product * size);
        var (x, w) = (TinyModel.Quarters(count, 3), TinyModel.Quarters(12, 'w'));
        // Features stand on the axis of size three.
        var (axis, sum) = (Array.LastIndexOf(shape, 3), 0.0);
        var inner = shape.Skip(axis + 1).Aggregate(1, (product, size) => product * size);
        for (var i = 0; i < count; i++)
            sum += x[i] * w.Skip(i / inner % 3 * 4).Take(4).Sum();
        return sum / (count / 3.0 * 4);
    }
}
