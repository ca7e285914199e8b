using CsvHelper;

namespace Emergence.Analyzer.Reports;

/// <summary>How all our CSV files are written: RFC 4180 but for <c>\n</c>, invariant culture, no BOM, empty for "none".</summary>
internal static class CsvDialect
{
    public static CsvWriterOptions Options { get; } = new() { NewLine = "\n" };
}
