using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>
/// A layer graph in the words of the tests. A layer is a line <c>Conv Relu y [B C3 P4 P4] n=48 m=3 (w +b *scale)</c>:
/// operator, activation function (or -), the tensor it is read from, its axes (B batch, S samples, C channels, P
/// positions, <c>C2..5</c> a slice, <c>~</c> reshaped first), and its parameters (weights, +biases, *normalization).
/// An edge is <c>0&gt;1</c> where it is dense and <c>0=1</c> where it is identity; all stand on the last line.
/// </summary>
internal static class GraphText
{
    public static string Of(LayerGraph graph) =>
        string.Join('\n', graph.Layers.Select(LayerLine)) + "\n" + string.Join(' ', graph.Edges.Select(EdgeText));

    /// <summary>The text without indentation and blank lines at its ends, and with an empty line of edges
    /// where there is none.</summary>
    public static string Tidy(string text)
    {
        var lines = text.Trim().Split('\n').Select(line => line.Trim()).ToList();
        if (lines[^1].Contains('['))
            lines.Add("");
        return string.Join('\n', lines);
    }

    public static string EdgeText(LayerEdge edge) => $"{edge.From}{(edge.Kind == EdgeKind.Dense ? '>' : '=')}{edge.To}";

    private static string LayerLine(TracedLayer layer)
    {
        var reading = layer.Reading;
        var axes = reading.Axes.Select((axis, i) => Role(axis.Role) + (axis.Role == AxisRole.Batch ? ""
            : reading.Slice is { } slice && slice.Axis == i ? $"{slice.Start}..{slice.End}" : $"{axis.Size}"));
        var n = layer.Channels * layer.Positions;
        var m = layer.IsConvolution ? layer.Channels : n;
        var parameters = layer.Parameters.Select(parameter => parameter.Role switch
        {
            ParameterRole.Weight => "",
            ParameterRole.Bias => "+",
            _ => "*",
        } + parameter.Tensor);
        return $"{layer.Op} {(layer.Activation.Length > 0 ? layer.Activation : "-")} {reading.Tensor} "
            + (reading.Quantization is { } quantization ? $"quantized by {quantization.Scale} {quantization.ZeroPoint} " : "")
            + $"{(reading.Reshape is null ? "" : "~")}[{string.Join(' ', axes)}] n={n} m={m}"
            + (layer.Groups > 1 ? $" g={layer.Groups}" : "")
            + (layer.Parameters.IsEmpty ? "" : $" ({string.Join(' ', parameters)})");
    }

    private static char Role(AxisRole role) => role switch
    {
        AxisRole.Batch => 'B',
        AxisRole.Sample => 'S',
        AxisRole.Channel => 'C',
        _ => 'P',
    };
}
