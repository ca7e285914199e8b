using System.Numerics;

namespace Emergence.Analyzer.Tests.Metrics;

public sealed class EmergenceValueTests
{
    [Theory]
    [InlineData(3, 2, 2)]
    [InlineData(5, 2, 2)]
    [InlineData(7, 2, 4)]
    [InlineData(5, 3, 2)]
    [InlineData(4, 3, 1)]
    [InlineData(1, 2, 0)]
    [InlineData(6, 3, 2)]
    [InlineData(0, 7, 0)]
    public void Values_are_rounded_half_to_even(int p, int q, int rounded) => Assert.Equal(rounded, Networks.Exact(p, q).Rounded);

    [Fact]
    public void Values_are_in_lowest_terms_and_equal_by_value()
    {
        var value = Networks.Exact(6, 4);
        Assert.Equal((3, 2), (value.Numerator, value.Denominator));
        Assert.Equal(Networks.Exact(3, 2), value);
        Assert.Equal("3/2", value.ToString());
        Assert.Equal(Networks.Exact(0), default);
        Assert.Equal("0", Networks.Exact(0, 5).ToString());
        Assert.True(Networks.Exact(3, 2) < Networks.Exact(2) && Networks.Exact(3, 2) > Networks.Exact(4, 3));
        Assert.Equal(Networks.Exact(13, 6), value + Networks.Exact(2, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => Networks.Exact(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Networks.Exact(1, 0));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(307)]
    [InlineData(309)]
    [InlineData(5000)]
    [InlineData(30000)]
    public void Log10_is_right_to_1e_12_however_large_the_value(int power)
    {
        var ten = BigInteger.Pow(10, power);
        AssertClose(power, Networks.Exact(ten).Log10);
        AssertClose(power + 0.84509804001425683071, Networks.Exact(7 * ten).Log10);
        AssertClose(power + 0.42596873227228114833, Networks.Exact(8 * ten, 3).Log10);
        AssertClose(power + 0.99999995657054963820, Networks.Exact(99999990 * ten, 10000000).Log10);
    }

    [Fact]
    public void Log10_of_powers_of_ten_in_the_range_of_double_is_exact()
    {
        for (var power = 0; power <= 22; power++)
            Assert.Equal(power, Networks.Exact(BigInteger.Pow(10, power)).Log10);
    }

    [Fact]
    public void Log10_keeps_its_digits_close_to_1()
    {
        var large = BigInteger.Pow(10, 40);
        AssertClose(4.3429448190325182765e-41, Networks.Exact(large + 1, large).Log10);
        AssertClose(-4.3429448190325182765e-41, Networks.Exact(large - 1, large).Log10);
        AssertClose(0.00013846468534420700818, Networks.Exact(3137, 3136).Log10);
        AssertClose(0.17609125905568124208, Networks.Exact(3, 2).Log10);
        AssertClose(-0.30102999566398119521, Networks.Exact(1, 2).Log10);
        AssertClose(-5000, Networks.Exact(1, BigInteger.Pow(10, 5000)).Log10);
    }

    [Fact]
    public void Zero_has_no_log10() => Assert.Null(Networks.Exact(0).Log10);

    [Fact]
    public void Doubles_are_correctly_rounded()
    {
        var random = new Random(2);
        for (var k = 0; k < 10000; k++)
        {
            // One rounding: both are exact as double.
            var (p, q) = (random.NextInt64(1L << random.Next(1, 54)), 1 + random.NextInt64(1L << random.Next(1, 53)));
            Assert.Equal((double)p / q, Networks.Exact(p, q).ToDouble());
        }
        Assert.Equal(9007199254740992.0, Networks.Exact((1L << 53) + 1).ToDouble());
        Assert.Equal(9007199254740996.0, Networks.Exact((1L << 53) + 3).ToDouble());

        // A hair above a tie.
        var scale = BigInteger.Pow(2, 900);
        Assert.Equal(9007199254740994.0, Networks.Exact((((BigInteger.One << 53) + 1) * scale) + 1, scale).ToDouble());
    }

    [Fact]
    public void Past_the_range_of_double_there_is_no_double_but_a_log10()
    {
        var largest = new BigInteger(double.MaxValue);
        Assert.Equal(double.MaxValue, Networks.Exact(largest).ToDouble());
        Assert.Null(Networks.Exact(largest * 2).ToDouble());
        AssertClose(400, Networks.Exact(BigInteger.Pow(10, 400)).Log10);
    }

    [Fact]
    public void Relative_emergence_is_exact()
    {
        Assert.Equal(Networks.Exact(1, 3), Networks.Exact(2).Over(6));
        Assert.Null(Networks.Exact(2).Over(0));
        var large = Networks.Exact(BigInteger.Pow(10, 400)).Over(1000);
        Assert.Null(large!.Value.ToDouble());
        AssertClose(397, large.Value.Log10);
        Assert.Equal(1e300, Networks.Exact(BigInteger.Pow(10, 310)).Over(10_000_000_000)!.Value.ToDouble());
        Assert.Throws<ArgumentOutOfRangeException>(() => Networks.Exact(2).Over(-1));
    }

    private static void AssertClose(double expected, double? actual)
    {
        Assert.NotNull(actual);
        Assert.True(Math.Abs(actual.Value - expected) <= 1e-12 * Math.Abs(expected), $"{actual}, {expected} expected");
    }
}
