using System.Collections.Immutable;
using Emergence.Analyzer.Comparison;

namespace Emergence.Analyzer.Reports;

/// <summary>A form of a comparison: UTF-8, <c>\n</c>, invariant culture, the same bytes for the same comparison.</summary>
internal sealed record ComparisonWriter(string Format, Action<ModelComparison, Stream> Write);

/// <summary>Every form, in the order in which help names them.</summary>
internal static class ComparisonWriters
{
    public static ImmutableArray<ComparisonWriter> All { get; } =
        [new("table", ComparisonTable.Write), new("csv", ComparisonCsv.Write), new("json", ComparisonJson.Write)];
}
