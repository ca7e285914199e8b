using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Measuring.Probes;
using Emergence.Tracing.Model;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Analyzer.Tests.Probes;

public class SampleFitTests
{
    [Theory]
    [InlineData("5,1,28,28", "N,1,28,28")]
    [InlineData("5,28,28", "N,1,28,28")]
    [InlineData("5,1,28,28", "N,28,28")]
    [InlineData("5,1,28,28", "N,28,28,1")]
    [InlineData("5,28,28,1", "1,1,28,28")]
    [InlineData("5,8", "N,1,1,8")]
    [InlineData("5", "N,1")]
    [InlineData("5,1", "N")]
    public void only_singleton_axes_come_and_go(string stored, string input)
    {
        var fit = Fit(stored, input);
        Assert.Equal(5, fit.Samples);
        Assert.Equal(Shape(input)[1..], fit.SampleShape);
        var array = Counting(stored);
        Assert.True(fit.Apply(array).Data.Span == array.Data.Span, "the data are shared");
    }

    [Theory]
    [InlineData("2,3,4,5", "N,4,5,3", "0,20,40,1,21,41")]
    [InlineData("2,4,5,3", "N,3,4,5", "0,3,6,9,12,15")]
    [InlineData("2,1,3,4,5", "N,4,5,3", "0,20,40,1,21,41")]
    public void channels_move_to_where_the_input_has_them(string stored, string input, string first)
    {
        var laidOut = Fit(stored, input).Apply(Counting(stored));
        Assert.Equal([2, .. Shape(input)[1..]], laidOut.Shape);
        Assert.Equal(Shape(first), laidOut.Data.ToArray()[..6].Select(value => (int)value));
        Assert.Equal(60, laidOut.Data.Span[60]);
    }

    [Theory]
    [InlineData("5,1,28,28", "N,784")]
    [InlineData("5,28,28", "1,784,1")]
    [InlineData("5,3,32,32", "N,3072")]
    public void images_are_flattened_as_stored_for_an_input_of_features(string stored, string input)
    {
        var fit = Fit(stored, input);
        Assert.Empty(fit.Order);
        Assert.Equal(stored.Contains("3,32", StringComparison.Ordinal), fit.Note is not null);
    }

    [Fact]
    public void where_an_image_could_be_read_either_way_it_is_taken_as_it_stands() =>
        Assert.Empty(Fit("2,3,3,3", "N,3,3,3").Order);

    [Theory]
    [InlineData("5,784", "N,1,28,28")]
    [InlineData("5,28,14", "N,14,28")]
    [InlineData("5,3,32,32", "N,32,3,32")]
    [InlineData("5,1,32,32", "N,1,28,28")]
    [InlineData("5,783", "N,784")]
    [InlineData("5,2,3,4,5", "N,120")]
    public void nothing_else_is_read_with_another_shape(string stored, string input)
    {
        var error = Assert.Throws<UserException>(() => Fit(stored, input));
        Assert.Equal(
            $"data: samples of shape [{stored[2..]}] do not fit input 'x' of shape [N{input[1..]}]; "
            + "give samples of that shape, or name another input with --input",
            error.Message);
    }

    [Fact]
    public void a_free_dimension_of_another_size_is_named()
    {
        var input = Input("N,3,64,64") with { Symbols = ["N", "", "height", "width"] };
        var error = Assert.Throws<UserException>(() => SampleFit.Of("data", Shape("5,3,32,48"), input, false));
        Assert.EndsWith("free dimensions were given a size: choose --dim height=32 --dim width=48", error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void a_single_sample_needs_no_axis_of_samples()
    {
        var fit = Fit("28,28", "N,1,28,28");
        Assert.Equal(1, fit.Samples);
        Assert.NotNull(fit.Note);
    }

    [Fact]
    public void a_value_of_the_whole_input_is_turned_samples_first()
    {
        // [time 2, batch 3, features 2], of which each sample is [time, features].
        var input = Input("2,N,2") with { BatchAxis = 1 };
        var fit = SampleFit.Of("data", Shape("2,3,2"), input, inModelLayout: true);
        Assert.Equal(3, fit.Samples);
        Assert.Equal([2, 2], fit.SampleShape);
        Assert.Equal([0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11], fit.Apply(Counting("2,3,2")).Data.ToArray());
    }

    [Fact]
    public void an_input_without_batch_axis_takes_its_whole_value_or_one_for_each_sample()
    {
        var input = Input("2,2") with { BatchAxis = -1 };
        Assert.Equal(1, SampleFit.Of("data", Shape("2,2"), input, false).Samples);
        Assert.Equal(7, SampleFit.Of("data", Shape("7,2,2"), input, false).Samples);
    }

    [Theory]
    [InlineData("2,3,4,5", "N,3,4,5", 3, 20)]
    [InlineData("2,3,4,5", "N,4,5,3", 3, 1)]
    [InlineData("2,4,5,3", "N,3,4,5", 3, 20)]
    [InlineData("2,4,5,3", "N,4,5,3", 3, 1)]
    [InlineData("2,3,4,5", "N,60", 3, 20)]
    // As many rows as channels: what moves is the axis of channels.
    [InlineData("2,3,5,3", "N,3,3,5", 3, 15)]
    [InlineData("2,3,5,3", "N,5,3,3", 3, 1)]
    [InlineData("2,7", "N,7", 7, 1)]
    [InlineData("2,1,4,5", "N,1,4,5", 3, 0)]
    public void the_channels_of_an_image_are_found_however_it_is_laid_out(string stored, string input, int channels,
        int stride) =>
        Assert.Equal(stride, Fit(stored, input).ChannelStride(channels));

    private static SampleFit Fit(string stored, string input) =>
        SampleFit.Of("data", Shape(stored), Input(input), inModelLayout: false);

    private static ModelInput Input(string shape) => new(
        "x", (int)DataType.Float, [.. shape.Split(',').Select(size => size == "N" ? (long?)null : long.Parse(size))],
        [.. shape.Split(',').Select(_ => "")], 0);

    private static ImmutableArray<int> Shape(string shape) =>
        [.. shape.Split(',').Select(size => size == "N" ? 0 : int.Parse(size))];

    private static NumericArray Counting(string shape)
    {
        var count = Shape(shape).Aggregate(1, (product, size) => product * size);
        return new NumericArray((int)DataType.Uint8, Shape(shape),
            Enumerable.Range(0, count).Select(i => (byte)(i % 256)).ToArray());
    }
}
