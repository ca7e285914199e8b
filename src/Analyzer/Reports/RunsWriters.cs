using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CsvHelper;
using Emergence.Analyzer.Comparison;
using Emergence.Analyzer.Metrics;
using Emergence.CommandLine;
using static Emergence.Analyzer.Reports.JsonFields;

namespace Emergence.Analyzer.Reports;

/// <summary>Every form of several runs together, by the names that <see cref="ComparisonWriters"/> have.</summary>
internal static class RunsWriters
{
    public static ImmutableDictionary<string, Action<RunsComparison, Stream>> All { get; } =
        ImmutableDictionary.CreateRange<string, Action<RunsComparison, Stream>>(
            StringComparer.Ordinal, [new("table", WriteTable), new("csv", WriteCsv), new("json", WriteJson)]);

    private static void WriteTable(RunsComparison comparison, Stream stream)
    {
        var table = new TextTable();
        table.AddNumbers(comparison.HasEpochs ? "epoch" : "checkpoint",
            comparison.Steps.Select(step => NumberText.Integer(step.Step)));
        table.AddNumbers("runs", comparison.Steps.Select(step => NumberText.Integer(step.Runs)));
        table.AddNumbers("E, median", comparison.Steps.Select(step => NumberText.Integer(step.Emergence.Median.Rounded)));
        table.AddNumbers("least", comparison.Steps.Select(step => NumberText.Integer(step.Emergence.Low.Rounded)));
        table.AddNumbers("most", comparison.Steps.Select(step => NumberText.Integer(step.Emergence.High.Rounded)));
        table.AddNumbers("alive", comparison.Steps.Select(step => NumberText.Percent(step.AliveShare.Median)));
        table.AddNumbers("accuracy", comparison.Steps.Select(step => NumberText.Percent(step.Accuracy?.Median)));
        var names = Printable.Of(string.Join(", ", comparison.Runs.Select(run => run.Name)));
        stream.Write(Encoding.UTF8.GetBytes(
            $"{table.Write()}\n{WrappedText.Of($"{comparison.Runs.Length} runs: {names}")}"
            + WrappedText.Of(
                "median over the runs (of an even number, the lower of the middle two), with the least and the most of E")));
    }

    private static void WriteCsv(RunsComparison comparison, Stream stream)
    {
        using var csv = CsvWriter.Create(stream, CsvDialect.Options, leaveOpen: true);
        csv.WriteRecords(comparison.Steps.Select(RunsRow.Of));
    }

    private static void WriteJson(RunsComparison comparison, Stream stream)
    {
        using (var json = new Utf8JsonWriter(stream, JsonReport.Options))
        {
            json.WriteStartObject();
            json.WriteBoolean("has_epochs", comparison.HasEpochs);
            Array(json, "runs", comparison.Runs, run =>
            {
                json.WriteString("name", run.Name);
                json.WriteNumber("checkpoints", run.Checkpoints.Length);
            });
            Array(json, "steps", comparison.Steps, step =>
            {
                json.WriteNumber("step", step.Step);
                json.WriteNumber("runs", step.Runs);
                Write(json, "emergence", step.Emergence,
                    value => json.WriteStringValue(value.Rounded.ToString(CultureInfo.InvariantCulture)));
                Write(json, "alive_share", step.AliveShare, json.WriteNumberValue);
                if (step.Accuracy is { } accuracy)
                    Write(json, "accuracy", accuracy, json.WriteNumberValue);
                else
                    json.WriteNull("accuracy");
            });
            json.WriteEndObject();
        }
        stream.WriteByte((byte)'\n');
    }

    private static void Write<T>(Utf8JsonWriter json, string name, Spread<T> spread, Action<T> write)
    {
        json.WriteStartObject(name);
        foreach (var (part, value) in (ReadOnlySpan<(string, T)>)[("median", spread.Median), ("low", spread.Low),
            ("high", spread.High)])
        {
            json.WritePropertyName(part);
            write(value);
        }
        json.WriteEndObject();
    }
}

[CsvRecord]
internal sealed partial record RunsRow
{
    [CsvColumn("step")] public required int Step { get; init; }
    [CsvColumn("runs")] public required int Runs { get; init; }
    [CsvColumn("emergence")] public required string Emergence { get; init; }
    [CsvColumn("emergence_low")] public required string EmergenceLow { get; init; }
    [CsvColumn("emergence_high")] public required string EmergenceHigh { get; init; }
    [CsvColumn("alive_share")] public required double AliveShare { get; init; }
    [CsvColumn("alive_share_low")] public required double AliveShareLow { get; init; }
    [CsvColumn("alive_share_high")] public required double AliveShareHigh { get; init; }
    [CsvColumn("accuracy")] public required double? Accuracy { get; init; }
    [CsvColumn("accuracy_low")] public required double? AccuracyLow { get; init; }
    [CsvColumn("accuracy_high")] public required double? AccuracyHigh { get; init; }

    public static RunsRow Of(RunsStep step) => new()
    {
        Step = step.Step,
        Runs = step.Runs,
        Emergence = Text(step.Emergence.Median),
        EmergenceLow = Text(step.Emergence.Low),
        EmergenceHigh = Text(step.Emergence.High),
        AliveShare = step.AliveShare.Median,
        AliveShareLow = step.AliveShare.Low,
        AliveShareHigh = step.AliveShare.High,
        Accuracy = step.Accuracy?.Median,
        AccuracyLow = step.Accuracy?.Low,
        AccuracyHigh = step.Accuracy?.High,
    };

    private static string Text(EmergenceValue value) => value.Rounded.ToString(CultureInfo.InvariantCulture);
}
