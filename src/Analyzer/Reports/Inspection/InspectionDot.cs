using System.Text;
using Emergence.Analyzer.Metrics;
using Emergence.CommandLine;
using Emergence.Tracing;

namespace Emergence.Analyzer.Reports.Inspection;

/// <summary>The layer graph for Graphviz.</summary>
internal static class InspectionDot
{
    public static void Write(LayerInspection inspection, Stream stream)
    {
        var text = new StringBuilder("digraph layers {\n  node [shape=box, fontname=\"sans-serif\"];\n");
        foreach (var layer in inspection.Graph.Layers)
        {
            var (name, kind) = (Escape(layer.Name), Escape(InspectionWriters.Kind(layer)));
            text.Append($"  n{layer.Index} [label=\"{name}\\n{kind}\\n{InspectionWriters.Nodes(layer)}\"];\n");
        }
        foreach (var edge in inspection.Graph.Edges)
        {
            var style = edge.Kind == EdgeKind.Identity ? " [style=dashed, label=\"identity\"]" : "";
            text.Append($"  n{edge.From} -> n{edge.To}{style};\n");
        }
        text.Append("}\n");
        stream.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static string Escape(string text) =>
        Printable.Of(text).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
}
