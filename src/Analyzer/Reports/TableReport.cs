using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Text;
using Emergence.Analyzer.Series;
using Emergence.CommandLine;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Reports;

/// <summary>
/// The table for people: one row per checkpoint and threshold, at most 120 columns wide unless the numbers alone are
/// wider, and below it what the numbers depend on.
/// </summary>
internal static class TableReport
{
    private const int MaxWidth = 120;
    // On a terminal, what does not fit is broken in the middle.
    private const int ShortestName = 12, ShortestOnTerminal = 8;

    // Which columns go first where all do not fit: what other columns tell too, then what is asked for less often. Ẽ and Ẽ all
    // go together: one alone misleads.
    private const int Logarithm = 0, Nodes = 1, Relative = 2, Active = 3;

    private sealed record Row(CheckpointResult Checkpoint, Measurement Measurement);

    // Stretches of steps that are named; of a long series there are thousands.
    private const int MostStretches = 20;

    /// <summary>The table for a stream that is no terminal: nothing is left out.</summary>
    public static void Write(AnalysisOutcome outcome, Stream stream) => Write(outcome, stream, null, isColored: false);

    /// <summary>The table in the width of a terminal: the least important columns are left out, then names shortened.</summary>
    /// <param name="outcome">What was found.</param>
    /// <param name="stream">Where it goes.</param>
    /// <param name="columns">Of the terminal; null if there is none.</param>
    /// <param name="isColored">Whether it shows colors.</param>
    public static void Write(AnalysisOutcome outcome, Stream stream, int? columns, bool isColored)
    {
        var width = Math.Min(columns ?? MaxWidth, MaxWidth);
        var series = outcome.Series;
        // Nobody scrolls a terminal through a million rows; a file or a pipe has them all.
        ImmutableArray<int> shown = columns is null ? [.. Enumerable.Range(0, series.Checkpoints.Length)]
            : ShownSteps.Of(series.Checkpoints, outcome.Verdicts);
        Row[] rows = [
            .. shown.SelectMany(i => series.Checkpoints[i].Measurements,
                (i, measurement) => new Row(series.Checkpoints[i], measurement))];
        var names = Array.ConvertAll(DisplayNames([.. rows.Select(row => row.Checkpoint.File)]), Printable.Of);
        var table = Table(rows, names, series.Settings);
        string[] gone = columns is null ? [] : [.. table.Fit(width)];
        if (table.Width > width)
        {
            var longest = names.Max(name => name.Length);
            var room = Math.Max(columns is null ? ShortestName : ShortestOnTerminal, longest - (table.Width - width));
            table = Table(rows, Array.ConvertAll(names, name => TextTable.KeepEnd(name, room)), series.Settings);
            if (columns is not null)
                table.Fit(width);
        }
        var isOne = series.Checkpoints.Length == 1 && series.Settings.Thresholds.Length == 1;
        var layers = isOne ? $"{LayersTable.Of(rows[0].Measurement)}\n" : "";
        var legend = isOne ? LayersTable.Legend(rows[0].Measurement) : "";
        var left = WrappedText.LeftOut(gone, "csv", indent: "")
            + (shown.Length == series.Checkpoints.Length ? ""
                : WrappedText.Of(
                    ShownSteps.Sentence(shown.Length, series.Checkpoints.Length, NumberText.Integer) + "; --format csv has all",
                    indent: ""));
        var footer = columns is null ? Footer(series)
            : string.Concat(Footer(series).TrimEnd('\n').Split('\n').Select(line => WrappedText.Of(line)));
        var rivals = RivalsText.Table(outcome, shown, width, mayLose: columns is not null);
        var text = $"{layers}{table.Write(isColored)}\n{Sparkline.Of(series)}{left}{legend}{footer}{rivals}"
            + SeriesText.Of(outcome);
        stream.Write(Encoding.UTF8.GetBytes(text));
    }

    private static TextTable Table(Row[] rows, string[] names, AnalysisSettings settings)
    {
        var table = new TextTable();
        table.AddText("checkpoint", names);
        Add("epoch", row => row.Checkpoint.Epoch is { } epoch ? NumberText.Integer(epoch) : "");
        if (settings.Thresholds.Length > 1)
            Add("θ", row => NumberText.Exact(row.Measurement.Threshold));
        Add("nodes", row => NumberText.Integer(row.Measurement.Nodes), Nodes);
        Add("alive", row => WithInterval(row.Measurement.Alive, row.Measurement.Intervals?.Alive, alive => alive));
        Add("E", row =>
            WithInterval(row.Measurement.Emergence, row.Measurement.Intervals?.Emergence, emergence => emergence.Rounded));
        if (settings.Statistic == Statistic.Sample)
            Add("± sd", row => NumberText.Significant(row.Measurement.PerSample?.Emergence.StandardDeviation));
        Add("log10 E", row => NumberText.Log10(row.Measurement.Emergence.Log10), Logarithm);
        Add("E_H", row => NumberText.Integer(row.Measurement.EmergenceActive.Rounded), Active);
        if (settings.Wired)
            Add("E_w", row => row.Measurement.EmergenceWired is { } wired ? NumberText.Integer(wired.Rounded) : "");
        foreach (var (kind, measure, header) in NullText.Columns)
            Add(header, row => NullText.Cell(NullText.Find(row.Measurement, kind, measure)));
        // Side by side: pruning raises the first even where E does not move.
        Add("Ẽ", row => NumberText.Significant(row.Measurement.RelativeEmergence), Relative);
        Add("Ẽ all", row => NumberText.Significant(row.Measurement.RelativeEmergenceAll), Relative);
        Add("accuracy", row => NumberText.Percent(row.Checkpoint.Accuracy));
        if (rows.Any(row => Remark(row.Measurement).Length > 0))
            table.AddText("remark", rows.Select(row => Remark(row.Measurement)));
        return table;

        void Add(string header, Func<Row, string> cell, int importance = TextTable.Always) =>
            table.AddNumbers(header, rows.Select(cell), importance);
    }

    private static string WithInterval<T>(T value, Interval<T>? interval, Func<T, BigInteger> whole)
        where T : IComparable<T>
    {
        var text = NumberText.Integer(whole(value));
        return interval is var (low, high)
            ? $"{text} [{NumberText.Integer(whole(low))}, {NumberText.Integer(whole(high))}]"
            : text;
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
        if (StepText.IsOneNode(measurement))
            remarks.Add("one node");
        return string.Join(", ", remarks);
    }

    /// <summary>The paths without the directory they all share.</summary>
    private static string[] DisplayNames(string[] files)
    {
        var directory = Path.GetDirectoryName(files.FirstOrDefault());
        return files.All(file => Path.GetDirectoryName(file) == directory)
            ? Array.ConvertAll(files, file => Path.GetFileName(file))
            : files;
    }

    private static string Footer(SeriesResult series)
    {
        var settings = series.Settings;
        var thresholds = string.Join(", ", settings.Thresholds.Select(NumberText.Exact));
        var alive = settings.Statistic == Statistic.Share
            ? $"activation > {thresholds} on a share of samples > {NumberText.Exact(settings.AliveShare)}"
            : settings.Statistic == Statistic.Sample
                ? $"activation > {thresholds} on each sample; E, E_H, alive: means over the samples"
            : $"{Spelling.Of(settings.Statistic)} activation > {thresholds}";
        var probes = series.Checkpoints.Select(checkpoint =>
            $"{Printable.Of(checkpoint.Probe.Name)} ({NumberText.Integer(checkpoint.Probe.Samples)} samples)").Distinct();
        var devices = series.Checkpoints.Select(checkpoint => checkpoint.Device.ToString()).Distinct();
        return $"""
            alive: {alive}; probe: {string.Join(", ", probes)}; device: {string.Join(", ", devices)}
            Ẽ = E / non-zero parameters, Ẽ all = E / all parameters; E_H: E over paths of alive nodes only
            {NullText.Legend(settings)}{Noise(series)}
            """.ReplaceLineEndings("\n");
    }

    private static string Noise(SeriesResult series)
    {
        if (series.Settings.Bootstrap is not { } bootstrap)
            return "";
        var text = new StringBuilder(
            $"[low, high]: 95 % interval over the choice of samples, from {NumberText.Integer(bootstrap.Resamples)} resamples "
            + "of " +
            $"{NumberText.Integer(BootstrapSettings.Blocks)} blocks of samples (seed "
            + $"{bootstrap.Seed.ToString(CultureInfo.InvariantCulture)})\n");
        foreach (var (t, threshold) in series.Settings.Thresholds.Index())
        {
            var changes = SamplingNoise.Changes(series.Checkpoints, t).ToArray();
            if (changes.Length == 0)
                continue;
            var at = series.Settings.Thresholds.Length > 1 ? $"θ = {NumberText.Exact(threshold)}: " : "";
            text.Append($"{at}cannot be told from sampling noise, as E changes less than its interval is wide: " +
                $"each step from {Stretches(changes, series.Checkpoints)}\n");
        }
        return text.ToString();
    }

    /// <summary>Changes one after the other are named by their first and last checkpoint.</summary>
    private static string Stretches(int[] changes, ImmutableArray<CheckpointResult> checkpoints)
    {
        var byEpoch = checkpoints.All(checkpoint => checkpoint.Epoch is not null);
        var stretches = new List<string>();
        for (var (first, i) = (0, 1); i <= changes.Length; i++)
        {
            if (i < changes.Length && changes[i] == changes[i - 1] + 1)
                continue;
            stretches.Add($"{Name(changes[first] - 1)} to {Name(changes[i - 1])}");
            first = i;
        }
        var more = stretches.Count > MostStretches ? $" and {NumberText.Integer(stretches.Count - MostStretches)} more" : "";
        return $"{(byEpoch ? "epoch " : "")}{string.Join(", ", stretches.Take(MostStretches))}{more}";

        string Name(int i) =>
            byEpoch ? NumberText.Integer(checkpoints[i].Epoch!.Value) : Printable.Of(Path.GetFileName(checkpoints[i].File));
    }
}
