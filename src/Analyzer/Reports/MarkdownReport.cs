using System.Globalization;
using System.Text;
using Emergence.Analyzer.Series;
using Emergence.CommandLine;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Reports;

/// <summary>The summary of a job, as GitHub and GitLab show it: verdict, gates, what failed, the series.</summary>
internal static class MarkdownReport
{
    // A job's summary may have a mebibyte; the last rows are what one looks at.
    private const int MostRows = 500;

    public static void Write(AnalysisOutcome outcome, Stream stream)
    {
        var text = new StringBuilder("## Emergence\n\n");
        foreach (var (t, verdict) in outcome.Verdicts.Index())
        {
            var at = outcome.Verdicts.Length > 1 ? $" (θ = {NumberText.Exact(outcome.Series.Settings.Thresholds[t])})" : "";
            text.Append($"**Verdict{at}:** {Cell(VerdictText.Headline(verdict, outcome.Series.Checkpoints))}\n\n");
            foreach (var sentence in VerdictText.Sentences(verdict, outcome.Series.Checkpoints))
                text.Append($"- {Cell(sentence)}\n");
            text.Append('\n');
        }
        AppendGates(text, outcome);
        foreach (var failure in outcome.Failures)
            text.Append($"- **failed:** {Cell(failure.File)}: {Cell(failure.Message)}\n");
        text.Append(outcome.Failures.IsEmpty ? "" : "\n");
        AppendSeries(text, outcome);
        AppendRivals(text, outcome);
        stream.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static void AppendGates(StringBuilder text, AnalysisOutcome outcome)
    {
        if (outcome.Gates.IsEmpty)
            return;
        text.Append("| gate | θ | result | value |\n| --- | ---: | --- | --- |\n");
        foreach (var gate in outcome.Gates)
        {
            var values = gate.Problem is { } problem ? problem
                : string.Join("; ", (gate.IsTripped ? gate.Reasons : gate.Findings.Take(1).Select(finding => finding.Sentence)));
            text.Append($"| {Cell(gate.Expression)} | {NumberText.Exact(gate.Threshold)} | {Word(gate)} | {Cell(values)} |\n");
        }
        text.Append('\n');

        static string Word(Gates.GateResult gate) =>
            gate.Problem is not null ? "**cannot be judged**" : gate.IsTripped ? "**failed**" : "passed";
    }

    private static void AppendSeries(StringBuilder text, AnalysisOutcome outcome)
    {
        var rows = outcome.Series.Checkpoints
            .SelectMany(checkpoint => checkpoint.Measurements, (checkpoint, measurement) => (checkpoint, measurement)).ToArray();
        AppendShown(text, rows.Length);
        var nulls = NullText.Columns.Where(column => rows.Any(row =>
            NullText.Find(row.measurement, column.Kind, column.Measure) is not null)).ToArray();
        var heads = string.Concat(nulls.Select(column => $" {column.Header}: z, p |"));
        text.Append("| checkpoint | epoch | θ | alive | nodes | E | log10 E | E_H | Ẽ | accuracy | zero cause |")
            .Append(heads).Append('\n');
        text.Append("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
            .Insert(text.Length, " ---: |", nulls.Length).Append('\n');
        foreach (var (checkpoint, measurement) in rows.TakeLast(MostRows))
            AppendRow(text, checkpoint, measurement,
                nulls.Select(column => NullText.Cell(NullText.Find(measurement, column.Kind, column.Measure))));
        foreach (var line in NullText.Legend(outcome.Series.Settings).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            text.Append(text[^2] == '|' ? "\n- " : "- ").Append(Cell(line)).Append('\n');
    }

    private static void AppendRivals(StringBuilder text, AnalysisOutcome outcome)
    {
        if (!outcome.Series.Settings.Rivals)
            return;
        var rows = RivalsText.Rows(outcome, Enumerable.Range(0, outcome.Series.Checkpoints.Length));
        var columns = RivalWords.Columns;
        text.Append('\n');
        AppendShown(text, rows.Length);
        text.Append("| rivals |").Append(string.Concat(columns.Select(column => $" {column.Header} |"))).Append('\n');
        text.Append("| --- |").Insert(text.Length, " ---: |", columns.Length).Append('\n');
        foreach (var (name, means) in rows.TakeLast(MostRows))
            text.Append($"| {Cell(name)} | ")
                .AppendJoin(" | ", columns.Select(column => NumberText.Significant(column.Of(means)))).Append(" |\n");
        text.Append("\n- ").Append(Cell(RivalWords.Legend)).Append('\n');
    }

    private static void AppendShown(StringBuilder text, int rows) => text.Append(
        rows <= MostRows ? "" : string.Create(CultureInfo.InvariantCulture, $"The last {MostRows} of {rows} rows:\n\n"));

    private static void AppendRow(
        StringBuilder text, CheckpointResult checkpoint, Measurement measurement, IEnumerable<string> nulls)
    {
        string[] cells =
        [
            Cell(checkpoint.File), checkpoint.Epoch?.ToString(CultureInfo.InvariantCulture) ?? "",
            NumberText.Exact(measurement.Threshold), NumberText.Integer(measurement.Alive), NumberText.Integer(measurement.Nodes),
            NumberText.Integer(measurement.Emergence.Rounded), NumberText.Log10(measurement.Emergence.Log10),
            NumberText.Integer(measurement.EmergenceActive.Rounded), NumberText.Significant(measurement.RelativeEmergence),
            NumberText.Percent(checkpoint.Accuracy), Cell((Spelling.Of(measurement.ZeroCause) ?? "").Replace('_', ' ')), .. nulls,
        ];
        text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
    }

    /// <summary>A foreign text, with nothing in it that Markdown or HTML reads.</summary>
    private static string Cell(string text)
    {
        var cell = new StringBuilder();
        foreach (var c in Printable.Of(text))
        {
            cell.Append(c switch
            {
                '<' => "&lt;",
                '>' => "&gt;",
                '&' => "&amp;",
                '|' or '*' or '_' or '`' or '[' or ']' or '\\' or '~' or '#' or '!' or '@' => $"\\{c}",
                _ => c.ToString(),
            });
        }
        return cell.ToString();
    }
}
