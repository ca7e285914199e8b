using System.Collections.Immutable;
using Emergence.Analyzer.Series;
using Emergence.CommandLine;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Reports;

/// <summary>What others judge networks by, as a table: of one model layer by layer, of several as means over the
/// layers.</summary>
internal static class RivalsText
{
    // The end of a longer name tells it from others; the numbers need the room.
    private const int LongestName = 24;

    /// <summary>The rows: of one model its layers and their means, of several the means of each.</summary>
    /// <param name="outcome">What was found.</param>
    /// <param name="shown">The checkpoints, by index.</param>
    public static ImmutableArray<(string Name, RivalMeans Means)> Rows(AnalysisOutcome outcome, IEnumerable<int> shown)
    {
        var checkpoints = outcome.Series.Checkpoints;
        if (checkpoints.Length != 1)
            return [.. shown.Select(i => (checkpoints[i].File, checkpoints[i].Measurements[0].Rivals))];
        var measurement = checkpoints[0].Measurements[0];
        return
        [
            .. measurement.Layers.Select(layer => (layer.Name, RivalMeans.Of([layer], pathNorm: null))),
            ("all layers", measurement.Rivals),
        ];
    }

    /// <summary>The table with its legend; empty where rivals were not asked for.</summary>
    /// <param name="outcome">What was found.</param>
    /// <param name="shown">The checkpoints, by index.</param>
    /// <param name="width">The most columns of text.</param>
    /// <param name="mayLose">Whether columns that do not fit are left out.</param>
    public static string Table(AnalysisOutcome outcome, IEnumerable<int> shown, int width, bool mayLose)
    {
        if (!outcome.Series.Settings.Rivals)
            return "";
        var rows = Rows(outcome, shown);
        var isOne = outcome.Series.Checkpoints.Length == 1;
        string[] names = [.. rows.Select(row => TextTable.KeepEnd(
            Printable.Of(isOne ? row.Name : Path.GetFileName(row.Name)), LongestName))];
        var table = Of(rows, names);
        string[] gone = mayLose ? [.. table.Fit(width)] : [];
        return $"\n{table.Write()}{WrappedText.LeftOut(gone, "csv", indent: "")}{WrappedText.Of(RivalWords.Legend)}";
    }

    private static TextTable Of(ImmutableArray<(string Name, RivalMeans Means)> rows, string[] names)
    {
        var table = new TextTable();
        table.AddNames("rivals", names);
        foreach (var (header, of, leftOut) in RivalWords.Columns)
            table.AddNumbers(header, rows.Select(row => NumberText.Significant(of(row.Means))), leftOut ?? TextTable.Always);
        return table;
    }
}
