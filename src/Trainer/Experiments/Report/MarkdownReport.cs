using System.Text;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>The findings as Markdown, with the figures beside it: what the repository keeps.</summary>
internal sealed class MarkdownReport
{
    private readonly StringBuilder text = new();

    private MarkdownReport()
    {
    }

    /// <summary>The whole page.</summary>
    public static string Render(Reproduction reproduction)
    {
        var report = new MarkdownReport();
        report.Begin(reproduction);
        foreach (var chapter in reproduction.Chapters)
            report.Add(chapter);
        return report.text.ToString().TrimEnd('\n') + "\n";
    }

    private void Begin(Reproduction reproduction)
    {
        Line("# What of the paper reproduces");
        Line($"Written by `{reproduction.Command}`; do not edit it by hand.");
        Line(reproduction.Took);
        foreach (var remark in reproduction.Remarks)
            Line(remark);
        if (!reproduction.Primaries.All.IsEmpty)
        {
            var verdicts = ClaimTables.Verdicts(reproduction.Primaries);
            Line("## Verdicts");
            Line(Primaries.Method);
            Line(verdicts.Caption);
            Table(verdicts);
            Line(ClaimTables.FamilyWise(reproduction.Primaries));
            Line("The rules:");
            List(ClaimTables.RuleLines(reproduction.Primaries));
        }
        Line("## How to read it");
        List(Glossary.Lines);
    }

    private void Add(Chapter chapter)
    {
        Line($"## {chapter.Title}");
        foreach (var paragraph in chapter.Text)
            Line(paragraph);
        foreach (var figure in chapter.Figures)
            Line($"![{figure.Caption}](figures/{figure.Id}.svg)");
        foreach (var table in chapter.Tables.Where(table => !table.Rows.IsEmpty))
        {
            Line(table.Caption);
            Table(table);
        }
        foreach (var claim in chapter.Claims)
        {
            Line($"### {claim.Statement}");
            Line($"{claim.Source} {claim.Quantity}");
            if (claim.Evidence.IsEmpty)
                Line(Claim.NoEvidence);
            else
                Table(ClaimTables.Of(claim));
        }
    }

    private void Line(string line) => text.Append(Escape(line)).Append("\n\n");

    private void List(IEnumerable<string> lines) => Line(string.Join("\n", lines.Select(line => "- " + line)));

    private void Table(ResultTable table)
    {
        Row(table.Headers);
        Row(table.Headers.Select((_, i) =>
            i > 0 && table.Rows.Length > 0 && table.Rows.All(row => IsNumber(row[i])) ? "---:" : "---"));
        foreach (var row in table.Rows)
            Row(row);
        text.Append('\n');
    }

    private void Row(IEnumerable<string> cells) =>
        text.Append("| ")
            .AppendJoin(" | ", cells.Select(cell => Escape(cell).Replace("|", "\\|", StringComparison.Ordinal)))
            .Append(" |\n");

    private static bool IsNumber(string cell) =>
        cell.Length > 0 && cell.Trim() is var text && (text == Cell.None || char.IsAsciiDigit(text[0]) || text[0] is '+' or '−');

    // The signs that would pass for markup in the middle of our sentences.
    private static string Escape(string text) => text
        .Replace("G \\ H", "G \\\\ H", StringComparison.Ordinal)
        .Replace(" > ", " &gt; ", StringComparison.Ordinal)
        .Replace("E_", "E\\_", StringComparison.Ordinal);
}
