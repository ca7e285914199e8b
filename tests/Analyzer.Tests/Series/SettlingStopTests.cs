using Emergence.Analyzer.Series;

namespace Emergence.Analyzer.Tests.Series;

/// <summary>The look at which one could have stopped, against looking again at each.</summary>
public sealed class SettlingStopTests
{
    private const int Earliest = 5;

    [Theory]
    [InlineData("plateau", 400)]
    [InlineData("flat", 400)]
    [InlineData("wandering", 400)]
    [InlineData("frozen", 200)]
    [InlineData("ties", 400)]
    public void It_is_that_of_looking_at_each(string kind, int series)
    {
        var (settled, early) = (0, 0);
        for (var seed = 0; seed < series; seed++)
        {
            var random = new Random(seed);
            var (values, singular) = Made(kind, random);
            var needed = SeriesVerdicts.OddsNeeded * (seed % 3 == 0 ? 6 : 1);
            if (!Look(values.Length - 1).IsSettled(needed))
                continue;
            var stop = values.Length - 1;
            while (stop > Earliest && Look(stop - 1).IsSettled(needed))
                stop--;
            Assert.Equal(stop, SettlingStop.Of(values, singular, needed, Earliest));
            (settled, early) = (settled + 1, early + (stop < values.Length - 1 ? 1 : 0));

            SettlingOdds Look(int last) => SettlingEvidence.After(values.AsSpan(..(last + 1)), singular.AsSpan(..(last + 1)));
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"{kind}: {settled} of {series} settled, {early} before the last look");
        Assert.InRange(early, series / 20, series);
    }

    [Fact]
    public void A_long_run_needs_no_look_at_each()
    {
        var random = new Random(7);
        var values = Fall(random, 20).Concat(Enumerable.Range(0, 40_000).Select(_ => 0.02 * Normal(random))).ToArray();

        var (stop, looks) = SettlingStop.Find(values, new bool[values.Length], SeriesVerdicts.OddsNeeded, Earliest);

        Assert.InRange(stop, 20, 40);
        // Bounds decide the others of 40,000.
        Assert.InRange(looks, 1, 400);
    }

    private static (double[] Values, bool[] IsSingular) Made(string kind, Random random)
    {
        var (fall, rest) = (random.Next(0, 40), random.Next(6, random.Next(10) == 0 ? 400 : 80));
        var noise = Math.Pow(10, -4 * random.NextDouble());
        var hold = random.NextDouble();
        double[] tail = new double[rest];
        for (var i = 1; i < rest; i++)
        {
            tail[i] = kind switch
            {
                "frozen" => 0,
                "wandering" => (hold * tail[i - 1]) + (noise * Normal(random)),
                "flat" => 0.005 * noise * Normal(random),
                _ => noise * Normal(random),
            };
        }
        var values = Fall(random, kind == "flat" ? 1 : fall).Concat(tail).ToArray();
        if (kind == "ties")
            values = [.. values.Select(value => Math.Round(value * 4) / 4)];
        var share = random.Next(3) == 0 ? 0 : random.NextDouble() * random.NextDouble();
        return (values, [.. values.Select(_ => random.NextDouble() < share)]);
    }

    // What comes before level 0: steps down, as of a network that learns.
    private static double[] Fall(Random random, int length)
    {
        var values = new double[length];
        for (var i = length - 1; i >= 0; i--)
            values[i] = (i == length - 1 ? 0 : values[i + 1]) + (0.5 * (1 + (0.5 * Normal(random))));
        return values;
    }

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
