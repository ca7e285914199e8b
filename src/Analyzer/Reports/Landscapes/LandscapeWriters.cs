using System.Collections.Immutable;
using Emergence.Analyzer.Landscapes;

namespace Emergence.Analyzer.Reports.Landscapes;

/// <summary>A form in which landscapes are shown.</summary>
/// <param name="Format">The word for <c>--format</c>; null where it is written to a folder only.</param>
/// <param name="FileName">The file in the folder of <c>--out</c>; null where it is printed only.</param>
/// <param name="Write">UTF-8 without BOM, invariant culture, <c>\n</c>; the stream stays open.</param>
internal sealed record LandscapeWriter(string? Format, string? FileName, Action<LandscapeOutcome, Stream> Write);

/// <summary>Every form: one file of this folder and one line here each.</summary>
internal static class LandscapeWriters
{
    /// <summary>In the order in which help names them.</summary>
    public static ImmutableArray<LandscapeWriter> All { get; } =
    [
        new("table", null, LandscapeTable.Write),
        new("json", "landscape.json", LandscapeJson.Write),
        new("csv", "landscape.csv", LandscapeCsv.Write),
        new(null, "landscape.svg", LandscapeSvg.Write),
        new(null, "landscape.html", LandscapePage.Write),
    ];
}
