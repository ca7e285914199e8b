using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using Onnx;

namespace Emergence.Tracing.LayerReadings;

/// <summary>What the tensors and nodes of a trace are to one layer.</summary>
/// <param name="trace">The finished trace.</param>
/// <param name="values">Who reads what.</param>
/// <param name="nodes">Each node as its rule saw it.</param>
/// <param name="layer">The layer.</param>
internal sealed class LayerView(
    Trace trace, ValueGraph values, IReadOnlyDictionary<NodeProto, NodeContext> nodes, LayerBuilder layer)
{
    /// <summary>The layer.</summary>
    public LayerBuilder Layer => layer;

    /// <summary>Who reads what.</summary>
    public ValueGraph Values => values;

    /// <summary>A tensor of the trace; null where it has no tensor of that name.</summary>
    public TracedTensor? Tensor(string name) => trace.Tensor(name);

    /// <summary>A node as its rule saw it.</summary>
    public NodeContext Context(NodeProto node) => nodes[node];

    /// <summary>A tensor in which each of the layer's nodes stands once on every sample (or, pooled, each
    /// of its channels).</summary>
    public bool HoldsAllNodes(string name, bool isPooled = false)
    {
        if (trace.Tensor(name) is not { HasShape: true } tensor
            || tensor.Carries.FirstOrDefault(carry => carry.Layer == layer) is not { IsAligned: true, IsWhole: true })
            return false;
        var (before, after) = (NodeCount.Of(layer.Read, layer.ReadRange),
            NodeCount.Of(tensor, tensor.Carries.First(carry => carry.Layer == layer).Range));
        return before.Channels == after.Channels && (isPooled || before.Positions == after.Positions);
    }

    /// <summary>Whether a node reads a tensor to hand on the layer's values, all or some of them.</summary>
    public bool IsPart(NodeProto node, string tensor) =>
        // A node may read it from within a body alone.
        node.OpType == "Concat" || node.Input is [var first, ..] && values.Of(first) == values.Of(tensor)
        && (ValueGraph.IsLayout(node) || Pooling.Of(nodes[node]) is ValueFlow.Selection or ValueFlow.Largest);

    /// <summary>
    /// The results of nodes that are read and hold a part of the layer. Where none does, as all of it is cut off, all that are
    /// read: a function behind the cut is then the layer's as it would be in front of it.
    /// </summary>
    public string[] UsedParts(params IEnumerable<NodeProto> nodes)
    {
        var read = nodes.SelectMany(node => node.Output)
            .Where(output => output.Length > 0 && values.ReadersOf(output).Count > 0 && trace.Tensor(output) is not null)
            .ToArray();
        var held = Array.FindAll(read, output => trace.Tensor(output)!.Carries.Any(carry => carry.Layer == layer));
        return held.Length > 0 ? held : read;
    }

    /// <summary>Further outputs of the layer's operator that repeat its nodes and are read.</summary>
    public string[] UsedRepeats => [.. layer.Repeats.Keys.Where(output => values.ReadersOf(output).Count > 0)];

    /// <summary>Whether a node only compares, for another to choose by.</summary>
    public bool Decides(NodeProto node, NodeProto choice, int depth = 0) =>
        depth < 4 && OpRules.Find(node.Domain, node.OpType) is PredicateRule && node.Output is [var answer]
        && values.ReadersOf(answer) is { Count: > 0 } readers
        && readers.All(reader => reader == choice || Decides(reader, choice, depth + 1));

    /// <summary>Whether a node multiplies computed values with each other.</summary>
    public bool IsProduct(NodeProto node) =>
        OpRules.Find(node.Domain, node.OpType) is DenseRule or EinsumRule or AttentionRule
        && node.Input.Count(input => input.Length > 0 && trace.Tensor(input) is { IsConstant: false }) > 1;

    /// <summary>Channels and positions that a tensor holds of a layer.</summary>
    private readonly record struct NodeCount(int Channels, int Positions)
    {
        public static NodeCount Of(TracedTensor tensor, AxisRange? range)
        {
            var reading = Readings.Of(tensor, range);
            int Product(AxisRole role) => reading.Axes
                .Select((axis, i) =>
                    (axis.Role, Size: reading.Slice is { } slice && slice.Axis == i ? slice.End - slice.Start : axis.Size))
                .Where(axis => axis.Role == role).Aggregate(1, (count, axis) => count * axis.Size);
            return new NodeCount(Product(AxisRole.Channel), Product(AxisRole.Position));
        }
    }
}
