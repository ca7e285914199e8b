using Emergence.Pages;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>The findings as one page with its figures.</summary>
internal static class HtmlReport
{
    /// <summary>The whole page.</summary>
    /// <param name="reproduction">What was found.</param>
    public static string Render(Reproduction reproduction)
    {
        var page = new Page("Emergence: what of the paper reproduces");
        page.Code(reproduction.Command);
        page.Paragraph(reproduction.Took);
        foreach (var remark in reproduction.Remarks)
            page.Paragraph(remark);
        page.Heading(2, "How to read it");
        page.List(Glossary.Lines);
        if (reproduction.Chapters.Any(chapter => !chapter.Claims.IsEmpty))
        {
            page.Heading(2, "All claims");
            page.Paragraph($"The rule is the same for all: {Claim.Rule}");
            page.Paragraph(Claim.Caution);
            Table(page, ClaimTables.Overview(reproduction.Chapters));
        }
        foreach (var chapter in reproduction.Chapters)
        {
            page.Heading(2, chapter.Title);
            foreach (var paragraph in chapter.Text)
                page.Paragraph(paragraph);
            foreach (var figure in chapter.Figures)
                page.Chart(figure.Figure, figure.Caption);
            foreach (var table in chapter.Tables.Where(table => !table.Rows.IsEmpty))
                Table(page, table);
            foreach (var claim in chapter.Claims)
            {
                page.Heading(3, claim.Statement);
                page.Paragraph(claim.Source);
                if (claim.Evidence.IsEmpty)
                    page.Paragraph(Claim.NoEvidence);
                else
                    page.Details(ClaimTables.Verdicts(claim.Evidence), details => Table(details, ClaimTables.Of(claim)));
            }
        }
        return page.Render();
    }

    private static void Table(Page page, ResultTable table) =>
        page.Table(table.Headers, table.Rows.Select(row => row.AsEnumerable()), table.Caption);
}
