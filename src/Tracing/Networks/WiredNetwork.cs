using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Onnx;

namespace Emergence.Tracing.Networks;

/// <summary>The layer graph with the connections that exist, node by node, as E_w counts them.</summary>
/// <param name="Network">The layers and edges; a dense edge without a wiring connects every node with every node.</param>
/// <param name="Diagnostics">Which layers' connections are not known node by node.</param>
internal sealed record WiredNetwork(NetworkGraph Network, ImmutableArray<Diagnostic> Diagnostics)
{
    /// <summary>Reads the connections from a traced model's weights.</summary>
    public static WiredNetwork Of(TracedModel model, ConvNodes nodes)
    {
        var plain = NetworkGraphs.Of(model.Graph, nodes);
        var routes = new Routes(model);
        var diagnostics = ImmutableArray.CreateBuilder<Diagnostic>();
        var edges = new List<NetworkEdge>(plain.Edges.Where(edge => edge.Kind == EdgeKind.Identity));
        for (var to = 0; to < model.Builders.Length; to++)
        {
            var into = plain.Edges.Where(edge => edge.To == to && edge.Kind == EdgeKind.Dense).ToArray();
            if (into.Length == 0)
                continue;
            var wiring = OperatorWiring.Of(model, model.Builders[to], nodes);
            var inside = wiring is null ? null : Inside(routes, model, to, nodes, plain.Layers[to].Nodes);
            if (wiring is null || inside is null)
            {
                diagnostics.Add(
                    Diagnostic.Note(model.Graph.Layers[to].Name,
                    $"the connections of this {model.Graph.Layers[to].Op} are not known node by node: E_w takes it as dense"));
                edges.AddRange(into);
                continue;
            }
            Wiring? shared = null;
            foreach (var edge in into)
            {
                var pairs = Units(routes, model, edge.From, wiring, nodes, out var obstacle);
                if (pairs is null || model.UnknownMeetings.Contains((edge.From, to)))
                {
                    var how = obstacle is null
                        ? "through a mixture of its nodes"
                        : $"in a way that is not known{Counterparts.Behind(obstacle)}";
                    diagnostics.Add(Diagnostic.Note(
                        model.Graph.Layers[to].Name,
                        $"fed by '{model.Graph.Layers[edge.From].Name}' {how}: E_w takes this edge as dense"));
                    edges.Add(edge);
                    continue;
                }
                var map = ElementMap.FromPairs(plain.Layers[edge.From].Nodes, wiring.Inputs, pairs);
                // A filter, flattened, stands at several inputs of a dense layer: one connection where any of them is.
                var merges = nodes == ConvNodes.Filters && map.FanOut > 1 && !model.Builders[to].IsConvolution;
                edges.Add(merges
                    ? NetworkEdge.Dense(edge.From, to, Placed(wiring.Pattern(map), inside))
                    : NetworkEdge.Dense(edge.From, to, shared ??= Placed(wiring.Pattern(null), inside), map));
            }
        }
        return new WiredNetwork(new NetworkGraph(plain.Layers, edges), diagnostics.ToImmutable());
    }

    private static Wiring Placed(Wiring wiring, (int, int)[] inside)
    {
        var isIdentity = wiring.Outputs == inside.Length && inside.All(pair => pair.Item1 == pair.Item2);
        return isIdentity
            ? wiring
            : wiring.Then(ElementMap.FromPairs(wiring.Outputs, inside.Max(pair => pair.Item2) + 1, inside));
    }

    /// <summary>From the operator's own outputs to the layer's nodes, through what the layer holds besides;
    /// null where that is not traced.</summary>
    internal static (int Output, int Node)[]? Inside(Routes routes, TracedModel model, int layer, ConvNodes nodes, int count)
    {
        var builder = model.Builders[layer];
        var output = OutputOf(model, builder);
        var reading = model.Graph.Layers[layer].Reading;
        if (routes.Follow(output.Name, reading.Tensor) is not { } labels)
            return null;
        var outputs = Counterparts.NodesOf(Readings.Of(output));
        var read = Counterparts.NodesOf(reading);
        var outputPositions = nodes == ConvNodes.Filters ? PositionsOf(Readings.Of(output)) : 1;
        var readPositions = NetworkGraphs.UnitsPerNode(model.Graph.Layers[layer], nodes);
        var pairs = new HashSet<(int, int)>();
        for (var element = 0; element < read.Length; element++)
        {
            if (read[element] < 0)
                continue;
            foreach (var source in labels[element])
            {
                if (outputs[source] >= 0)
                    pairs.Add((outputs[source] / outputPositions, read[element] / readPositions));
            }
        }
        return pairs.Count == 0 || pairs.Max(pair => pair.Item2) + 1 != count ? null : [.. pairs.Order()];
    }

    /// <summary>Which input unit of an operator each node of an earlier layer is; null where nodes were
    /// mixed on the way.</summary>
    private static (int Node, int Unit)[]? Units(
        Routes routes, TracedModel model, int from, OperatorWiring wiring, ConvNodes nodes, out NodeProto? obstacle)
    {
        var source = model.Builders[from];
        obstacle = null;
        if (model.Tensors[wiring.Data].Carries.FirstOrDefault(carry => carry.Layer == source) is not { IsAligned: true }
            || Counterparts.NodesAt(routes, model, from, source, wiring.Data, out obstacle) is not { } at)
        {
            return null;
        }
        var positions = NetworkGraphs.UnitsPerNode(model.Graph.Layers[from], nodes);
        var pairs = new HashSet<(int, int)>();
        for (var element = 0; element < at.Length; element++)
        {
            foreach (var node in at[element])
                pairs.Add((node / positions, wiring.UnitOf(element)));
        }
        return [.. pairs.Order()];
    }

    /// <summary>Positions of each channel in a layer's operator's own output.</summary>
    internal static int PositionsOf(TracedModel model, LayerBuilder builder) =>
        PositionsOf(Readings.Of(OutputOf(model, builder)));

    private static TracedTensor OutputOf(TracedModel model, LayerBuilder builder) =>
        model.Tensors.TryGetValue(builder.Output, out var output) ? output : builder.Read;

    private static int PositionsOf(Reading reading) =>
        reading.Axes.Where(axis => axis.Role == AxisRole.Position).Aggregate(1, (count, axis) => count * axis.Size);
}
