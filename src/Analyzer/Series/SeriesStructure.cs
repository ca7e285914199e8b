using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Series;

/// <summary>The checkpoints of a series do not have the same layers and edges, so that their numbers cannot
/// be compared.</summary>
public sealed class StructureException : UserException
{
    /// <inheritdoc cref="UserException(string)"/>
    public StructureException(string message) : base(message)
    {
    }
}

/// <summary>Divides a series into segments of one structure.</summary>
/// <param name="isStrict">Whether there may be but one.</param>
public sealed class SeriesStructure(bool isStrict)
{
    private (string File, LayerGraph Graph)? last;

    /// <summary>Compares a graph with the one before it; where it differs it is the first of another segment.</summary>
    /// <returns>What changed, where a segment begins behind another; else null.</returns>
    /// <exception cref="StructureException">A layer's name, operator or number of nodes differs, or an edge, and there may be but
    /// one segment.</exception>
    public Diagnostic? Follow(string file, LayerGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        // With the last, not with the first of the segment, which another process may analyze; they have one structure.
        var before = last ?? (file, graph);
        last = (file, graph);
        if (Difference(before.Graph, graph) is not { } difference)
            return null;
        if (isStrict)
            throw new StructureException(
                $"{file}: {difference} in {before.File}: the structure changes within the series; analyze the two apart");
        return Diagnostic.Warning("",
            $"{difference} in {before.File}: the structure changes, so a new segment of the series begins; refuse such series "
            + "with --strict-series");
    }

    /// <summary>The first difference, as "what is here where it was that"; null if there is none.</summary>
    private static string? Difference(LayerGraph before, LayerGraph now)
    {
        foreach (var (was, layer) in before.Layers.Zip(now.Layers))
        {
            if (Describe(layer) != Describe(was))
                return $"layer {layer.Index} is {Describe(layer)} where it was {Describe(was)}";
        }
        if (now.Layers.Length != before.Layers.Length)
            return $"there are {now.Layers.Length} layers where there were {before.Layers.Length}";
        if (now.Edges.Except(before.Edges).FirstOrDefault() is { } added)
            return $"there is {Describe(now, added)} where there was none";
        if (before.Edges.Except(now.Edges).FirstOrDefault() is { } removed)
            return $"there is no {Describe(before, removed)[2..]} where there was one";
        return null;
    }

    private static string Describe(TracedLayer layer) =>
        $"'{layer.Name}' ({layer.Op}, {(layer.Positions == 1 ? $"{layer.Channels}" : $"{layer.Channels}×{layer.Positions}")} "
        + "nodes)";

    private static string Describe(LayerGraph graph, LayerEdge edge) =>
        $"{(edge.Kind == EdgeKind.Dense ? "a dense" : "an identity")} edge from '{graph.Layers[edge.From].Name}' to "
        + $"'{graph.Layers[edge.To].Name}'";
}
