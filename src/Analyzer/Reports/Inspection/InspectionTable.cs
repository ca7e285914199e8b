using System.Text;
using Emergence.CommandLine;
using Emergence.Tracing;

namespace Emergence.Analyzer.Reports.Inspection;

/// <summary>A line per layer, and above it what the file is.</summary>
internal static class InspectionTable
{
    // What other columns tell too goes first.
    private const int Multiplicity = 0, Nonzero = 1, Parameters = 2;

    public static void Write(LayerInspection inspection, Stream stream) => Write(inspection, stream, null);

    /// <summary>The table in the width of a terminal.</summary>
    /// <param name="inspection">What was traced.</param>
    /// <param name="stream">Where it goes.</param>
    /// <param name="columns">Of the terminal; null if there is none.</param>
    public static void Write(LayerInspection inspection, Stream stream, int? columns)
    {
        var layers = inspection.Graph.Layers;
        var table = new TextTable();
        table.AddNumbers("#", layers.Select(layer => NumberText.Integer(layer.Index)));
        table.AddNames("layer", layers.Select(layer => layer.Name));
        table.AddText("operator", layers.Select(InspectionWriters.Kind));
        table.AddText("nodes", layers.Select(InspectionWriters.Nodes));
        table.AddNumbers("n", layers.Select(layer => NumberText.Integer(layer.Channels * layer.Positions)));
        table.AddNumbers("m",
            layers.Select(layer => NumberText.Integer(layer.IsConvolution ? layer.Channels : layer.Channels * layer.Positions)),
            Multiplicity);
        table.AddNumbers("parameters",
            layers.Select(layer => NumberText.Integer(layer.Parameters.Sum(parameter => parameter.Count))), Parameters);
        table.AddNumbers("non-zero",
            layers.Select(layer => NumberText.Integer(layer.Parameters.Sum(parameter => parameter.Nonzero))), Nonzero);
        table.AddText("fed by", layers.Select(layer => inspection.FedBy(layer.Index)));
        string[] gone = columns is { } width ? [.. table.Fit(width)] : [];
        var text = new StringBuilder();
        var origin = inspection.Producer.Length > 0 ? inspection.Producer : "unknown producer";
        var about = $"{inspection.File}: {origin}, IR {inspection.IrVersion}, {string.Join(", ", inspection.Opsets)}";
        text.Append(WrappedText.Of($"{Printable.Of(about)}, {NumberText.Integer(inspection.Bytes)} bytes"));
        foreach (var input in inspection.Graph.Inputs)
        {
            var shape = string.Join(",", input.Shape.Select(size => size is { } known ? $"{known}" : "N"));
            text.Append($"input {Printable.Of(input.Name)} [{shape}]\n");
        }
        text.Append('\n').Append(table.Write()).Append('\n').Append(WrappedText.LeftOut(gone, "json"));
        text.Append(WrappedText.Of(
            $"{layers.Length} layers, {NumberText.Integer(inspection.ParametersTraced)} parameters traced, "
            + $"{NumberText.Integer(inspection.ParametersNonzero)} of them not zero, "
            + $"{NumberText.Integer(inspection.Graph.UntracedParameters)} in no layer"));
        text.Append(WrappedText.Of("n: nodes, m: path multiplicity; fed by: 3 every node of layer 3, 3= each node by the "
            + "corresponding node of layer 3"));
        if (inspection.Tensors is { } tensors)
            text.Append('\n').Append(TensorsTable.Text(tensors, inspection.Graph.Batch, columns));
        stream.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }
}
