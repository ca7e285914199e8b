using System.Collections.Immutable;
using System.Text;

namespace Emergence.Analyzer.Reports;

/// <summary>The table for people: a row per layer and one for all of them.</summary>
internal static class PruneTable
{
    private sealed record Row(string Output, string Layer, string Op, long Weights, long? Before, long Zeros, double Sparsity,
        int? Units, int? Removed, int? Cut, string Remark);

    // What other columns tell too goes first.
    private const int Before = 0, Weights = 1;

    public static void Write(ImmutableArray<PruneReport> reports, Stream stream) => Write(reports, stream, null);

    /// <summary>The table in the width of a terminal.</summary>
    /// <param name="reports">What was done.</param>
    /// <param name="stream">Where it goes.</param>
    /// <param name="columns">Of the terminal; null if there is none.</param>
    public static void Write(ImmutableArray<PruneReport> reports, Stream stream, int? columns)
    {
        Row[] rows = [.. reports.SelectMany(RowsOf)];
        var table = new TextTable();
        table.AddNames("written", rows.Select(row => row.Output));
        table.AddNames("layer", rows.Select(row => row.Layer));
        table.AddText("op", rows.Select(row => row.Op));
        table.AddNumbers("weights", rows.Select(row => NumberText.Integer(row.Weights)), Weights);
        table.AddNumbers("zero before", rows.Select(row => Text(row.Before)), Before);
        table.AddNumbers("zero", rows.Select(row => NumberText.Integer(row.Zeros)));
        table.AddNumbers("sparsity", rows.Select(row => row.Weights == 0 ? "" : NumberText.Percent(row.Sparsity)));
        table.AddNumbers("nodes", rows.Select(row => Text(row.Units)));
        table.AddNumbers("removed", rows.Select(row => Text(row.Removed)));
        table.AddNumbers("cut out", rows.Select(row => Text(row.Cut)));
        if (rows.Any(row => row.Remark.Length > 0))
            table.AddText("remark", rows.Select(row => row.Remark));
        string[] gone = columns is { } width ? [.. table.Fit(width)] : [];
        stream.Write(Encoding.UTF8.GetBytes(table.Write()));
        stream.Write(Encoding.UTF8.GetBytes(WrappedText.LeftOut(gone, "csv")));
        foreach (var report in reports.Where(report => report.Effect is not null))
            stream.Write(Encoding.UTF8.GetBytes(WrappedText.Of($"{Path.GetFileName(report.Output)}: {TextOf(report.Effect!)}")));
    }

    private static string TextOf(PruneEffect effect)
    {
        string[] parts =
        [
            .. effect.AccuracyBefore is { } before && effect.AccuracyAfter is { } after
                ? [$"accuracy {NumberText.Percent(before)} before, {NumberText.Percent(after)} now"]
                : Array.Empty<string>(),
            .. double.IsFinite(effect.OutputChange)
                ? [$"output changed by {NumberText.Significant(effect.OutputChange)} of its norm"]
                : Array.Empty<string>(),
            $"E {NumberText.Integer(effect.Before.Emergence.Rounded)} before, "
            + $"{NumberText.Integer(effect.After.Emergence.Rounded)} now",
        ];
        return $"on {NumberText.Integer(effect.Samples)} samples {string.Join("; ", parts)}";
    }

    private static IEnumerable<Row> RowsOf(PruneReport report)
    {
        var isNodes = report.Record.Structure == "nodes";
        int? If(bool shown, int value) => shown ? value : null;
        foreach (var layer in report.Layers)
        {
            yield return new Row(
                Path.GetFileName(report.Output), layer.Name, layer.Op, layer.Weights, layer.ZerosBefore, layer.Zeros,
                layer.Sparsity,
                If(isNodes, layer.Units), If(isNodes, layer.UnitsRemoved), If(report.Record.Shrink, layer.UnitsCut),
                layer.IsSelected ? "" : "left alone");
        }
        var pruned = report.Layers.Where(layer => layer.IsSelected).ToArray();
        yield return new Row(
            Path.GetFileName(report.Output), "all pruned layers", "", report.Weights, null, report.Zeros, report.Sparsity,
            If(isNodes, pruned.Sum(layer => layer.Units)), If(isNodes, pruned.Sum(layer => layer.UnitsRemoved)),
            If(report.Record.Shrink, pruned.Sum(layer => layer.UnitsCut)), "");
    }

    private static string Text(long? value) => value is { } number ? NumberText.Integer(number) : "";
}
