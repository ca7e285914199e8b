using Emergence.Analyzer.Series;

namespace Emergence.Analyzer.Tests.Series;

public class RelativeChangeTests
{
    [Fact]
    public void is_the_norm_of_the_difference_over_the_norm_before() =>
        Assert.Equal(10 / 5.0, Of([3, 4], [9, 12]));

    [Fact]
    public void parts_make_one_vector()
    {
        var change = new RelativeChange();
        change.Add<float>([3, 0], [3, 5]);
        change.Add<double>([4], [16]);
        Assert.Equal(13 / 5.0, change.Value);
    }

    [Fact]
    public void nothing_moved_is_zero() => Assert.Equal(0, Of([0.1, -0.2], [0.1, -0.2]));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(double.NaN, 1)]
    [InlineData(1, double.NaN)]
    [InlineData(double.PositiveInfinity, 1)]
    [InlineData(1, double.NegativeInfinity)]
    [InlineData(1e200, 1)]
    public void has_no_value_where_it_is_not_defined(double before, double now) => Assert.Null(Of([before], [now]));

    [Fact]
    public void has_no_value_without_numbers() => Assert.Null(new RelativeChange().Value);

    [Fact]
    public void the_largest_and_the_smallest_floats_have_a_value()
    {
        var change = new RelativeChange();
        change.Add<float>([float.MaxValue], [-float.MaxValue]);
        Assert.Equal(2, change.Value);
        change = new RelativeChange();
        change.Add<float>([float.Epsilon], [4 * float.Epsilon]);
        Assert.Equal(3, change.Value);
    }

    [Fact]
    public void a_part_of_another_length_is_refused() => Assert.Throws<ArgumentException>(() => Of([1, 2], [1]));

    private static double? Of(double[] before, double[] now)
    {
        var change = new RelativeChange();
        change.Add<double>(before, now);
        return change.Value;
    }
}
