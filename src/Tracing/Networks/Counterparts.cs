using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Networks;

/// <summary>Finds, for each identity edge, which node of the earlier layer meets which node of the later one.</summary>
internal static class Counterparts
{
    /// <summary>
    /// The model with the map of each identity edge whose nodes do not simply meet index by index. Where which node meets which
    /// is not known, the edge becomes a dense one, and a warning names the operator on the way.
    /// </summary>
    public static TracedModel Resolve(TracedModel model)
    {
        var maps = ImmutableDictionary.CreateBuilder<LayerEdge, ElementMap>();
        var unknown = new Dictionary<(int From, int To), NodeProto?>();
        var routes = new Routes(model);
        for (var to = 0; to < model.Builders.Length; to++)
        {
            foreach (var meeting in model.Builders[to].IdentityFrom.GroupBy(from => from.Layer))
            {
                var from = model.Builders.IndexOf(meeting.Key);
                var pairs = new HashSet<(int, int)>();
                foreach (var (_, branch, merged) in meeting)
                {
                    if (Pairs(routes, model, from, to, branch, merged, out var obstacle) is { } found)
                        pairs.UnionWith(found);
                    else
                        unknown[(from, to)] = obstacle;
                }
                if (unknown.ContainsKey((from, to)))
                    continue;
                var (source, target) = (model.Graph.Layers[from], model.Graph.Layers[to]);
                var (sources, targets) = (source.Channels * source.Positions, target.Channels * target.Positions);
                if (sources != targets || pairs.Count != sources || pairs.Any(pair => pair.Item1 != pair.Item2))
                    maps[new LayerEdge(from, to, EdgeKind.Identity)] = ElementMap.FromPairs(sources, targets, [.. pairs.Order()]);
            }
        }
        return Resolve(model, maps.ToImmutable(), unknown);
    }

    private static TracedModel Resolve(
        TracedModel model, ImmutableDictionary<LayerEdge, ElementMap> maps, Dictionary<(int From, int To), NodeProto?> unknown)
    {
        var graph = model.Graph with { Counterparts = maps };
        if (unknown.Count == 0)
            return model with { Graph = graph };
        ImmutableArray<LayerEdge> edges =
        [
            .. graph.Edges.Select(edge =>
                edge.Kind == EdgeKind.Identity && unknown.ContainsKey((edge.From, edge.To))
                    ? edge with { Kind = EdgeKind.Dense }
                    : edge)
                .Distinct().OrderBy(edge => edge.From).ThenBy(edge => edge.To).ThenBy(edge => edge.Kind),
        ];
        var warnings = unknown.Select(meeting => Diagnostic.Warning(
            graph.Layers[meeting.Key.To].Name,
            $"which of its nodes meets which of '{graph.Layers[meeting.Key.From].Name}' is not known{Behind(meeting.Value)}: "
            + "each is taken to meet every one"));
        return model with
        {
            Graph = graph with { Edges = edges, Diagnostics = [.. graph.Diagnostics, .. warnings] },
            UnknownMeetings = unknown.Keys.ToHashSet(),
        };
    }

    /// <summary>Where an element's way is lost, for a message.</summary>
    internal static string Behind(NodeProto? obstacle) => obstacle is null ? ""
        : $" behind {obstacle.OpType} '{(obstacle.Name.Length > 0 ? obstacle.Name : obstacle.Output.FirstOrDefault())}'";

    private static HashSet<(int Source, int Target)>? Pairs(
        Routes routes, TracedModel model, int from, int to, string branch, string merged, out NodeProto? obstacle)
    {
        var merge = routes.Follow(branch, merged, out obstacle);
        var sources = NodesAt(routes, model, from, model.Builders[from], branch, out var before);
        // A layer that is closed before the branches meet stands there all the same, element by element.
        var targets = NodesAt(routes, model, to, model.Builders[to], merged, out var behind);
        obstacle ??= before ?? behind;
        if (merge is null || sources is null || targets is null)
            return null;
        var pairs = new HashSet<(int, int)>();
        for (var element = 0; element < targets.Length; element++)
        {
            foreach (var at in merge[element])
            {
                foreach (var source in sources[at])
                {
                    foreach (var target in targets[element])
                        pairs.Add((source, target));
                }
            }
        }
        return pairs;
    }

    /// <summary>The nodes of a layer that each element of a tensor comes from. The branch may leave the layer before the tensor
    /// it is read from.</summary>
    public static List<int>[]? NodesAt(Routes routes, TracedModel model, int index, LayerBuilder layer, string branch,
        out NodeProto? obstacle)
    {
        var nodeOf = NodesOf(model.Graph.Layers[index].Reading);
        if (routes.Follow(layer.Read.Name, branch, out obstacle) is { } direct)
        {
            var result = new List<int>[direct.From];
            for (var element = 0; element < result.Length; element++)
                result[element] = [.. direct[element].ToArray().Select(read => nodeOf[read]).Where(node => node >= 0)];
            return result;
        }
        // Through the operator's own output: node ← element read → element of the output → element of the branch.
        var origin = routes.Follow(layer.Output, layer.Read.Name);
        var onward = routes.Follow(layer.Output, branch, out var other);
        obstacle ??= other;
        if (origin is null || onward is null)
            return null;
        var nodesOfOutput = new Dictionary<int, List<int>>();
        for (var element = 0; element < nodeOf.Length; element++)
        {
            if (nodeOf[element] < 0)
                continue;
            foreach (var output in origin[element])
            {
                if (!nodesOfOutput.TryGetValue(output, out var list))
                    nodesOfOutput[output] = list = [];
                list.Add(nodeOf[element]);
            }
        }
        var nodes = new List<int>[onward.From];
        for (var element = 0; element < nodes.Length; element++)
            nodes[element] = [.. onward[element].ToArray().SelectMany(output => nodesOfOutput.GetValueOrDefault(output) ?? [])];
        return nodes;
    }

    /// <summary>The node, channel-major, at each element of the tensor a layer is read from; -1 beyond the first sample of the
    /// batch and outside its part.</summary>
    public static int[] NodesOf(Reading reading)
    {
        var dims = reading.Axes.Select(axis => axis.Size).ToArray();
        var strides = ElementMaps.Strides(dims);
        var weights = new int[dims.Length];
        var (position, channel) = (1, 1);
        int Length(int axis) => reading.Slice is { } slice && slice.Axis == axis ? slice.End - slice.Start : dims[axis];
        for (var axis = dims.Length - 1; axis >= 0; axis--)
        {
            if (reading.Axes[axis].Role != AxisRole.Position)
                continue;
            weights[axis] = position;
            position *= Length(axis);
        }
        for (var axis = dims.Length - 1; axis >= 0; axis--)
        {
            if (reading.Axes[axis].Role != AxisRole.Channel)
                continue;
            weights[axis] = channel * position;
            channel *= Length(axis);
        }
        var nodes = new int[Shapes.Count(dims)];
        for (var i = 0; i < nodes.Length; i++)
        {
            for (var axis = 0; axis < dims.Length; axis++)
            {
                var coordinate = i / strides[axis] % dims[axis];
                var start = reading.Slice is { } slice && slice.Axis == axis ? slice.Start : 0;
                if (reading.Axes[axis].Role == AxisRole.Batch && coordinate > 0 || coordinate < start
                    || coordinate >= start + Length(axis))
                {
                    nodes[i] = -1;
                    break;
                }
                nodes[i] += (coordinate - start) * weights[axis];
            }
        }
        return nodes;
    }
}
