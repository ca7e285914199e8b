using System.Collections.Immutable;
using System.Text.Json;
using Emergence.Analyzer.Comparison;
using static Emergence.Analyzer.Reports.JsonFields;

namespace Emergence.Analyzer.Reports;

/// <summary>A comparison for scripts; docs/formats.md describes the fields.</summary>
internal static class ComparisonJson
{
    public static void Write(ModelComparison comparison, Stream stream)
    {
        using (var json = new Utf8JsonWriter(stream, JsonReport.Options))
        {
            json.WriteStartObject();
            Side(json, "a", comparison.A);
            Side(json, "b", comparison.B);
            json.WriteString("emergence_change", comparison.Step?.Change.ToString());
            json.WriteString("structure_change", comparison.Step?.Structure.ToString());
            Array(json, "layers", comparison.Layers, layer => Write(json, layer, comparison));
            json.WriteEndObject();
        }
        stream.WriteByte((byte)'\n');
    }

    private static void Side(Utf8JsonWriter json, string name, ComparedSide side)
    {
        var measurement = side.Measurement;
        json.WriteStartObject(name);
        json.WriteString("name", side.Name);
        json.WriteString("file", side.Last.File);
        Number(json, "epoch", side.Last.Epoch);
        json.WriteString("sha256", side.Last.Sha256);
        Number(json, "bytes", side.Last.Bytes);
        json.WriteNumber("parameters", side.Last.Parameters);
        json.WriteNumber("parameters_nonzero", side.Last.ParametersNonzero);
        Number(json, "accuracy", side.Last.Accuracy);
        json.WriteNumber("threshold", measurement.Threshold);
        json.WriteNumber("nodes", measurement.Nodes);
        json.WriteNumber("alive", measurement.Alive);
        Exact(json, "emergence", measurement.Emergence);
        Number(json, "relative_emergence", measurement.RelativeEmergence);
        Number(json, "relative_emergence_all", measurement.RelativeEmergenceAll);
        json.WriteString("verdict", side.Verdict is { } verdict ? Spelling.Of(verdict.Kind) : null);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, LayerComparison layer, ModelComparison comparison)
    {
        json.WriteString("name_a", layer.Before?.Name);
        json.WriteString("name_b", layer.After?.Name);
        json.WriteString("match", Spelling.Of(layer.Match));
        Number(json, "nodes_a", layer.Before?.Nodes);
        Number(json, "nodes_b", layer.After?.Nodes);
        Number(json, "alive_a", layer.Before?.Alive);
        Number(json, "alive_b", layer.After?.Alive);
        Nodes(json, "became_active", layer.BecameActive);
        Nodes(json, "died", layer.Died);
        json.WriteString("contribution", layer.After is { } after
            ? comparison.Step?.Split?.Layers[after.Index].Contribution.ToString() : null);
    }

    private static void Nodes(Utf8JsonWriter json, string name, ImmutableArray<int> nodes)
    {
        if (nodes.IsDefault)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartArray(name);
        foreach (var node in nodes)
            json.WriteNumberValue(node);
        json.WriteEndArray();
    }
}
