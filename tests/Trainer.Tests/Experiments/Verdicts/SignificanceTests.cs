using Emergence.Trainer.Experiments.Verdicts;

namespace Emergence.Trainer.Tests.Experiments.Verdicts;

/// <summary>Against values worked out by hand or read from tables.</summary>
public sealed class SignificanceTests
{
    [Fact]
    public void A_mean_has_the_interval_and_p_of_Student()
    {
        // Mean 3, standard error √(2.5 / 5), t = 4.2426 with 4 degrees of freedom; 2.7764 is their 97.5 % quantile.
        var found = Significance.Mean([1, 2, double.NaN, 3, 4, 5]);
        Assert.Equal(5, found.Count);
        Assert.Equal(3, found.Estimate.Value, 12);
        Assert.Equal(3 - (2.776445105 * Math.Sqrt(0.5)), found.Estimate.Low, 8);
        Assert.Equal(3 + (2.776445105 * Math.Sqrt(0.5)), found.Estimate.High, 8);
        Assert.Equal(0.01324, found.P, 4);
    }

    [Fact]
    public void A_shared_mean_costs_a_degree_of_freedom()
    {
        // The same squares over 3 degrees of freedom in place of 4.
        var found = Significance.Mean([1, 2, 3, 4, 5], estimated: 1);
        Assert.Equal(3 + (3.182446305 * Math.Sqrt(10.0 / 5 / 3)), found.Estimate.High, 8);
    }

    [Fact]
    public void Numbers_without_spread_are_as_unlikely_as_their_common_sign()
    {
        Assert.Equal(0.125, Significance.Mean([-1, -1, -1, -1]).P);
        Assert.Equal(1, Significance.Mean([0, 0, 0, 0]).P);
        Assert.True(double.IsNaN(Significance.Mean([4]).P));
        Assert.Equal(4, Significance.Mean([4]).Estimate.Value);
    }

    [Fact]
    public void A_share_has_the_interval_of_Clopper_and_Pearson_and_the_p_of_a_coin()
    {
        var found = Significance.Share([3, double.PositiveInfinity, 7, 9, double.PositiveInfinity, double.NaN]);
        Assert.Equal((5, 0.6), (found.Count, found.Estimate.Value));
        Assert.Equal(0.1466, found.Estimate.Low, 4);
        Assert.Equal(0.9473, found.Estimate.High, 4);
        Assert.Equal(0.5, found.P, 12);
        Assert.Equal(1.0 / 32, Significance.Share([1, 1, 1, 1, 1]).P, 12);
        Assert.Equal(1, Significance.Share([double.PositiveInfinity]).P);
    }

    [Fact]
    public void A_rank_correlation_has_the_p_of_Student()
    {
        // ρ = 6/7 of eight pairs: t = 4.0757 with 6 degrees of freedom.
        var found = Significance.Ranks([(1, 2), (2, 1), (3, 4), (4, 3), (5, 7), (6, 6), (7, 5), (8, 8)]);
        Assert.Equal(6.0 / 7, found.Estimate.Value, 12);
        Assert.Equal(0.0065, found.P, 4);
    }

    [Fact]
    public void Holm_multiplies_the_smallest_most_and_never_puts_one_before_a_smaller()
    {
        Assert.Equal([0.03, 0.06, 0.06], Significance.Holm([0.01, 0.04, 0.03]), (a, b) => Math.Abs(a - b) < 1e-12);
        // What could not be tested counts as a test.
        Assert.Equal([0.02, 1], Significance.Holm([0.01, double.NaN]));
        Assert.Empty(Significance.Holm([]));
    }

    [Fact]
    public void What_all_runs_share_is_no_correlation()
    {
        // Both rise with time in all runs; beside that the first falls where the second rises.
        double[] own = [1, -2, 0.5, 3, -1];
        var opposed = Courses.Deviations([.. own.Select(c => Enumerable.Range(0, 6)
            .Select(t => (100.0 * t + c * t * t, 7.0 * t - c * t * t)).ToArray())]);
        Assert.All(opposed, r => Assert.Equal(-1, r, 9));

        var same = Courses.Deviations([.. own.Select(_ => Enumerable.Range(0, 6).Select(t => (0.1 * t, 0.3 * t)).ToArray())]);
        Assert.All(same, r => Assert.True(double.IsNaN(r)));
    }

    [Fact]
    public void A_run_with_a_value_that_is_not_finite_has_no_number_and_spoils_no_other()
    {
        (double, double)[][] runs = [[(1, 2), (2, 3), (4, 1)], [(3, 1), (1, 2), (2, 2)], [(1, 1), (5, 2), (2, 9)]];
        var with = Courses.Deviations([.. runs, [(1, 2), (double.NaN, 3), (4, 1)]]);
        Assert.Equal([.. Courses.Deviations(runs), double.NaN], with);
    }

    [Fact]
    public void A_difference_of_courses_goes_from_minus_one_to_one()
    {
        Assert.Equal(-1, Courses.Difference([(0, 5), (0, 2)]));
        Assert.Equal(1, Courses.Difference([(3, 0)]));
        Assert.Equal(0, Courses.Difference([(0, 0), (4, 4)]));
        Assert.Equal(-0.25, Courses.Difference([(1, 3), (2, 2)]));
        Assert.True(double.IsNaN(Courses.Difference([])));
    }

    [Fact]
    public void A_slope_is_that_of_the_nearest_line()
    {
        Assert.Equal(0.5, Courses.Slope([(0, 1), (2, 2), (4, 3)]), 12);
        Assert.True(double.IsNaN(Courses.Slope([(1, 1), (1, 2)])));
    }
}
