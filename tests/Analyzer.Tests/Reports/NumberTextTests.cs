using System.Globalization;
using System.Numerics;
using Emergence.Analyzer.Reports;

namespace Emergence.Analyzer.Tests.Reports;

public class NumberTextTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("999999999999999", "999999999999999")]
    [InlineData("1000000000000000", "1.000e+15")]
    [InlineData("1234499999999999", "1.234e+15")]
    [InlineData("1234500000000000", "1.235e+15")]
    [InlineData("9999499999999999", "9.999e+15")]
    [InlineData("9999500000000000", "1.000e+16")]
    public void Integers_are_whole_up_to_fifteen_digits(string value, string expected) =>
        Assert.Equal(expected, NumberText.Integer(BigInteger.Parse(value, CultureInfo.InvariantCulture)));

    [Theory]
    [InlineData(0.0, "0")]
    [InlineData(1.0, "1.0000")]
    [InlineData(0.30402, "0.30402")]
    [InlineData(-12.5, "-12.500")]
    [InlineData(99999.6, "100000")]
    [InlineData(1234567.0, "1234567")]
    [InlineData(12345678.0, "1.2346e+7")]
    [InlineData(0.0001, "0.00010000")]
    [InlineData(0.00001234, "1.2340e-5")]
    [InlineData(1.5e300, "1.5000e+300")]
    [InlineData(double.NaN, "")]
    [InlineData(double.NegativeInfinity, "")]
    public void Numbers_have_five_significant_digits(double value, string expected) =>
        Assert.Equal(expected, NumberText.Significant(value));

    [Theory]
    [InlineData(0.05f, "0.05")]
    [InlineData(0.1f, "0.1")]
    [InlineData(-3f, "-3")]
    public void A_threshold_reads_as_it_was_given(float value, string expected) =>
        Assert.Equal(expected, NumberText.Exact(value));

    [Fact]
    public void Shares_are_percentages()
    {
        Assert.Equal("97.61%", NumberText.Percent(0.9761));
        Assert.Equal("", NumberText.Percent(null));
    }
}
