using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Tests.Reports;

namespace Emergence.Analyzer.Tests.Rivals;

/// <summary>The table of rivals in the width of a terminal.</summary>
public sealed class RivalsTextTests
{
    [Theory]
    [InlineData(80)]
    [InlineData(120)]
    public void no_line_is_wider_than_the_terminal_and_what_is_left_out_is_named(int width)
    {
        foreach (var outcome in (AnalysisOutcome[])[SampleOutcome.One, SampleOutcome.Bootstrapped])
        {
            var text = RivalsText.Table(
                outcome, Enumerable.Range(0, outcome.Series.Checkpoints.Length), width, mayLose: true);
            Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, width));
            Assert.Contains("act. effective", text, StringComparison.Ordinal);
            Assert.Equal(width == 80, text.Contains("left out for the width: log ‖W‖F", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void nothing_is_said_where_rivals_were_not_asked_for() =>
        Assert.Empty(RivalsText.Table(SampleOutcome.Plain, [0, 1, 2], 120, mayLose: false));
}
