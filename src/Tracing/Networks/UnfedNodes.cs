using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;

namespace Emergence.Tracing.Networks;

/// <summary>Finds the nodes that nothing feeds: every incoming weight is exactly zero, and no skip connection enters.</summary>
internal static class UnfedNodes
{
    /// <summary>
    /// The unfed nodes of each layer, channel-major, by the layer's name. A layer whose weights are not known node by node
    /// is not there. Weights are read only of layers that have a zero among them.
    /// </summary>
    public static ImmutableDictionary<string, NodeMask> Of(TracedModel model, ConvNodes nodes)
    {
        var network = NetworkGraphs.Of(model.Graph, nodes);
        var routes = new Routes(model);
        var result = ImmutableDictionary.CreateBuilder<string, NodeMask>(StringComparer.Ordinal);
        foreach (var layer in model.Graph.Layers)
        {
            if (Of(model, layer, nodes, network.Layers[layer.Index].Nodes, routes) is not { } unfed)
                continue;
            // What meets its nodes in a way that is not known may feed each of them.
            if (model.UnknownMeetings.Any(meeting => meeting.To == layer.Index))
                Array.Clear(unfed);
            foreach (var edge in network.Edges.Where(edge => edge.To == layer.Index && edge.Kind == EdgeKind.Identity))
                RemoveTargets(edge.Map, unfed);
            result.Add(layer.Name, new NodeMask(unfed));
        }
        return result.ToImmutable();
    }

    private static bool[]? Of(TracedModel model, TracedLayer layer, ConvNodes nodes, int count, Routes routes)
    {
        var weights = layer.Parameters.Where(parameter => parameter.Role == ParameterRole.Weight).ToArray();
        if (weights.Length == 0)
            return null;
        if (weights.All(weight => weight.Nonzero == weight.Count))
            return new bool[count];
        var builder = model.Builders[layer.Index];
        if (OperatorWiring.Of(model, builder, nodes) is not { } wiring)
            return null;
        var fed = wiring.FedChannels();
        if (fed.All(isFed => isFed))
            return new bool[count];
        if (WiredNetwork.Inside(routes, model, layer.Index, nodes, count) is not { } inside)
            return null;

        var outputs = builder.IsConvolution && nodes == ConvNodes.Units ? WiredNetwork.PositionsOf(model, builder) : 1;
        var unfed = new bool[count];
        Array.Fill(unfed, true);
        foreach (var (output, node) in inside)
            unfed[node] &= !fed[output / outputs];
        return unfed;
    }

    private static void RemoveTargets(ElementMap? map, bool[] unfed)
    {
        if (map is null)
        {
            Array.Clear(unfed);
            return;
        }
        for (var source = 0; source < map.From; source++)
        {
            foreach (var target in map[source])
                unfed[target] = false;
        }
    }
}
