using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;
using Emergence.Tracing.Operators;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing;

/// <summary>Makes the immutable layer graph of a finished trace.</summary>
internal static class LayerGraphBuilder
{
    public static TracedModel Build(
        Trace trace, StoredTensors stored, InputBinding binding, IReadOnlyList<NodeProto> nodes,
        IReadOnlyDictionary<NodeProto, NodeContext> contexts, int opset, int failures)
    {
        var ordered = Sorted(trace.Layers);
        var index = ordered.Select((layer, i) => (layer, i)).ToDictionary(pair => pair.layer, pair => pair.i);
        var names = Names(ordered);
        var parameters = new ParameterCounts(stored, nodes);
        var layers = ordered.Select((layer, i) => Layer(layer, i, names[i], parameters)).ToImmutableArray();
        var edges = ordered.SelectMany(layer =>
                layer.DenseFrom.Select(from => new LayerEdge(index[from], index[layer], EdgeKind.Dense))
                    .Concat(layer.IdentityFrom.Select(from => new LayerEdge(index[from.Layer], index[layer], EdgeKind.Identity))))
            .Distinct().OrderBy(edge => edge.From).ThenBy(edge => edge.To).ThenBy(edge => edge.Kind).ToImmutableArray();
        var untraced = Untraced(trace, stored, nodes);
        // Readers of a trace ask for the shapes of all that a node reads, scales and zero points too.
        foreach (var input in nodes.SelectMany(node => node.Input))
            trace.Tensor(input);
        var inputs = binding.Inputs.Select(input => input with
        {
            Vocabulary = trace.Vocabularies.TryGetValue(input.Name, out var rows) ? rows : null,
        }).ToImmutableArray();
        var graph = new LayerGraph(layers, edges, inputs, untraced, [.. trace.Diagnostics]);
        var model = new TracedModel(graph, [.. ordered], trace.Tensors, nodes, trace.Constants, opset, failures)
        {
            Calls = contexts.ToDictionary(pair => pair.Key, pair => pair.Value.Call,
                (IEqualityComparer<NodeProto>)ReferenceEqualityComparer.Instance),
            Unmeasured = trace.UnknownShapes.Unmeasured,
            Unfit = trace.Unfit,
        };
        return Counterparts.Resolve(model);
    }

    /// <summary>Producers before consumers along every edge, in the order of the file wherever that will do.</summary>
    private static List<LayerBuilder> Sorted(List<LayerBuilder> layers)
    {
        var before = layers.ToDictionary(layer => layer,
            layer => layer.DenseFrom.Concat(layer.IdentityFrom.Select(from => from.Layer)).ToHashSet());
        var ready = new PriorityQueue<LayerBuilder, int>();
        var waiting = before.ToDictionary(pair => pair.Key, pair => pair.Value.Count);
        var after = before.SelectMany(pair => pair.Value.Select(from => (from, to: pair.Key)))
            .ToLookup(pair => pair.from, pair => pair.to);
        foreach (var layer in layers.Where(layer => waiting[layer] == 0))
            ready.Enqueue(layer, layer.Order);
        var result = new List<LayerBuilder>(layers.Count);
        while (ready.TryDequeue(out var next, out _))
        {
            result.Add(next);
            foreach (var layer in after[next].Where(layer => --waiting[layer] == 0))
                ready.Enqueue(layer, layer.Order);
        }
        return result.Count == layers.Count ? result : throw new InvalidOperationException("the traced layers form a cycle");
    }

    private static string[] Names(List<LayerBuilder> layers)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        return [.. layers.Select(layer =>
        {
            var name = layer.NodeName.Length > 0 ? layer.NodeName : layer.Output;
            if (!taken.Add(name) && !taken.Add(name = layer.Output))
                throw new InvalidOperationException($"two layers write the tensor '{name}'");
            return name;
        })];
    }

    private static TracedLayer Layer(LayerBuilder layer, int index, string name, ParameterCounts parameters)
    {
        var reading = Readings.Of(layer);
        int Product(AxisRole role) => reading.Axes
            .Select((axis, i) =>
                (axis.Role, Size: reading.Slice is { } slice && slice.Axis == i ? slice.End - slice.Start : axis.Size))
            .Where(axis => axis.Role == role).Aggregate(1, (count, axis) => checked(count * axis.Size));
        var positions = Product(AxisRole.Position);
        return new TracedLayer
        {
            Index = index,
            Name = name,
            Op = layer.Op,
            Activation = layer.Activation,
            Reading = reading,
            Channels = Product(AxisRole.Channel),
            Positions = positions,
            // Behind a merge with a convolution's values, the nodes of any layer are channels at positions.
            IsConvolution = layer.IsConvolution || positions > 1,
            Groups = layer.Groups,
            Parameters = [.. layer.Parameters.Select(parameter => parameters.Of(parameter.Tensor, parameter.Role))],
        };
    }

    /// <summary>Counts and names the stored tensors of weighted operators that ended up in no layer.</summary>
    private static long Untraced(Trace trace, StoredTensors stored, IReadOnlyList<NodeProto> nodes)
    {
        var owned = trace.Layers.SelectMany(layer => layer.Parameters)
            .Select(parameter => parameter.Tensor)
            .ToHashSet(StringComparer.Ordinal);
        var total = 0L;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (inside, outside) in trace.Hidden)
            total += inside + outside.Where(name => !owned.Contains(name) && seen.Add(name))
                .Sum(name => trace.Tensor(name)!.Count);
        foreach (var node in nodes)
        {
            if (OpRules.Find(node.Domain, node.OpType) is { Kind: not OpKind.Layer } || node.Output.Any(owned.Contains)
                || trace.IsStored(node) || trace.IsConstant(node) || trace.Unused.Contains(node))
                continue;
            var weights = node.Input.Where((input, i) => input.Length > 0 && !Quantizations.IsScale(node, i))
                .SelectMany(trace.Constants.Sources)
                .Distinct(StringComparer.Ordinal)
                .Where(name =>
                    stored.Contains(name) && !owned.Contains(name) && !trace.Absent.Contains(name)
                        && ParameterCounts.IsNumber(stored.ElementType(name))
                        && trace.Tensor(name) is { HasShape: true, Count: > 1 } && seen.Add(name)).ToArray();
            if (weights.Length == 0)
                continue;
            var count = weights.Sum(name => trace.Tensor(name)!.Count);
            total += count;
            trace.Diagnostics.Add(
                Diagnostic.Warning(node.Name.Length > 0 ? node.Name : node.Output.FirstOrDefault() ?? node.OpType,
                $"{count} parameters of this {node.OpType} ({string.Join(", ", weights)}) are in no layer"));
        }
        return total;
    }
}
