using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Tests.Uncertainty;

public class IntervalTests
{
    [Theory]
    [InlineData(1000, 25, 976)]
    [InlineData(999, 25, 975)]
    [InlineData(100, 2, 99)]
    [InlineData(39, 1, 39)]
    [InlineData(1, 1, 1)]
    public void two_and_a_half_per_cent_lie_beyond_either_end(int values, int low, int high)
    {
        var shuffled = Enumerable.Range(1, values).OrderBy(i => i * 7919 % 1009);
        Assert.Equal(new Interval<int>(low, high), Interval.Of(shuffled));
    }

    [Fact]
    public void no_values_have_no_interval() => Assert.Throws<ArgumentException>(() => Interval.Of(Array.Empty<int>()));
}
