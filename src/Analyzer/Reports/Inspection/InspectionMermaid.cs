using System.Text;
using Emergence.Analyzer.Metrics;
using Emergence.CommandLine;
using Emergence.Tracing;

namespace Emergence.Analyzer.Reports.Inspection;

/// <summary>The layer graph for Mermaid, which many viewers of Markdown draw.</summary>
internal static class InspectionMermaid
{
    public static void Write(LayerInspection inspection, Stream stream)
    {
        var text = new StringBuilder("flowchart TD\n");
        foreach (var layer in inspection.Graph.Layers)
        {
            var (name, kind) = (Escape(layer.Name), Escape(InspectionWriters.Kind(layer)));
            text.Append($"  n{layer.Index}[\"{name}<br/>{kind}<br/>{InspectionWriters.Nodes(layer)}\"]\n");
        }
        foreach (var edge in inspection.Graph.Edges)
            text.Append($"  n{edge.From} {(edge.Kind == EdgeKind.Identity ? "-.->|identity|" : "-->")} n{edge.To}\n");
        stream.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static string Escape(string text) =>
        // "#" begins a character by its number, "`" a text in Markdown.
        Printable.Of(text).Replace("#", "#35;", StringComparison.Ordinal).Replace("`", "#96;", StringComparison.Ordinal)
            .Replace("&", "&amp;", StringComparison.Ordinal).Replace("\"", "&quot;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
}
