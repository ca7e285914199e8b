using System.Collections.Immutable;
using Emergence.Trainer.Prediction;

namespace Emergence.Trainer.Tests.Prediction;

public sealed class ScoresTests
{
    [Fact]
    public void Ranks_are_within_groups_with_ties_and_gaps_in_the_middle()
    {
        ImmutableArray<Case> cases =
        [
            new("a", 5, 0, 0), new("b", 100, 0, 0), new("a", 7, 0, 0), new("a", 5, 0, 0), new("b", double.PositiveInfinity, 0, 0),
            new("a", double.NaN, 0, 0), new("b", -3, 0, 0),
        ];
        Assert.Equal([-0.5, 0, 1, -0.5, 1, 0, -1], Scores.Ranks(cases, one => one.X));
    }

    [Fact]
    public void A_measure_that_is_the_loss_in_other_words_adds_nothing_and_one_that_is_the_outcome_all()
    {
        var random = new Random(1);
        var cases = Cases(random, 6, 8, (loss, y) => (-loss * loss * loss, y));
        // Its ranks are those of the loss: what is left is 0 / 0.
        Assert.True(double.IsNaN(Scores.Partial(cases).Estimate.Value));
        Assert.All(Scores.Added(cases), gain => Assert.Equal(0, gain));

        var perfect = Cases(random, 6, 8, (_, y) => (-y, y));
        Assert.Equal(-1, Scores.Partial(perfect).Estimate.Value, 1e-9);
        Assert.All(Scores.Alone(perfect), share => Assert.Equal(1, share));
        Assert.All(Scores.Added(perfect), gain => Assert.True(gain > 0));
    }

    /// <summary>What a rule says of noise, and of an effect that is there.</summary>
    [Fact]
    public void The_primary_test_keeps_its_level_and_sees_what_was_planted()
    {
        var random = new Random(7);
        double Chance(double effect) =>
            Scores.Partial(Cases(random, 12, 4, (_, y) => (effect * y + (1 - effect) * random.NextDouble() * 2, y))).P;
        double Rate(double effect) => Enumerable.Range(0, 4000).Count(_ => Chance(effect) < 0.05) / 4000.0;
        Assert.InRange(Rate(0), 0.035, 0.055);
        Assert.InRange(Rate(0.7), 0.9, 1);
    }

    [Fact]
    public void Partial_correlation_is_that_of_the_formula()
    {
        // Ranks −1, −1/3, 1/3, 1: X = 1 3 2 4, loss = 4 3 2 1, Y = 2 1 3 4, six groups alike.
        ImmutableArray<Case> cases = [.. Enumerable.Range(0, 6).SelectMany(group => new[]
        {
            new Case($"{group}", 1, 4, 2), new Case($"{group}", 3, 3, 1),
            new Case($"{group}", 2, 2, 3), new Case($"{group}", 4, 1, 4),
        })];
        var (xy, xz, yz) = (0.4, -0.8, -0.8);
        var expected = (xy - xz * yz) / Math.Sqrt((1 - xz * xz) * (1 - yz * yz));
        var (estimate, p) = Scores.Partial(cases);
        Assert.Equal(expected, estimate.Value, 1e-12);
        // 24 runs in 6 groups: 14 degrees.
        Assert.Equal(Math.Tanh(Math.Atanh(expected) - 1.959963984540054 / Math.Sqrt(14)), estimate.Low, 1e-12);
        Assert.InRange(p, 0.001, 0.01);
    }

    [Fact]
    public void Pairs_whose_order_is_not_known_do_not_count()
    {
        // Reached at 1, at 3, not by 3, not by 5.
        ImmutableArray<Case> cases = [new("a", 0, 0, 1), new("a", 0, 0, 3), new("a", 0, 0, 3, true), new("a", 0, 0, 5, true)];
        // Known: 1 before all three, 3 before both that had not come by then.
        Assert.Equal(1, Scores.Concordance(cases, [1, 2, 3, 3]));
        Assert.Equal(0, Scores.Concordance(cases, [3, 2, 1, 1]));
        Assert.Equal(0.8, Scores.Concordance(cases, [1, 3, 2, 4]), 1e-12);
        Assert.True(double.IsNaN(Scores.Concordance(cases[2..], [1, 2])));
    }

    private static ImmutableArray<Case> Cases(
        Random random, int groups, int runs, Func<double, double, (double X, double Y)> of) =>
        [.. from number in Enumerable.Range(0, groups * runs)
            let loss = random.NextDouble()
            let y = random.NextDouble() - 0.5 * loss
            let made = of(loss, y)
            select new Case($"{number % groups}", made.X, loss, made.Y)];
}
