using Emergence.Figures;
using Emergence.Pages;

namespace Emergence.Trainer.Tests.Figures;

public sealed class AxisScaleTests
{
    [Fact]
    public void Epochs_have_whole_ticks()
    {
        Assert.Equal(["0", "5", "10", "15", "20", "25"], Labels(new("epoch"), [0, 25]));
        Assert.Equal(["0", "1", "2"], Labels(new("epoch"), [0, 1, 2]));
        Assert.Equal(["2", "3", "4"], Labels(new("epoch"), [3]));
    }

    [Fact]
    public void Large_numbers_have_thousands_apart_and_larger_ones_powers_of_ten()
    {
        Assert.Equal(["0", "200,000", "400,000", "600,000"], Labels(new("E"), [0, 634_398]));
        Assert.Equal(["0", "2×10³⁰", "4×10³⁰", "6×10³⁰", "8×10³⁰"], Labels(new("E"), [0, 8e30]));
        Assert.Equal(["−2×10⁻⁵", "−10⁻⁵", "0", "10⁻⁵", "2×10⁻⁵"], Labels(new("d"), [-2.1e-5, 2.1e-5]));
    }

    [Fact]
    public void All_ticks_of_an_axis_have_the_same_decimals()
    {
        Assert.Equal(["0.00", "0.25", "0.50", "0.75", "1.00"], Labels(new("share"), [0, 0.5, 1], most: 5));
        Assert.Equal(["−0.2", "0.0", "0.2", "0.4"], Labels(new("d"), [-0.25, 0.45], most: 4));
    }

    [Fact]
    public void Percentages_are_parts_of_one()
    {
        Assert.Equal(["0%", "20%", "40%", "60%", "80%", "100%"], Labels(new("a") { Percent = true }, [0, 1]));
        Assert.Equal(["95.0%", "95.5%", "96.0%"], Labels(new("a") { Percent = true }, [0.95, 0.9601], most: 4));
    }

    [Fact]
    public void A_scale_reaches_to_zero_only_where_the_data_come_near_it()
    {
        Assert.True(Fit(new("E"), [1, 10], Reach.NearZero).Minimum < 0);
        Assert.True(Fit(new("a"), [9, 10], Reach.NearZero).Minimum > 8.9);
    }

    [Fact]
    public void Given_bounds_are_kept()
    {
        var scale = Fit(new("a") { Minimum = 0.5, Maximum = 1 }, [0, 2]);
        Assert.Equal((0.5, 1), (scale.Minimum, scale.Maximum));
        scale = Fit(new("a") { Minimum = 10, Maximum = 1000, Logarithmic = true }, [1]);
        Assert.Equal((1, 3), (scale.Minimum, scale.Maximum));
    }

    [Fact]
    public void Powers_of_ten_are_written_as_such_where_they_are_many_or_large()
    {
        Assert.Equal(["1", "10", "100", "1,000"], Labels(Log, [1, 1000]));
        Assert.Equal(["10³", "10⁴", "10⁵", "10⁶"], Labels(Log, [1000, 1e6]));
        Assert.Equal(["10⁰", "10¹⁰", "10²⁰", "10³⁰"], Labels(Log, [1, 1e30]));
    }

    [Fact]
    public void Less_than_two_decades_have_ticks_between_the_powers()
    {
        Assert.Equal(["1", "2", "5", "10", "20", "50"], Labels(Log, [1, 60]));
        Assert.Equal(["2,000", "4,000", "6,000", "8,000"], Labels(Log, [2000, 8000]));
    }

    [Fact]
    public void Zero_stands_below_the_least_power_behind_a_break()
    {
        var scale = Fit(Log, [0, 100, 634_398]);
        Assert.Equal("0", scale.Ticks[0].Label);
        Assert.Equal(scale.Ticks[0].Position, scale.Position(0));
        Assert.InRange(scale.Break!.Value, scale.Position(0), scale.Position(100));
        Assert.InRange(scale.Position(0), scale.Minimum, scale.Break!.Value);
        Assert.True(double.IsNaN(scale.Position(-1)));
        Assert.Null(Fit(Log, [100, 634_398]).Break);
    }

    [Fact]
    public void Without_positive_values_zero_still_has_a_place()
    {
        var scale = Fit(Log, [0]);
        Assert.InRange(scale.Position(0), scale.Minimum, scale.Maximum);
        Assert.True(double.IsNaN(Fit(Log, [-1]).Position(-1)));
    }

    private static Axis Log => new("E") { Logarithmic = true };

    private static AxisScale Fit(Axis axis, double[] values, Reach reach = Reach.Data, int most = 6) =>
        AxisScale.Fit(axis, values, (ticks, _) => ticks.Count <= most, reach);

    private static IEnumerable<string> Labels(Axis axis, double[] values, int most = 6) =>
        Fit(axis, values, most: most).Ticks.Select(tick => tick.Label);
}
