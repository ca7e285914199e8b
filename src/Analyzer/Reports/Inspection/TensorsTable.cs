using System.Collections.Immutable;
using System.Globalization;
using Emergence.Checkpoints;
using Emergence.Tracing;

namespace Emergence.Analyzer.Reports.Inspection;

/// <summary>A line per tensor: what the trace knows of it.</summary>
internal static class TensorsTable
{
    public static string Text(ImmutableArray<TensorInspection> tensors, int batch, int? columns)
    {
        var table = new TextTable();
        table.AddNames("tensor", tensors.Select(tensor => tensor.Name));
        table.AddText("type", tensors.Select(tensor => ElementTypes.NameOf(tensor.ElementType)));
        table.AddText("axes", tensors.Select(AxesText));
        table.AddText("constant", tensors.Select(tensor => tensor.IsConstant ? "yes" : ""));
        table.AddText("layers", tensors.Select(tensor => string.Join("; ", tensor.Carried.Select(CarriedText))));
        if (columns is { } width)
            table.Fit(width);
        return $"{table.Write()}\n"
            + WrappedText.Of(string.Create(CultureInfo.InvariantCulture,
                $"axes: length and role, ? if unknown; a·b: one axis with two factors; a free batch is taken to be {batch}"))
            + WrappedText.Of("layers: those it carries; part: not all channels; mixed: elements are not single nodes; "
                + "1:0-8: 0 to 7 of axis 1");
    }

    private static string AxesText(TensorInspection tensor) => tensor.Axes is not { } axes ? "unknown"
        : axes.IsEmpty ? "scalar"
        : string.Join(", ", axes.Select(AxisText));

    private static string AxisText(TensorAxis axis) => string.Join("·", axis.Factors.Select(factor =>
        $"{NumberText.Integer(factor.Size)} {(factor.Role is { } role ? Spelling.Of(role) : "?")}"));

    private static string CarriedText(CarriedLayer carried)
    {
        var range = carried.Range is { } part ? FormattableString.Invariant($" {part.Axis}:{part.Start}-{part.End}") : "";
        var parts = $"{(carried.IsWhole ? "" : " part")}{(carried.IsAligned ? "" : " mixed")}{range}";
        return $"{NumberText.Integer(carried.Layer)}{parts}";
    }
}
