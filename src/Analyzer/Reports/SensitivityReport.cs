using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CsvHelper;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Reports;

/// <summary>A form of the sensitivity report: UTF-8, <c>\n</c>, invariant culture, the same bytes for the same results.</summary>
internal sealed record SensitivityWriter(string Format, Action<ImmutableArray<SensitivityResult>, Stream> Write);

/// <summary>Every form, in the order of help.</summary>
internal static class SensitivityWriters
{
    public static ImmutableArray<SensitivityWriter> All { get; } =
        [new("table", Table), new("csv", Csv), new("json", Json)];

    private static IEnumerable<SensitivityLine> Lines(ImmutableArray<SensitivityResult> results) =>
        from result in results
        from row in result.Rows
        from measurement in row.Measurements
        select SensitivityLine.Of(result, row, measurement);

    private static void Table(ImmutableArray<SensitivityResult> results, Stream stream)
    {
        SensitivityLine[] lines = [.. Lines(results)];
        var table = new TextTable();
        if (results.Length > 1)
            table.AddText("checkpoint", lines.Select(line => Path.GetFileName(line.Checkpoint)));
        table.AddText("layer", lines.Select(line => line.Layer ?? "(as it is)"));
        table.AddNumbers("amount", lines.Select(line => line.Layer is null ? "" : NumberText.Exact(line.Amount)));
        if (lines.Select(line => line.Threshold).Distinct().Count() > 1)
            table.AddNumbers("θ", lines.Select(line => NumberText.Exact(line.Threshold)));
        table.AddNumbers("accuracy", lines.Select(line => NumberText.Percent(line.Accuracy)));
        table.AddNumbers("change", lines.Select(line => NumberText.Significant(line.OutputChange)));
        table.AddNumbers("largest", lines.Select(line => NumberText.Significant(line.LargestChange)));
        table.AddNumbers("log10 E", lines.Select(line => NumberText.Log10(line.EmergenceLog10)));
        table.AddNumbers("log10 E_w", lines.Select(line => NumberText.Log10(line.EmergenceWiredLog10)));
        table.AddNumbers("Ẽ", lines.Select(line => NumberText.Significant(line.RelativeEmergence)));
        table.AddNumbers("Ẽ all", lines.Select(line => NumberText.Significant(line.RelativeEmergenceAll)));
        stream.Write(Encoding.UTF8.GetBytes(table.Write()));
    }

    private static void Csv(ImmutableArray<SensitivityResult> results, Stream stream)
    {
        using var csv = CsvWriter.Create(stream, CsvDialect.Options, leaveOpen: true);
        csv.WriteRecords(Lines(results).Select(line => line with
        {
            Checkpoint = CsvDialect.Name(line.Checkpoint),
            Layer = line.Layer is { } layer ? CsvDialect.Name(layer) : null,
        }));
    }

    private static void Json(ImmutableArray<SensitivityResult> results, Stream stream)
    {
        using (var json = new Utf8JsonWriter(stream,
            new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("schema_version", 1);
            json.WriteStartArray("rows");
            foreach (var line in Lines(results))
                line.Write(json);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        stream.WriteByte((byte)'\n');
    }
}

/// <summary>One layer pruned by one amount, under one threshold. The columns are described in docs/pruning.md.</summary>
[CsvRecord]
internal sealed partial record SensitivityLine
{
    [CsvColumn("checkpoint")] public required string Checkpoint { get; init; }
    [CsvColumn("layer")] public required string? Layer { get; init; }
    [CsvColumn("amount")] public required double Amount { get; init; }
    [CsvColumn("sparsity")] public required double Sparsity { get; init; }
    [CsvColumn("threshold")] public required float Threshold { get; init; }
    [CsvColumn("accuracy")] public required double? Accuracy { get; init; }
    [CsvColumn("output_change")] public required double? OutputChange { get; init; }
    [CsvColumn("largest_change")] public required double? LargestChange { get; init; }
    [CsvColumn("emergence")] public required string Emergence { get; init; }
    [CsvColumn("emergence_log10")] public required double? EmergenceLog10 { get; init; }
    [CsvColumn("emergence_wired")] public required string? EmergenceWired { get; init; }
    [CsvColumn("emergence_wired_log10")] public required double? EmergenceWiredLog10 { get; init; }
    [CsvColumn("relative_emergence")] public required double? RelativeEmergence { get; init; }
    [CsvColumn("relative_emergence_all")] public required double? RelativeEmergenceAll { get; init; }

    public static SensitivityLine Of(SensitivityResult result, SensitivityRow row, Measurement measurement) => new()
    {
        Checkpoint = result.File,
        Layer = row.Layer,
        Amount = row.Amount,
        Sparsity = row.Sparsity,
        Threshold = measurement.Threshold,
        Accuracy = row.Accuracy,
        OutputChange = Spelling.Finite(row.OutputChange),
        LargestChange = Spelling.Finite(row.LargestChange),
        Emergence = measurement.Emergence.Rounded.ToString(CultureInfo.InvariantCulture),
        EmergenceLog10 = measurement.Emergence.Log10,
        EmergenceWired = measurement.EmergenceWired?.Rounded.ToString(CultureInfo.InvariantCulture),
        EmergenceWiredLog10 = measurement.EmergenceWired?.Log10,
        RelativeEmergence = Spelling.Finite(measurement.RelativeEmergence),
        RelativeEmergenceAll = Spelling.Finite(measurement.RelativeEmergenceAll),
    };

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("checkpoint", Checkpoint);
        json.WriteString("layer", Layer);
        json.WriteNumber("amount", Amount);
        json.WriteNumber("sparsity", Sparsity);
        json.WriteNumber("threshold", Threshold);
        Number("accuracy", Accuracy);
        Number("output_change", OutputChange);
        Number("largest_change", LargestChange);
        json.WriteString("emergence", Emergence);
        Number("emergence_log10", EmergenceLog10);
        json.WriteString("emergence_wired", EmergenceWired);
        Number("emergence_wired_log10", EmergenceWiredLog10);
        Number("relative_emergence", RelativeEmergence);
        Number("relative_emergence_all", RelativeEmergenceAll);
        json.WriteEndObject();

        void Number(string name, double? value)
        {
            if (value is { } number)
                json.WriteNumber(name, number);
            else
                json.WriteNull(name);
        }
    }
}
