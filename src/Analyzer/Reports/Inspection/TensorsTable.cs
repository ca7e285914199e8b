using System.Collections.Immutable;
using System.Globalization;
using Emergence.Checkpoints;
using Emergence.Tracing;

namespace Emergence.Analyzer.Reports.Inspection;

/// <summary>A line per tensor: what the trace knows of it.</summary>
internal static class TensorsTable
{
    public static string Text(ImmutableArray<TensorInspection> tensors, int batch)
    {
        var table = new TextTable();
        table.AddText("tensor", tensors.Select(tensor => tensor.Name));
        table.AddText("type", tensors.Select(tensor => ElementTypes.NameOf(tensor.ElementType)));
        table.AddText("axes", tensors.Select(tensor => tensor.Axes is { } axes ? string.Join(", ", axes.Select(AxisText)) : "unknown"));
        table.AddText("constant", tensors.Select(tensor => tensor.IsConstant ? "yes" : ""));
        table.AddText("layers", tensors.Select(tensor => string.Join("; ", tensor.Carried.Select(CarriedText))));
        return $"{table.Write()}\n" + string.Create(CultureInfo.InvariantCulture, $"""
            axes: length and role, ? where none is known; a·b: one axis with two factors; a batch of {batch} is assumed where it is free
            layers: those the tensor carries; part: not all channels; mixed: elements are not single nodes; 1:0-8 on axis 1, from 0 up to 8

            """).ReplaceLineEndings("\n");
    }

    private static string AxisText(TensorAxis axis) => string.Join("·", axis.Factors.Select(factor =>
        string.Create(CultureInfo.InvariantCulture, $"{factor.Size} {(factor.Role is { } role ? Spelling.Of(role) : "?")}")));

    private static string CarriedText(CarriedLayer carried)
    {
        var range = carried.Range is { } part ? string.Create(CultureInfo.InvariantCulture, $" {part.Axis}:{part.Start}-{part.End}") : "";
        return $"{NumberText.Integer(carried.Layer)}{(carried.IsWhole ? "" : " part")}{(carried.IsAligned ? "" : " mixed")}{range}";
    }
}
