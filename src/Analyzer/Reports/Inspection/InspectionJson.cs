using System.Text.Encodings.Web;
using System.Text.Json;
using Emergence.Tracing;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Reports.Inspection;

/// <summary>All of it, for scripts.</summary>
internal static class InspectionJson
{
    public static void Write(LayerInspection inspection, Stream stream)
    {
        using (var json = new Utf8JsonWriter(stream,
            new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("file", inspection.File);
            json.WriteString("sha256", inspection.Sha256);
            json.WriteNumber("bytes", inspection.Bytes);
            json.WriteNumber("ir_version", inspection.IrVersion);
            json.WriteString("producer", inspection.Producer);
            Items(json, "opsets", inspection.Opsets, json.WriteStringValue);
            json.WriteNumber("parameters_traced", inspection.ParametersTraced);
            json.WriteNumber("parameters_nonzero", inspection.ParametersNonzero);
            json.WriteNumber("parameters_untraced", inspection.Graph.UntracedParameters);
            Items(json, "inputs", inspection.Graph.Inputs, input => Write(json, input));
            Items(json, "layers", inspection.Graph.Layers, layer => Write(json, layer));
            Items(json, "edges", inspection.Graph.Edges, edge =>
            {
                json.WriteStartObject();
                json.WriteNumber("from", edge.From);
                json.WriteNumber("to", edge.To);
                json.WriteString("kind", Spelling.Of(edge.Kind));
                json.WriteEndObject();
            });
            if (inspection.Tensors is { } tensors)
            {
                json.WriteNumber("batch", inspection.Graph.Batch);
                Items(json, "tensors", tensors, tensor => TensorsJson.Write(json, tensor));
            }
            Items(json, "diagnostics", inspection.Graph.Diagnostics, diagnostic =>
            {
                json.WriteStartObject();
                json.WriteString("severity", Spelling.Of(diagnostic.Severity));
                json.WriteString("subject", diagnostic.Subject);
                json.WriteString("message", diagnostic.Message);
                json.WriteEndObject();
            });
            json.WriteEndObject();
        }
        stream.WriteByte((byte)'\n');
    }

    private static void Write(Utf8JsonWriter json, ModelInput input)
    {
        json.WriteStartObject();
        json.WriteString("name", input.Name);
        json.WriteNumber("element_type", input.ElementType);
        Items(json, "shape", input.Shape, size =>
        {
            if (size is { } length)
                json.WriteNumberValue(length);
            else
                json.WriteNullValue();
        });
        json.WriteNumber("batch_axis", input.BatchAxis);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TracedLayer layer)
    {
        json.WriteStartObject();
        json.WriteNumber("index", layer.Index);
        json.WriteString("name", layer.Name);
        json.WriteString("op", layer.Op);
        json.WriteString("activation", layer.Activation);
        json.WriteString("tensor", layer.Reading.Tensor);
        json.WriteNumber("nodes", layer.Channels * layer.Positions);
        json.WriteNumber("channels", layer.Channels);
        json.WriteNumber("positions", layer.Positions);
        json.WriteNumber("groups", layer.Groups);
        json.WriteBoolean("convolution", layer.IsConvolution);
        Items(json, "parameters", layer.Parameters, parameter =>
        {
            json.WriteStartObject();
            json.WriteString("tensor", parameter.Tensor);
            json.WriteString("role", parameter.Role.ToString().ToLowerInvariant());
            json.WriteNumber("count", parameter.Count);
            json.WriteNumber("nonzero", parameter.Nonzero);
            json.WriteEndObject();
        });
        json.WriteEndObject();
    }

    internal static void Items<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
            write(item);
        json.WriteEndArray();
    }
}
