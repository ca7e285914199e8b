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
        if (!reproduction.Primaries.All.IsEmpty)
        {
            page.Heading(2, "Verdicts");
            page.Paragraph(Primaries.Method);
            Table(page, ClaimTables.Verdicts(reproduction.Primaries));
            page.Paragraph(ClaimTables.FamilyWise(reproduction.Primaries));
            page.List(ClaimTables.RuleLines(reproduction.Primaries));
        }
        page.Heading(2, "How to read it");
        page.List(Glossary.Lines);
        foreach (var chapter in reproduction.Chapters)
        {
            page.Heading(2, chapter.Title);
            foreach (var paragraph in chapter.Text)
                page.Paragraph(paragraph);
            foreach (var (index, figure) in chapter.Figures.Index())
            {
                // The paper has some pictures alone and again beside others; here one that is above is not drawn again.
                if (chapter.Figures.Take(index).FirstOrDefault(
                    above => figure.Figure.Panels.All(panel =>
                    above.Figure.Panels.Any(other => IsSame(panel, other)))) is { } shown)
                    page.Paragraph($"{figure.Caption} It is part of the picture above: {shown.Caption}");
                else
                    page.Chart(figure.Figure, figure.Caption);
            }
            foreach (var table in chapter.Tables.Where(table => !table.Rows.IsEmpty))
                Table(page, table);
            foreach (var claim in chapter.Claims)
            {
                page.Heading(3, claim.Statement);
                page.Paragraph(claim.Source);
                if (claim.Evidence.IsEmpty)
                    page.Paragraph(Claim.NoEvidence);
                else
                    page.Details(ClaimTables.Counts(claim), details => Table(details, ClaimTables.Of(claim)));
            }
        }
        return page.Render();
    }

    private static bool IsSame(Panel one, Panel other) => (one.X.Label, one.Y.Label) == (other.X.Label, other.Y.Label)
        && one.Series.Select(series => series.Name).SequenceEqual(other.Series.Select(series => series.Name))
        && one.Series.Zip(other.Series).All(pair => pair.First.Points.SequenceEqual(pair.Second.Points));

    private static void Table(Page page, ResultTable table) =>
        page.Table(table.Headers, table.Rows.Select(row => row.AsEnumerable()), table.Caption);
}
