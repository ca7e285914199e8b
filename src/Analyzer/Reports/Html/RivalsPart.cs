using System.Collections.Immutable;
using Emergence.Analyzer.Series;
using Emergence.Pages;

namespace Emergence.Analyzer.Reports.Html;

/// <summary>What others judge networks by, beside E: curves along a series, and the numbers.</summary>
internal static class RivalsPart
{
    public static void Write(Page page, Run run)
    {
        page.Heading(2, "Rivals of E");
        page.Paragraph("What others judge a network by: means over the layers of which each is known, and the path norm of the "
            + "whole network. docs/measures.md has their definitions and sources.");
        if (run.IsSeries && Curves(run) is { } curves)
            page.Chart(curves, "Each against the same axis as E above; what is not known has no point.");
        var rows =
            from i in run.Shown
            let means = run.Measurements[i].Rivals
            select (string[])[run.Labels[i], .. RivalWords.Columns.Select(column => PageText.Number(column.Of(means)))];
        page.Table(["checkpoint", .. RivalWords.Columns.Select(column => column.Header)], rows,
            "log: natural logarithm; stable and effective: ranks, of the weights or, with act., of the activations.");
    }

    private static Figure? Curves(Run run)
    {
        var means = run.Points.Select(point => (point.At, point.Checkpoint.Measurements[0].Rivals)).ToArray();
        ImmutableArray<Panel> panels =
        [
            .. from column in RivalWords.Columns
               let points = means.Select(mean => new Point(mean.At, column.Of(mean.Rivals) ?? double.NaN)).ToImmutableArray()
               where points.Any(point => double.IsFinite(point.Y))
               select new Panel(null, run.Axis, new Axis(column.Header), [new Pages.Series(column.Header, points)]),
        ];
        return panels.IsEmpty ? null : new Figure("Rivals along the series", panels) { Columns = 3 };
    }
}
