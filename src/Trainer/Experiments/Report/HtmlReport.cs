using System.Globalization;
using Emergence.Figures;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>The findings as one page with its figures.</summary>
internal static class HtmlReport
{
    /// <summary>The whole page.</summary>
    /// <param name="reproduction">What was found.</param>
    /// <param name="drawings">SVG of each figure, by its name.</param>
    public static string Render(Reproduction reproduction, IReadOnlyDictionary<string, string> drawings)
    {
        var page = new HtmlPage("Emergence: what of the paper reproduces");
        page.Code(reproduction.Command);
        page.Paragraph(string.Create(
            CultureInfo.InvariantCulture,
            $"Machine: {reproduction.Machine}. Programs: {string.Join(", ", reproduction.Programs)}. The steps took {reproduction.Seconds / 60:0} minutes of working time, {reproduction.Jobs} of them at a time."));
        foreach (var remark in reproduction.Remarks)
            page.Paragraph(remark);
        if (reproduction.Chapters.Any(chapter => !chapter.Claims.IsEmpty))
        {
            page.Heading(2, "All claims");
            page.Paragraph($"The rule is the same for all: {Claim.Rule}");
            Table(page, ClaimTables.Overview(reproduction.Chapters));
        }
        foreach (var chapter in reproduction.Chapters)
        {
            page.Heading(2, chapter.Title);
            foreach (var paragraph in chapter.Text)
                page.Paragraph(paragraph);
            foreach (var figure in chapter.Figures)
                page.Figure(drawings[figure.Id], figure.Caption);
            foreach (var table in chapter.Tables.Where(table => !table.Rows.IsEmpty))
                Table(page, table);
            foreach (var claim in chapter.Claims)
            {
                page.Heading(3, claim.Statement);
                page.Details(Verdicts(claim), details => Table(details, ClaimTables.Of(claim)));
            }
        }
        return page.Render();
    }

    private static void Table(HtmlPage page, ResultTable table) =>
        page.Table(table.Headers.Select(header => header.Trim()), table.Rows.Select(row => row.AsEnumerable()), table.Caption);

    private static string Verdicts(Claim claim) => string.Join(", ", claim.Evidence
        .GroupBy(evidence => evidence.Verdict).OrderBy(verdict => verdict.Key)
        .Select(verdict => string.Create(CultureInfo.InvariantCulture, $"{ClaimTables.Word(verdict.Key)} in {verdict.Count()}")));
}
