using Emergence.Trainer.Experiments.Results;

namespace Emergence.Trainer.Tests.Experiments;

public sealed class EstimateTests
{
    [Fact]
    public void Rank_correlation_gives_ties_their_mean_rank()
    {
        // Ranks 1 2 3 4 5 and 1 2 3.5 5 3.5: 8 / √(10 · 9.5).
        var rho = Estimate.Spearman([(1, 5), (2, 6), (3, 7), (4, 8), (5, 7)]);
        Assert.Equal(8 / Math.Sqrt(95), rho.Value, 12);
        Assert.InRange(rho.Low, -1, rho.Value);
        Assert.InRange(rho.High, rho.Value, 1);
    }

    [Fact]
    public void Rank_correlation_sees_order_only()
    {
        var rising = Estimate.Spearman(Enumerable.Range(0, 10).Select(i => ((double)i, Math.Exp(i))));
        Assert.Equal(1, rising.Value, 12);
        Assert.True(rising.Low > 0.99);
        Assert.Equal(-1, Estimate.Spearman(Enumerable.Range(0, 10).Select(i => ((double)i, -Math.Exp(i)))).Value, 12);
    }

    [Fact]
    public void The_interval_of_a_rank_correlation_is_that_of_Bonett_and_Wright()
    {
        // d = 1, 1, 1, 1, 2, −2 and zeros, n = 8: ρ = 1 − 6 · 12 / (8 · 63) = 6/7; atanh ρ = ½ ln 13, its
        // deviation √((1 + 18/49) / 5).
        var rho = Estimate.Spearman([(1, 2), (2, 1), (3, 4), (4, 3), (5, 7), (6, 6), (7, 5), (8, 8)]);
        Assert.Equal(6.0 / 7, rho.Value, 12);
        Assert.Equal(Math.Tanh(0.5 * Math.Log(13) - 1.959963984540054 * Math.Sqrt(67.0 / 245)), rho.Low, 12);
        Assert.Equal(Math.Tanh(0.5 * Math.Log(13) + 1.959963984540054 * Math.Sqrt(67.0 / 245)), rho.High, 12);
    }

    [Fact]
    public void There_is_no_correlation_with_what_does_not_vary_or_is_not_there()
    {
        Assert.True(double.IsNaN(Estimate.Spearman([(1, 3), (2, 3), (3, 3), (4, 3), (5, 3)]).Value));
        Assert.True(double.IsNaN(Estimate.Spearman([(1, 1), (2, 2), (3, 3), (4, 4)]).Value));
        Assert.Equal(1,
            Estimate.Spearman([(1, 1), (double.NaN, 9), (2, 2), (3, double.NegativeInfinity), (4, 4), (5, 5), (6, 6)]).Value, 12);
    }
}
