using System.Collections.Immutable;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Emergence.Analyzer.Reports;

/// <summary>Everything, as JSON.</summary>
internal static class PruneJson
{
    private static readonly JsonWriterOptions Options =
        new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(ImmutableArray<PruneReport> reports, Stream stream)
    {
        using (var json = new Utf8JsonWriter(stream, Options))
        {
            json.WriteStartObject();
            json.WriteNumber("schema_version", 1);
            json.WriteStartArray("outputs");
            foreach (var report in reports)
                Write(json, report);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        stream.WriteByte((byte)'\n');
    }

    private static void Write(Utf8JsonWriter json, PruneReport report)
    {
        json.WriteStartObject();
        json.WriteString("checkpoint", report.File);
        json.WriteString("output", report.Output);
        json.WriteString("structure", report.Record.Structure);
        json.WriteString("scope", report.Record.Scope);
        json.WriteString("of", report.Record.Of);
        json.WriteNumber("amount", report.Record.Amount);
        json.WriteNumber("candidates", report.Record.Candidates);
        json.WriteNumber("pruned", report.Record.Pruned);
        json.WriteNumber("weights", report.Weights);
        json.WriteNumber("zeros", report.Zeros);
        json.WriteNumber("sparsity", report.Sparsity);
        if (report.Effect is { } effect)
            Write(json, effect);
        json.WriteStartArray("layers");
        foreach (var layer in report.Layers)
        {
            json.WriteStartObject();
            json.WriteNumber("index", layer.Index);
            json.WriteString("name", layer.Name);
            json.WriteString("op", layer.Op);
            json.WriteBoolean("pruned", layer.IsSelected);
            json.WriteNumber("weights", layer.Weights);
            json.WriteNumber("zeros_before", layer.ZerosBefore);
            json.WriteNumber("zeros", layer.Zeros);
            json.WriteNumber("sparsity", layer.Sparsity);
            json.WriteNumber("nodes", layer.Units);
            json.WriteNumber("nodes_removed", layer.UnitsRemoved);
            json.WriteNumber("nodes_cut", layer.UnitsCut);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, PruneEffect effect)
    {
        json.WriteStartObject("effect");
        json.WriteNumber("samples", effect.Samples);
        WriteOrNull(json, "accuracy_before", effect.AccuracyBefore);
        WriteOrNull(json, "accuracy", effect.AccuracyAfter);
        WriteOrNull(json, "output_change", Spelling.Finite(effect.OutputChange));
        json.WriteString("emergence_before", effect.Before.Emergence.Rounded.ToString(CultureInfo.InvariantCulture));
        json.WriteString("emergence", effect.After.Emergence.Rounded.ToString(CultureInfo.InvariantCulture));
        json.WriteEndObject();
    }

    private static void WriteOrNull(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }
}
