using Emergence.Checkpoints;
using Emergence.Tracing;

namespace Samples;

/// <summary>Prints the layers of a model and how they feed each other.</summary>
public static class TraceSample
{
    public static void Run(string file, TextWriter output)
    {
        var graph = LayerTracer.Trace(Checkpoint.Open(file), new TraceOptions());
        foreach (var layer in graph.Layers)
            output.WriteLine($"{layer.Index}: {layer.Name}, {layer.Op} {layer.Activation}, {layer.Channels} channels");
        foreach (var edge in graph.Edges)
            output.WriteLine($"{edge.From} -> {edge.To}, {edge.Kind}");
        foreach (var diagnostic in graph.Diagnostics)
            output.WriteLine(diagnostic);
    }
}
