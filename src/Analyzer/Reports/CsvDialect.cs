using System.Globalization;
using CsvHelper;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Reports;

/// <summary>How all our CSV files are written: RFC 4180 but for <c>\n</c>, invariant culture, no BOM, empty for "none".</summary>
internal static class CsvDialect
{
    public static CsvWriterOptions Options { get; } = new() { NewLine = "\n" };

    /// <summary>
    /// A name from a file as a cell: printable, and with an apostrophe in front where a spreadsheet would take it for a
    /// formula. A number stays one.
    /// </summary>
    public static string Name(string name)
    {
        var cell = Printable.Of(name);
        return cell.TrimStart() is ['=' or '+' or '-' or '@', ..]
            && !double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
            ? $"'{cell}"
            : cell;
    }
}
