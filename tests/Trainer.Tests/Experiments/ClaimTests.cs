using System.Collections.Immutable;
using Emergence.Trainer.Experiments.Report;
using Emergence.Trainer.Experiments.Results;

namespace Emergence.Trainer.Tests.Experiments;

public sealed class ClaimTests
{
    [Theory]
    [InlineData(1, "0.5 0.1 0.9; 0.2 0.01 0.4", "holds")]
    [InlineData(-1, "0.5 0.1 0.9; 0.2 0.01 0.4", "contradicted")]
    [InlineData(1, "0.5 0.1 0.9; 0.2 -0.01 0.4", "undecided")]
    [InlineData(1, "0.5 0.1 0.9; -0.2 -0.3 -0.1", "undecided")]
    [InlineData(-1, "-2 -2 -2", "holds")]
    [InlineData(-1, "0 0 0", "undecided")]
    [InlineData(-1, "-2 -2 -2; NaN NaN NaN", "undecided")]
    [InlineData(1, "3 -Infinity Infinity", "undecided")]
    [InlineData(1, "", "undecided")]
    public void A_claim_is_decided_by_the_intervals_of_every_seed(int sign, string seeds, string verdict)
    {
        ImmutableArray<Estimate> estimates =
        [
            .. from seed in seeds.Split(';', StringSplitOptions.RemoveEmptyEntries)
               let numbers = seed.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                   .Select(text => double.Parse(text, System.Globalization.CultureInfo.InvariantCulture))
                   .ToArray()
               select new Estimate(numbers[0], numbers[1], numbers[2]),
        ];
        Assert.Equal(verdict, ClaimTables.Word(new Evidence("", "", sign, estimates).Verdict));
    }

    [Fact]
    public void Fields_of_a_csv_table_are_quoted_where_they_must_be()
    {
        var table = new ResultTable("x", "", ["a", "b"], [["1,234", "say \"so\""], ["–", "two\nlines"]]);
        Assert.Equal("a,b\n\"1,234\",\"say \"\"so\"\"\"\n–,\"two\nlines\"\n", CsvTable.Render(table));
    }

    [Theory]
    [InlineData(634398, "634,398")]
    [InlineData(1.5e15, "1.500e15")]
    [InlineData(double.NaN, "–")]
    [InlineData(double.NegativeInfinity, "−∞")]
    public void Counts_are_written_for_readers(double value, string text) => Assert.Equal(text, Cell.Count(value));

    [Fact]
    public void A_spread_is_the_median_between_the_ends()
    {
        Assert.Equal("2 (1 … 4)", Cell.Spread([4, 1, 2, double.NaN], Cell.Count));
        Assert.Equal("3", Cell.Spread([3], Cell.Count));
        Assert.Equal("–", Cell.Spread([], Cell.Count));
        Assert.Equal("−0.50", Cell.Signed(-0.5));
        Assert.Equal("+0.50", Cell.Signed(0.5));
    }
}
