using Emergence.Trainer.Experiments.Report;

namespace Emergence.Trainer.Tests.Experiments;

public sealed class CellTests
{
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
