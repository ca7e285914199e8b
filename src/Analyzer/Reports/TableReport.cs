using System.Text;

namespace Emergence.Analyzer.Reports;

/// <summary>
/// The table for people: one row per checkpoint and threshold, at most 120 columns wide unless the numbers alone are
/// wider, and below it what the numbers hang on.
/// </summary>
internal static class TableReport
{
    private const int MaxWidth = 120;
    private const int ShortestName = 12;

    private sealed record Row(CheckpointResult Checkpoint, Measurement Measurement);

    public static void Write(AnalysisOutcome outcome, Stream stream)
    {
        var series = outcome.Series;
        Row[] rows = [.. series.Checkpoints.SelectMany(c => c.Measurements, (checkpoint, measurement) => new Row(checkpoint, measurement))];
        var names = DisplayNames([.. rows.Select(row => row.Checkpoint.File)]);
        var table = Table(rows, names, series.Settings);
        if (table.Width > MaxWidth)
        {
            var longest = names.Max(name => name.Length);
            var room = Math.Max(ShortestName, longest - (table.Width - MaxWidth));
            table = Table(rows, Array.ConvertAll(names, name => KeepEnd(name, room)), series.Settings);
        }
        var text = $"{table.Write()}\n{Footer(series)}";
        stream.Write(Encoding.UTF8.GetBytes(text));
    }

    private static TextTable Table(Row[] rows, string[] names, AnalysisSettings settings)
    {
        var table = new TextTable();
        table.AddText("checkpoint", names);
        Add("epoch", row => row.Checkpoint.Epoch is { } epoch ? NumberText.Integer(epoch) : "");
        if (settings.Thresholds.Length > 1)
            Add("θ", row => NumberText.Exact(row.Measurement.Threshold));
        Add("nodes", row => NumberText.Integer(row.Measurement.Nodes));
        Add("alive", row => NumberText.Integer(row.Measurement.Alive));
        Add("E", row => NumberText.Integer(row.Measurement.Emergence.Rounded));
        if (settings.Statistic == Statistic.Sample)
            Add("± sd", row => NumberText.Significant(row.Measurement.PerSample?.Emergence.StandardDeviation));
        Add("log10 E", row => NumberText.Log10(row.Measurement.Emergence.Log10));
        Add("E_H", row => NumberText.Integer(row.Measurement.EmergenceActive.Rounded));
        if (settings.Wired)
            Add("E_w", row => row.Measurement.EmergenceWired is { } wired ? NumberText.Integer(wired.Rounded) : "");
        // Side by side: pruning raises the first even where E does not move.
        Add("Ẽ", row => NumberText.Significant(row.Measurement.RelativeEmergence));
        Add("Ẽ all", row => NumberText.Significant(row.Measurement.RelativeEmergenceAll));
        Add("accuracy", row => NumberText.Percent(row.Checkpoint.Accuracy));
        if (rows.Any(row => Remark(row.Measurement).Length > 0))
            table.AddText("remark", rows.Select(row => Remark(row.Measurement)));
        return table;

        void Add(string header, Func<Row, string> cell) => table.AddNumbers(header, rows.Select(cell));
    }

    private static string Remark(Measurement measurement)
    {
        var remarks = new List<string>();
        if (measurement.NodesNan + measurement.NodesInf > 0)
            remarks.Add($"diverged: {NumberText.Integer(measurement.NodesNan + measurement.NodesInf)} not finite");
        if (Spelling.Of(measurement.ZeroCause) is { } cause)
            remarks.Add(cause.Replace('_', ' '));
        if (measurement.Borderline > 0)
            remarks.Add($"{NumberText.Integer(measurement.Borderline)} borderline");
        if (measurement.AliveByBias is { } byBias and > 0)
            remarks.Add($"{NumberText.Integer(byBias)} alive by bias");
        return string.Join(", ", remarks);
    }

    /// <summary>The paths without the directory they all share.</summary>
    private static string[] DisplayNames(string[] files)
    {
        var directory = Path.GetDirectoryName(files.FirstOrDefault());
        return files.All(file => Path.GetDirectoryName(file) == directory) ? Array.ConvertAll(files, file => Path.GetFileName(file)) : files;
    }

    /// <summary>The end of a name tells checkpoints apart; the beginning rarely does.</summary>
    private static string KeepEnd(string name, int length) => name.Length <= length ? name : "…" + name[^(length - 1)..];

    private static string Footer(SeriesResult series)
    {
        var settings = series.Settings;
        var thresholds = string.Join(", ", settings.Thresholds.Select(NumberText.Exact));
        var alive = settings.Statistic == Statistic.Share
            ? $"activation > {thresholds} on a share of samples > {NumberText.Exact(settings.AliveShare)}"
            : settings.Statistic == Statistic.Sample ? $"activation > {thresholds} on each sample; E, E_H, alive: means over the samples"
            : $"{Spelling.Of(settings.Statistic)} activation > {thresholds}";
        var probes = series.Checkpoints.Select(checkpoint => $"{checkpoint.Probe.Name} ({NumberText.Integer(checkpoint.Probe.Samples)} samples)").Distinct();
        var devices = series.Checkpoints.Select(checkpoint => checkpoint.Device).Distinct();
        return $"""
            alive: {alive}; probe: {string.Join(", ", probes)}; device: {string.Join(", ", devices)}
            Ẽ = E / non-zero parameters, Ẽ all = E / all parameters; E_H: E over paths of alive nodes only

            """.ReplaceLineEndings("\n");
    }
}
