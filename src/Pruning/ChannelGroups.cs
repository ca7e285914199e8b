using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing;
using Emergence.Tracing.Rewriting;
using Onnx;

namespace Emergence.Pruning;

/// <summary>Nodes that can only be cut out together.</summary>
/// <param name="Members">By layer name, which of its nodes; in topological order of the layers.</param>
/// <param name="Pin">Why they cannot be cut out; null where they can.</param>
public sealed record ChannelGroup(ImmutableArray<(string Layer, ImmutableArray<int> Nodes)> Members, string? Pin)
{
    /// <summary>Number of nodes.</summary>
    public int Count => Members.Sum(member => member.Nodes.Length);
}

/// <summary>Finds which nodes of a model depend on each other, by the order of their layers and their own.</summary>
public static class ChannelGroups
{
    /// <summary>The groups of all nodes that can be removed; those of the parts of a grouped convolution by
    /// the norm of their weights.</summary>
    /// <exception cref="UserException">The model cannot be traced.</exception>
    public static ImmutableArray<ChannelGroup> Of(Checkpoint checkpoint, TraceOptions options)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        checkpoint = ModelPreparation.HoistBodies(checkpoint);
        var traced = LayerTracer.TraceFully(checkpoint, options);
        var flow = ChannelFlow.Of(
            traced, new StoredTensors(checkpoint.Model, checkpoint.Directory), checkpoint.Model.Graph,
            NodePruner.CopiesOf(traced, checkpoint.Model.Graph).Keys.ToHashSet<NodeProto>(ReferenceEqualityComparer.Instance));
        var places = flow.Units.SelectMany(layer => layer.Value.Select((unit, index) => (unit, layer: layer.Key, index)))
            .ToDictionary(place => place.unit);
        var groups = flow.Signals.Groups(places.Keys.ToDictionary(unit => unit, unit => 1.0));
        return
        [
            .. groups.OrderBy(group => group.Units[0]).Select(group => new ChannelGroup(
                [
                    .. group.Units.Select(unit => places[unit])
                        .GroupBy(place => place.layer, place => place.index)
                        .OrderBy(layer => layer.Key)
                        .Select(layer => (traced.Graph.Layers[layer.Key].Name, layer.Order().ToImmutableArray())),
                ],
                group.Pin)),
        ];
    }
}
