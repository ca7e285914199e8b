using Emergence.Tracing.Model;
using Onnx;

namespace Emergence.Tracing.Samples;

/// <summary>
/// Looks for what makes one sample's activations depend on the other samples of its run. A node keeps samples apart where
/// the batch axis of what it reads is found again, once and whole, in what it writes, and where it does not mix along it.
/// </summary>
internal sealed class SampleMixing
{
    private readonly Trace _trace;
    private readonly int _batch;
    private readonly int _opset;
    private readonly Dictionary<string, NodeProto> _producers = new(StringComparer.Ordinal);

    // What depends on the samples of a run and keeps them apart, and what depends on all of them.
    private readonly HashSet<string> _sampled;
    private readonly HashSet<string> _merged = new(StringComparer.Ordinal);

    private SampleMixing(Trace trace, InputBinding binding, IReadOnlyList<NodeProto> nodes, int batch, int opset)
    {
        (_trace, _batch, _opset) = (trace, batch, opset);
        _sampled = [.. binding.Inputs.Where(input => input.BatchAxis >= 0).Select(input => input.Name)];
        foreach (var node in nodes)
        {
            // What a body computes, its node does.
            var inside = Emergence.Checkpoints.GraphWalk.SubGraphs(node).SelectMany(ControlFlow.Defined);
            foreach (var output in node.Output.Concat(inside))
                _producers.TryAdd(output, node);
        }
    }

    /// <summary>The first node that mixes samples in front of a layer or an output; null for none, and for
    /// a batch of one.</summary>
    /// <param name="trace">A finished trace.</param>
    /// <param name="binding">The inputs it started from.</param>
    /// <param name="graph">The model.</param>
    /// <param name="nodes">Its nodes, producers before consumers.</param>
    /// <param name="opset">The version of the standard operators.</param>
    public static SampleMixer? Find(
        Trace trace, InputBinding binding, GraphProto graph, IReadOnlyList<NodeProto> nodes, int opset)
    {
        var batch = binding.Inputs.Zip(binding.Tensors).Where(input => input.First.BatchAxis >= 0)
            .Select(input => input.Second.Axes[input.First.BatchAxis].Size).DefaultIfEmpty(1).Max();
        return batch == 1 ? null : new SampleMixing(trace, binding, nodes, batch, opset).Find(graph, nodes);
    }

    private SampleMixer? Find(GraphProto graph, IReadOnlyList<NodeProto> nodes)
    {
        var layers = Before(_trace.Layers.Select(layer => layer.Read.Name));
        var outputs = Before(graph.Output.Select(output => output.Name));
        foreach (var node in nodes)
        {
            if (!Reads(node).Any(IsData) || _trace.IsConstant(node))
                continue;
            var reachesLayer = layers.Contains(node);
            if ((reachesLayer || outputs.Contains(node)) && MixingOperators.How(node, this) is { } how)
                return Mixer(node, how);
            foreach (var output in node.Output.Where(name => name.Length > 0 && _trace.Tensor(name) is { IsConstant: false }))
            {
                if (IsApart(output))
                {
                    _sampled.Add(output);
                    continue;
                }
                if (reachesLayer && IsRead(output, layers) && Reads(node).Any(_sampled.Contains))
                    return Mixer(node, "does not keep the samples of a run apart");
                _merged.Add(output);
            }
        }
        return null;

        bool IsRead(string tensor, HashSet<NodeProto> before) =>
            _trace.Layers.Exists(layer => layer.Read.Name == tensor)
            || nodes.Any(node => before.Contains(node) && Reads(node).Contains(tensor));
    }

    /// <summary>True for a tensor that depends on samples of a run.</summary>
    public bool IsData(string tensor) => _sampled.Contains(tensor) || _merged.Contains(tensor);

    /// <summary>The input, where it has an axis of samples.</summary>
    public TracedTensor? Sampled(NodeProto node, int input) =>
        input >= 0 && input < node.Input.Count && _sampled.Contains(node.Input[input])
        && _trace.Tensor(node.Input[input]) is { HasShape: true } tensor ? tensor : null;

    /// <summary>The node as its operator's description is asked about it.</summary>
    public OperatorCall Call(NodeProto node) => new(
        node, _opset, _trace.ShapeOf, _trace.Constants.Evaluate, name => _trace.Tensor(name) is { IsConstant: true });

    private static SampleMixer Mixer(NodeProto node, string how) =>
        new(node.Output.Prepend(node.Name).FirstOrDefault(name => name.Length > 0) ?? node.OpType, node.OpType, how);

    /// <summary>One axis counts the samples: each of them as often as any other.</summary>
    private bool IsApart(string name) => _trace.Tensor(name) is { HasShape: true } tensor
        && tensor.Axes.Where(axis => axis.Has(AxisRole.Batch)).ToArray() is [var samples] && samples.Size % _batch == 0;

    /// <summary>The nodes that these tensors depend on.</summary>
    private HashSet<NodeProto> Before(IEnumerable<string> tensors)
    {
        var found = new HashSet<NodeProto>(ReferenceEqualityComparer.Instance);
        var open = new Stack<string>(tensors);
        while (open.TryPop(out var tensor))
        {
            if (_producers.TryGetValue(tensor, out var node) && found.Add(node))
            {
                foreach (var input in Reads(node))
                    open.Push(input);
            }
        }
        return found;
    }

    private static IEnumerable<string> Reads(NodeProto node) => node.Input.Concat(
        Emergence.Checkpoints.GraphWalk.SubGraphs(node).SelectMany(Emergence.Checkpoints.GraphWalk.SelfAndSubGraphs)
            .SelectMany(body => body.Node.SelectMany(inner => inner.Input).Concat(body.Output.Select(output => output.Name))))
        .Where(name => name.Length > 0);
}
