using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing;
using Emergence.Tracing.Model;

namespace Emergence.Pruning;

/// <summary>Which layers of a model the user wants pruned.</summary>
internal static class Candidates
{
    /// <summary>The selected layers, in topological order.</summary>
    /// <exception cref="UsageException">A glob matches no layer, or no layer is left.</exception>
    public static ImmutableArray<TracedLayer> Layers(LayerGraph graph, PruneOptions options)
    {
        if (options.Layer is { } name)
            return [graph.Layers.Single(layer => layer.Name == name)];
        var names = LayerSelection.Select(graph, options.Only, options.Exclude).Layers.Select(layer => layer.Name)
            .ToHashSet(StringComparer.Ordinal);
        var followed = graph.Edges.Select(edge => edge.From).ToHashSet();
        ImmutableArray<TracedLayer> layers =
            [.. graph.Layers.Where(layer =>
                names.Contains(layer.Name) && !(options.KeepOutput && !followed.Contains(layer.Index)))];
        return layers.IsEmpty
            ? throw new UsageException("--keep-output: leaves no layer to prune; leave it out")
            : layers;
    }

    /// <summary>
    /// The stored tensors of the selected layers that play one of the parts asked for, each once, with the layer that
    /// reads it first, and with the tensor it is a copy of (itself for most). A tensor that a layer left alone reads too
    /// is left alone.
    /// </summary>
    public static ImmutableArray<(TracedLayer Layer, string Tensor, string Original)> Tensors(
        LayerGraph graph, ImmutableArray<TracedLayer> selected, PruneOptions options, StoredTensors stored,
        List<Diagnostic> diagnostics)
    {
        // Of one layer alone, what it shares with others that may be pruned goes with it.
        var indices = (options.Layer is null ? selected : Layers(graph, options with { Layer = null }))
            .Select(layer => layer.Index)
            .ToHashSet();
        var result = ImmutableArray.CreateBuilder<(TracedLayer, string, string)>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var layer in selected)
        {
            foreach (var parameter in layer.Parameters.Where(parameter => options.Parameters.Contains(parameter.Role)))
            {
                if (!seen.Add(parameter.Tensor))
                    continue;
                if (parameter.IsPacked)
                    diagnostics.Add(
                        Diagnostic.Warning(layer.Name,
                        $"'{parameter.Tensor}' holds several weights in a byte: it is left alone"));
                else if (!stored.Contains(parameter.Tensor))
                    diagnostics.Add(
                        Diagnostic.Warning(layer.Name,
                        $"'{parameter.Tensor}' lies inside a function of the model: it is left alone"));
                else if (graph.Layers.FirstOrDefault(other =>
                    !indices.Contains(other.Index) && Reads(other, parameter.Tensor)) is { } other)
                    diagnostics.Add(
                        Diagnostic.Warning(layer.Name,
                        $"'{parameter.Tensor}' is shared with '{other.Name}', which is to be left alone: it is not pruned"));
                else
                    result.Add((layer, parameter.Tensor, parameter.Original));
            }
        }
        return result.ToImmutable();
    }

    private static bool Reads(TracedLayer layer, string tensor) => layer.Parameters.Any(parameter => parameter.Tensor == tensor);
}
