using System.Collections.Immutable;
using Emergence.Analyzer.Series;

namespace Emergence.Analyzer.Tests.Series;

/// <summary>How often verdicts are wrong, and how often a plateau is found.</summary>
public sealed class SeriesVerdictErrorTests
{
    [Fact]
    public void A_random_walk_is_ever_called_settled_in_at_most_5_percent_of_runs()
    {
        var random = new Random(20261125);
        var (settled, leveling) = (0, 0);
        for (var run = 0; run < 2000; run++)
        {
            var size = Math.Pow(10, -1.5 + (1.5 * random.NextDouble()));
            var values = new double[51];
            for (var i = 1; i < values.Length; i++)
                values[i] = values[i - 1] + (size * Normal(random));
            var odds = OddsAfterEach(values);
            settled += odds.Any(now => now.IsSettled(SeriesVerdicts.OddsNeeded)) ? 1 : 0;
            leveling += odds.Any(now => now.IsLeveling(SeriesVerdicts.OddsNeeded)) ? 1 : 0;
        }
        Assert.InRange(settled, 1, 100);
        Assert.InRange(leveling, 1, 100);
    }

    [Theory]
    [InlineData("drift", 1, 1)]
    [InlineData("uniform", 5, 1)]
    [InlineData("laplace", 8, 15)]
    [InlineData("student", 10, 18)]
    public void Other_walks_are_ever_called_settled_or_leveling_off_in_at_most_so_many_percent_of_runs(
        string law, int percentSettled, int percentLeveling)
    {
        var random = new Random(6);
        var (settled, leveling) = (0, 0);
        for (var run = 0; run < 2000; run++)
        {
            var values = new double[51];
            for (var i = 1; i < values.Length; i++)
                values[i] = values[i - 1] + Step();
            var odds = OddsAfterEach(values);
            settled += odds.Any(now => now.IsSettled(SeriesVerdicts.OddsNeeded)) ? 1 : 0;
            leveling += odds.Any(now => now.IsLeveling(SeriesVerdicts.OddsNeeded)) ? 1 : 0;
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"{law}: {settled} of 2,000 walks settled, {leveling} leveling off");
        Assert.InRange(settled, 0, 20 * percentSettled);
        Assert.InRange(leveling, 0, 20 * percentLeveling);

        double Step() => law switch
        {
            "drift" => 0.3 * (1 + Normal(random)),
            "uniform" => random.NextDouble() - 0.5,
            "laplace" => Math.Log(1 - random.NextDouble()) * (random.Next(2) == 0 ? 1 : -1),
            // Student's t with three degrees of freedom.
            _ => Normal(random) / Math.Sqrt((Square() + Square() + Square()) / 3),
        };

        double Square() => Normal(random) is var x ? x * x : 0;
    }

    /// <summary>
    /// The hypothesis of E = 0: at each checkpoint a run leaves it, or comes to it, as likely as not. Over 50 checkpoints the
    /// chance is 4.79 %.
    /// </summary>
    [Fact]
    public void A_run_that_comes_and_goes_is_ever_called_settled_at_zero_in_at_most_5_percent_of_runs()
    {
        var random = new Random(22);
        var settled = 0;
        for (var run = 0; run < 10_000; run++)
        {
            var values = Enumerable.Range(0, 50).Select(_ => random.Next(2) * 1000.0).ToArray();
            // Fewer than five zeros in a row are a case of their own, and never settled.
            settled += Enumerable.Range(5, values.Length - 4).Any(length =>
                values[(length - 5)..length].All(value => value == 0)
                && SeriesVerdictTests.Judge(values[..length]).Kind == VerdictKind.Settled)
                    ? 1 : 0;
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"{settled} of 10,000 runs");
        Assert.InRange(settled, 400, 500);
    }

    [Fact]
    public void A_noisy_plateau_is_called_settled_within_8_epochs_in_at_least_80_percent_of_runs()
    {
        // A fall by half a decade per epoch or slower, straight or wandering, then noise of 2 to 15 % of such a step.
        var random = new Random(8);
        var (found, early) = (0, 0);
        for (var run = 0; run < 500; run++)
        {
            var (fall, step) = (random.Next(5, 21), 0.1 + random.NextDouble());
            var noise = step * (0.02 + (0.13 * random.NextDouble()));
            var values = new double[fall + 9];
            for (var i = fall - 1; i >= 0; i--)
                values[i] = values[i + 1] + (step * (1 + (0.3 * Normal(random))));
            for (var i = 0; i < values.Length; i++)
                values[i] += noise * Normal(random);
            var odds = OddsAfterEach(values);
            found += odds[fall..].Any(now => now.IsSettled(SeriesVerdicts.OddsNeeded)) ? 1 : 0;
            early += odds[..fall].Any(now => now.IsSettled(SeriesVerdicts.OddsNeeded)) ? 1 : 0;
        }
        Assert.InRange(found, 400, 500);
        Assert.InRange(early, 0, 5);
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static ImmutableArray<SettlingOdds> OddsAfterEach(double[] values) =>
        [.. Enumerable.Range(1, values.Length).Select(seen => SettlingEvidence.After(values.AsSpan(..seen), new bool[seen]))];
}
