using System.Numerics;
using Emergence.Analyzer.Metrics;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Tests;

public class SampleDistributionTests
{
    [Fact]
    public void quantiles_are_values_of_samples()
    {
        var distribution = Of([.. Enumerable.Range(1, 20).Reverse().Select(value => (BigInteger)value)]);
        Assert.Equal([1, 1, 5, 10, 15, 19, 20],
            ((int[])[0, 5, 25, 50, 75, 95, 100]).Select(percent => (int)distribution.Quantile(percent).Rounded));
        Assert.Equal("21/2", $"{distribution.Mean}");
        // Of 1..n: (n² − 1) / 12.
        Assert.Equal(Math.Sqrt(399 / 12.0), distribution.StandardDeviation!.Value, 1e-12);
    }

    [Fact]
    public void one_sample_is_every_quantile()
    {
        var distribution = Of(7);
        Assert.All((int[])[0, 5, 50, 100], percent => Assert.Equal(7, distribution.Quantile(percent).Rounded));
        Assert.Equal((1, 0.0), (distribution.Samples, distribution.StandardDeviation));
        Assert.Throws<ArgumentException>(() => Of());
    }

    [Fact]
    public void a_deviation_holds_where_its_square_passes_a_double()
    {
        var large = BigInteger.Pow(10, 200);
        Assert.Equal(1e200, Of(large, 3 * large).StandardDeviation!.Value, 1e186);
        var huge = BigInteger.Pow(10, 400);
        Assert.Null(Of(huge, 3 * huge).StandardDeviation);
        // Small against the values, which a sum of squares in doubles would lose.
        Assert.Equal(1, Of(large, large + 2).StandardDeviation);
    }

    private static SampleDistribution Of(params BigInteger[] values) => new(values.Select(value => new EmergenceValue(value)));
}
