using System.Collections.Immutable;
using System.Text;
using Emergence.Analyzer.Series;
using Emergence.CommandLine;
using Emergence.Pages;

namespace Emergence.Analyzer.Reports.Html;

/// <summary>
/// <c>report.html</c>: the answer as one page for people, that opens from a file and asks no network for anything. First what it
/// means, then how it came about, last what shaped the numbers.
/// </summary>
internal static class HtmlReport
{
    public static void Write(AnalysisOutcome outcome, Stream stream) => stream.Write(Encoding.UTF8.GetBytes(Render(outcome)));

    private static string Render(AnalysisOutcome outcome)
    {
        var run = new Run(outcome);
        var page = new Page(run.Name);
        page.Lead(LeadOf.Run(run));
        if (run.IsSeries)
            Development(page, run);
        Layers(page, run);
        if (outcome.Series.Settings.Rivals)
            RivalsPart.Write(page, run);
        if (run.Last.Contributions is { } contributions)
            Pairs(page, run, contributions);
        Provenance.Write(page, run);
        return page.Render();
    }

    private static void Development(Page page, Run run)
    {
        page.Heading(2, "Development");
        if (ShownSteps.Sentence(run.Shown.Length, run.Checkpoints.Length, PageText.Count) is { Length: > 0 } thinned)
            page.Note(
                $"Of this series {thinned}. All of them are in series.csv, layers.csv and results.json, which --out writes.",
                isWarning: false);
        page.Chart(
            DevelopmentFigure.Of(run),
            "E counts the paths from dead nodes to alive ones, on a scale of powers of ten; relative E is E per parameter. " +
                DevelopmentFigure.Bands(run));
        if (MovesChart.Of(run) is { } moves)
        {
            page.Chart(
                moves,
                "Each bar is a step from the checkpoint before: parts above 0 raised E, parts below lowered it, in shares of "
                + "all that was moved. " +
                "The exact parts, which add up to the change of E, are in the table.");
        }
        page.Chart(
            AliveMap.Of(run),
            "Each row is a layer, from the input down to the output; each column is "
            + $"{(run.HasEpochs ? "an epoch" : "a checkpoint")}.");
    }

    private static void Layers(Page page, Run run)
    {
        page.Heading(2, "Layers");
        var of = run.IsSeries ? $" of {run.Labels[^1]}" : "";
        page.Chart(
            GraphDiagram.Of(run),
            $"The layers{of} in the order in which they run, and what feeds what. A bar is the share of a layer's nodes that "
            + "are alive.");
        if (StripChart.Of(run) is { } strips)
        {
            page.Chart(
                strips,
                $"How many nodes{of} have which {StripChart.Measured(run.Outcome.Series.Settings)}, layer by layer; those "
                + "left of θ are dead. " +
                "Hover a bar, or walk to it with the arrow keys, to see the indices of dead nodes.");
        }
        LayerTable.Write(page, run);
    }

    private static void Pairs(Page page, Run run, Metrics.Contributions contributions)
    {
        string[] names = [.. run.Last.Layers.Select(layer => Printable.Of(layer.Name))];
        page.Heading(2, "Where E comes from");
        page.Chart(
            new HeatMap(
                "E by pairs of layers",
                [.. names],
                [.. names],
                [.. Enumerable.Range(0, names.Length).Select(from => Enumerable.Range(0, names.Length)
                    .Select(to => contributions[from, to].Log10).ToImmutableArray())])
            {
                IsLog10 = true,
                IsSquare = true,
                RowLabel = "from",
                ColumnLabel = "to",
                ValueLabel = "E",
            },
            "A row is the layer whose dead nodes paths start from, a column the layer whose alive nodes they end in; all "
            + "cells add to E.");
    }
}
