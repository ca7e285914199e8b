using System.Collections.Immutable;
using Emergence.Tracing;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Reports.Inspection;

/// <summary>A form in which <c>inspect</c> shows a model.</summary>
/// <param name="Format">The word for <c>--format</c>.</param>
/// <param name="Write">UTF-8 without BOM, invariant culture, <c>\n</c>; the stream stays open.</param>
/// <param name="ShowsTensors">Whether it has a place for <see cref="LayerInspection.Tensors"/>.</param>
public sealed record InspectionWriter(string Format, Action<LayerInspection, Stream> Write, bool ShowsTensors = false);

/// <summary>Every form: one file of this folder and one line here each.</summary>
public static class InspectionWriters
{
    /// <summary>In the order in which help names them.</summary>
    public static ImmutableArray<InspectionWriter> All { get; } =
    [
        new("table", InspectionTable.Write, ShowsTensors: true),
        new("json", InspectionJson.Write, ShowsTensors: true),
        new("dot", InspectionDot.Write),
        new("mermaid", InspectionMermaid.Write),
    ];

    /// <summary>What a layer's nodes are, for people: <c>16×14×14</c> or <c>128</c>.</summary>
    internal static string Nodes(TracedLayer layer)
    {
        var positions = layer.Reading.Axes.Where(axis => axis.Role == AxisRole.Position).Select(axis => axis.Size);
        return string.Join('×', positions.Prepend(layer.Channels));
    }

    /// <summary>Operator, groups and activation in a few words.</summary>
    internal static string Kind(TracedLayer layer)
    {
        var groups = layer.Groups > 1 ? $" /{layer.Groups} groups" : "";
        return layer.Activation.Length > 0 ? $"{layer.Op}{groups} + {layer.Activation}" : $"{layer.Op}{groups}";
    }
}
