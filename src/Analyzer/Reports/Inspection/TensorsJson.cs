using System.Text.Json;
using Emergence.Checkpoints;
using Emergence.Tracing;

namespace Emergence.Analyzer.Reports.Inspection;

/// <summary>A tensor of <c>inspect --tensors</c>, for scripts; docs/formats.md has the fields.</summary>
internal static class TensorsJson
{
    public static void Write(Utf8JsonWriter json, TensorInspection tensor)
    {
        json.WriteStartObject();
        json.WriteString("name", tensor.Name);
        json.WriteString("type", ElementTypes.NameOf(tensor.ElementType));
        if (tensor.Axes is { } axes)
            InspectionJson.Items(json, "axes", axes, axis => Write(json, axis));
        else
            json.WriteNull("axes");
        json.WriteBoolean("constant", tensor.IsConstant);
        InspectionJson.Items(json, "layers", tensor.Carried, carried => Write(json, carried));
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TensorAxis axis)
    {
        json.WriteStartObject();
        json.WriteNumber("size", axis.Size);
        InspectionJson.Items(json, "factors", axis.Factors, factor =>
        {
            json.WriteStartObject();
            json.WriteNumber("size", factor.Size);
            json.WriteString("role", factor.Role is { } role ? Spelling.Of(role) : null);
            json.WriteEndObject();
        });
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, CarriedLayer carried)
    {
        json.WriteStartObject();
        json.WriteNumber("layer", carried.Layer);
        json.WriteBoolean("whole", carried.IsWhole);
        json.WriteBoolean("aligned", carried.IsAligned);
        if (carried.Range is { } range)
        {
            json.WriteStartObject("range");
            json.WriteNumber("axis", range.Axis);
            json.WriteNumber("start", range.Start);
            json.WriteNumber("end", range.End);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("range");
        }
        json.WriteEndObject();
    }
}
