using System.Collections.Immutable;
using Emergence.Analyzer.Reports.Html;

namespace Emergence.Analyzer.Reports;

/// <summary>A form in which an outcome is written. Writers format, they never compute.</summary>
/// <param name="Format">The word for <c>--format</c>; null where the form is only written to a file.</param>
/// <param name="FileName">The name under <c>--out</c>; null where the form is only printed.</param>
/// <param name="Write">
/// Writes UTF-8 without BOM, invariant culture, <c>\n</c>; the same outcome always gives the same bytes. The stream stays open.
/// </param>
public sealed record ReportWriter(string? Format, string? FileName, Action<AnalysisOutcome, Stream> Write)
{
    /// <summary>Whether the file is written only where single nodes are asked for.</summary>
    public bool OfUnits { get; init; }

    /// <summary>Whether it shows at least one checkpoint; a shard may have none that could be analyzed.</summary>
    public bool NeedsCheckpoint { get; init; }
}

/// <summary>Every form of output: one file of this folder and one line here each.</summary>
public static class ReportWriters
{
    /// <summary>The page for people, which may be written alone.</summary>
    public static ReportWriter Page { get; } = new(null, "report.html", HtmlReport.Write) { NeedsCheckpoint = true };

    /// <summary>In the order in which help names them.</summary>
    public static ImmutableArray<ReportWriter> All { get; } =
    [
        new("table", null, TableReport.Write) { NeedsCheckpoint = true },
        new("csv", "series.csv", SeriesCsv.Write),
        new(null, "layers.csv", LayersCsv.Write),
        Page,
        new(null, "units.csv", UnitsCsv.Write) { OfUnits = true },
        new(null, "units.npz", UnitsNpz.Write) { OfUnits = true },
        new("json", "results.json", JsonReport.Write),
        new("md", null, MarkdownReport.Write),
        new("junit", null, JUnitReport.Write),
        new("sarif", null, SarifReport.Write),
        new("prometheus", null, PrometheusReport.Write),
    ];
}
