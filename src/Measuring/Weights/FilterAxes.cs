using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Measuring.Weights;

/// <summary>Finds which axes of a stored weight tell output nodes apart, through what moves the weight in front of its
/// operator.</summary>
internal sealed class FilterAxes(TracedModel model)
{
    private readonly ILookup<string, NodeProto> readers = model.Nodes
        .SelectMany(node => node.Input.Distinct(), (node, input) => (node, input))
        .ToLookup(pair => pair.input, pair => pair.node, StringComparer.Ordinal);

    /// <summary>The axes; empty where they are not known.</summary>
    public ImmutableArray<int> Of(string tensor)
    {
        foreach (var node in readers[tensor])
        {
            var axes = node.OpType switch
            {
                "Transpose" => Before(node, Of(node.Output[0])),
                "Identity" or "Cast" => Of(node.Output[0]),
                "QuantizeLinear" or "DequantizeLinear" when node.Input[0] == tensor => Of(node.Output[0]),
                _ => OfWeight(node, tensor),
            };
            if (!axes.IsEmpty)
                return axes;
        }
        return [];
    }

    private ImmutableArray<int> OfWeight(NodeProto node, string tensor)
    {
        if (model.Calls.GetValueOrDefault(node) is not { } call
            || OpRules.Find(node.Domain, node.OpType)?.Weights(call) is not { OutputAxis: >= 0 } weights)
            return [];
        // Of a recurrence, every direction has rows of its own.
        if (weights.Recurrence >= 0 && (IsInput(weights.Weight) || IsInput(weights.Recurrence)))
            return [0, weights.OutputAxis];
        return IsInput(weights.Weight) ? [weights.OutputAxis] : [];

        bool IsInput(int input) => input < node.Input.Count && node.Input[input] == tensor;
    }

    private ImmutableArray<int> Before(NodeProto transpose, ImmutableArray<int> axes)
    {
        var order = new AttributeReader(transpose).Ints("perm");
        // Without an order, the axes are reversed.
        return model.Tensors.GetValueOrDefault(transpose.Input[0]) is not { HasShape: true } weight ? []
            : [.. axes.Select(axis => order is null ? weight.Rank - 1 - axis : (int)order[axis])];
    }
}
