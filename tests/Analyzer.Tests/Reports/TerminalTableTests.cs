using System.Text;
using Emergence.Analyzer.Reports;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Tests.Reports;

/// <summary>The table on a terminal: in its width, and colored where it shows colors.</summary>
public class TerminalTableTests
{
    public static TheoryData<int> Widths => [60, 80, 100, 120, 200];

    [Theory]
    [MemberData(nameof(Widths))]
    public void Nothing_wraps_and_what_is_left_out_is_named(int width)
    {
        var lines = Written(width, isColored: false).Split('\n');
        // Sentences are of 80 columns.
        Assert.All(lines, line => Assert.True(line.Length <= Math.Max(width, 80), line));
        var table = lines.TakeWhile(line => line.Length > 0).ToArray();
        Assert.All(table, line => Assert.True(line.Length <= width, line));
        string[] asked = ["checkpoint", "epoch", "alive", "E", "accuracy"];
        Assert.Empty(asked.Except(table[0].Split(' ')));
        Assert.Equal(width < 110,
            lines.Any(line => line.StartsWith("left out for the width: log10 E", StringComparison.Ordinal)));
    }

    [Fact]
    public void One_relative_emergence_is_never_shown_alone()
    {
        for (var width = 40; width < 130; width++)
        {
            var head = Written(width, isColored: false).Split('\n')[0];
            Assert.Equal(head.Contains("Ẽ all", StringComparison.Ordinal),
                head.Replace("Ẽ all", "", StringComparison.Ordinal).Contains('Ẽ', StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Where_there_is_no_terminal_nothing_is_left_out_or_colored()
    {
        using var stream = new MemoryStream();
        TableReport.Write(SampleOutcome.Plain, stream);
        var text = Encoding.UTF8.GetString(stream.ToArray());
        Assert.Contains("log10 E", text, StringComparison.Ordinal);
        Assert.DoesNotContain("left out", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', text);
    }

    [Fact]
    public void Colors_change_no_letter()
    {
        var colored = Written(120, isColored: true);
        Assert.StartsWith("\e[1mcheckpoint", colored, StringComparison.Ordinal);
        Assert.Equal(Written(120, isColored: false),
            colored.Replace("\e[1m", "", StringComparison.Ordinal).Replace("\e[0m", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", true, null, "xterm", true)]
    [InlineData("", false, null, "xterm", false)]
    [InlineData("", true, "1", "xterm", false)]
    [InlineData("", true, "", "xterm", true)]
    [InlineData("", true, null, "dumb", false)]
    [InlineData("--color always", false, "1", "dumb", true)]
    [InlineData("--color=always", false, null, "xterm", true)]
    [InlineData("--color never", true, null, "xterm", false)]
    [InlineData("--color always --color=never", true, null, "xterm", false)]
    public void Colors_are_for_terminals_unless_asked_for(
        string args, bool isTerminal, string? noColor, string term, bool expected) =>
        Assert.Equal(expected, Paint.Is(args.Split(' '), isTerminal, name => name == "NO_COLOR" ? noColor : term));

    private static string Written(int width, bool isColored)
    {
        using var stream = new MemoryStream();
        TableReport.Write(SampleOutcome.Plain, stream, width, isColored);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
