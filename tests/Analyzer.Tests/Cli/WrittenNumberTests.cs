using Emergence.CommandLine;

namespace Emergence.Analyzer.Tests.Cli;

public class WrittenNumberTests
{
    [Theory]
    [InlineData("0.05", 0.05)]
    [InlineData("5e-2", 0.05)]
    [InlineData("5%", 0.05)]
    [InlineData("0.1%", 0.001)]
    [InlineData("50%", 0.5)]
    [InlineData("-12.5%", -0.125)]
    [InlineData("+3", 3)]
    [InlineData(".5", 0.5)]
    [InlineData("1/255", 1.0 / 255)]
    [InlineData("-1/4", -0.25)]
    [InlineData("1/10k", 0.0001)]
    [InlineData("50%/2", 0.25)]
    [InlineData("10k", 10_000)]
    [InlineData("2.5M", 2_500_000)]
    [InlineData("1G", 1e9)]
    [InlineData("60_000", 60_000)]
    public void A_number_is_read_as_people_write_it(string text, double expected)
    {
        Assert.True(WrittenNumber.TryReal<double>(text, out var value));
        // Not nearly: a power of ten is not rounded twice.
        Assert.Equal(expected, value);
    }

    [Fact]
    public void A_quotient_of_float32_is_the_nearest_float32()
    {
        Assert.True(WrittenNumber.TryReal<float>("1/255", out var value));
        Assert.Equal(1f / 255, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("%")]
    [InlineData("k")]
    [InlineData("1/0")]
    [InlineData("0/0")]
    [InlineData("1/2/3")]
    [InlineData("/2")]
    [InlineData("1/")]
    [InlineData("5%%")]
    [InlineData("5k%")]
    [InlineData("1e1%")]
    [InlineData("10m")]
    [InlineData("1 000")]
    [InlineData("1,5")]
    [InlineData("_1")]
    [InlineData("1_")]
    [InlineData("1_.5")]
    [InlineData("nan")]
    [InlineData("Infinity")]
    [InlineData("1e999")]
    [InlineData("0x10")]
    public void What_is_no_finite_number_is_refused(string text) =>
        Assert.False(WrittenNumber.TryReal<double>(text, out _));

    [Theory]
    [InlineData("10k", 10_000)]
    [InlineData("1.5k", 1500)]
    [InlineData("6e4", 60_000)]
    [InlineData("60_000", 60_000)]
    [InlineData("2M", 2_000_000)]
    [InlineData("-7", -7)]
    [InlineData("3.0", 3)]
    public void A_whole_number_is_too(string text, int expected)
    {
        Assert.True(WrittenNumber.TryWhole<int>(text, out var value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("1.5")]
    [InlineData("1.0005k")]
    [InlineData("100%")]
    [InlineData("4/2")]
    [InlineData("3G")]
    [InlineData("1e40")]
    [InlineData("-3G")]
    public void No_fraction_share_or_number_out_of_range_is_a_whole_number(string text) =>
        Assert.False(WrittenNumber.TryWhole<int>(text, out _));

    [Fact]
    public void The_whole_range_of_a_type_is_read()
    {
        Assert.True(WrittenNumber.TryWhole<long>("-9223372036854775808", out var value));
        Assert.Equal(long.MinValue, value);
        Assert.False(WrittenNumber.TryWhole<long>("9223372036854775808", out _));
    }
}
