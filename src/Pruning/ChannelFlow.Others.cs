using Emergence.Tracing.Operators;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Pruning;

internal sealed partial class ChannelFlow
{
    private void FollowOther(NodeProto node)
    {
        var rule = OpRules.Find(node.Domain, node.OpType);
        if (rule is ElementwiseBinaryRule or SelectRule or PredicateRule)
            Elementwise(node, rule is SelectRule && ChannelsOf(node, 0) is null ? 1 : 0);
        else if (node.OpType is "MatMul" && node.Input.Any(channels.ContainsKey))
            Product(node);
        else if (rule is SkipNormalizationRule)
            SkipNormalization(node);
        else if (rule is ConcatRule)
            Concatenate(node);
        else if (node.Input.Count > 0 && ChannelsOf(node, 0) is { } data && InputShape(node, 0) is { } before
            && OutputShape(node) is { } after)
            Transparent(node, rule, data, before, after);
        else if (node.OpType is not ("Shape" or "Size"))
            Stop(node);
    }

    private void Transparent(NodeProto node, OpRule? rule, Channels data, int[] before, int[] after)
    {
        var attributes = new AttributeReader(node);
        switch (rule)
        {
            case ElementwiseUnaryRule:
                Define(node, data);
                if (node.OpType is "BiasGelu" or "FastGelu" && node.Input.Count > 1)
                    Along(node, 1, data, before.Length, ChannelPart.Adjusts);
                break;
            case PReluRule:
                Define(node, data);
                Along(node, 1, data, before.Length, ChannelPart.Accompanies);
                break;
            case NormalizationRule:
                Normalize(node, attributes, data, before);
                break;
            case PassThroughRule or InPlaceRule:
                PassThrough(node, attributes, data, before);
                break;
            case LayoutRule:
                Layout(node, attributes, data, before, after);
                break;
            case PoolRule when data.Axis == 1:
                Define(node, data);
                foreach (var output in node.Output.Skip(1).Where(output => output.Length > 0))
                    Pin(data, $"the indices of {node.OpType} are read");
                break;
            case ResizingRule:
                Resize(node, attributes, data, before, after);
                break;
            case PartRule when node.OpType == "Slice":
                Slice(node, attributes, data, before);
                break;
            case PartRule:
                Split(node, attributes, data, before);
                break;
            case ReduceRule:
                Reduce(node, attributes, data, before);
                break;
            case EmbeddingRule:
                Pick(node, attributes, data, before);
                break;
            case ShapeRule when node.OpType is "Shape" or "Size":
                break;
            default:
                Stop(node);
                break;
        }
    }

    private void Layout(NodeProto node, AttributeReader attributes, Channels data, int[] before, int[] after)
    {
        switch (node.OpType)
        {
            case "Transpose":
                Define(node, data with { Axis = Array.IndexOf(Shapes.Permutation(before.Length, attributes), data.Axis) });
                break;
            case "DepthToSpace" when data.Axis == 1:
                ToSpace(node, attributes, data);
                break;
            case "SpaceToDepth" when data.Axis == 1:
                // Each block position repeats all channels.
                var count = data.Signals.Length;
                Define(node, data with
                {
                    Signals = [.. Enumerable.Range(0, after[1]).Select(channel => data.Signals[channel % count])],
                });
                break;
            case not ("DepthToSpace" or "SpaceToDepth")
                when (Reshaped(data, before, after) ?? Divided(node, data, before, after)) is { } reshaped:
                Define(node, reshaped);
                if (node.OpType == "Reshape")
                    KeepShape(node, attributes, data, reshaped);
                else if (node.OpType == "Squeeze" && node.Input.Count < 2 && !attributes.Has("axes"))
                    Pin(data, "Squeeze would take its axis away with the last but one");
                break;
            default:
                Stop(node);
                break;
        }
    }

    private void Resize(NodeProto node, AttributeReader attributes, Channels data, int[] before, int[] after)
    {
        var axis = data.Axis + after.Length - before.Length;
        if (node.OpType is not ("Pad" or "Resize" or "Upsample" or "Expand" or "Tile") || after.Length < before.Length
            || after[axis] != before[data.Axis]
            || (node.OpType == "Pad" && IsShifted(node, attributes, data.Axis, before.Length)))
        {
            Stop(node);
            return;
        }
        if (node.OpType == "Expand" || (node.OpType == "Resize" && node.Input.Count > 3 && node.Input[3].Length > 0))
            Pin(data, $"{node.OpType} names its size");
        Define(node, data with { Axis = axis });
    }

    private void Normalize(NodeProto node, AttributeReader attributes, Channels data, int[] before)
    {
        Define(node, data);
        var batchwise = node.OpType is "BatchNormalization" or "InstanceNormalization";
        if (batchwise && data.Axis == 1)
        {
            for (var input = 1; input < node.Input.Count; input++)
                Use(node, input, 0, data.Signals, input < 3 ? ChannelPart.Adjusts : ChannelPart.Accompanies);
        }
        else if (node.OpType == "InstanceNormalization")
        {
            // A group norm of one group, written in parts: all channels stand among the positions.
            Pin(data, "InstanceNormalization mixes it with others");
        }
        else if (node.OpType is "LayerNormalization" or "RMSNormalization" or "SimplifiedLayerNormalization")
        {
            if (data.Axis < attributes.Axis("axis", -1, before.Length))
                return;
            Pin(data, $"{node.OpType} mixes it with others");
            for (var input = 1; input < Math.Min(3, node.Input.Count); input++)
                Along(node, input, data, before.Length, ChannelPart.Adjusts);
        }
        else if (node.OpType == "GroupNormalization")
        {
            Pin(data, "GroupNormalization mixes it with others");
            for (var input = 1; input < Math.Min(3, node.Input.Count) && InputShape(node, input) is [var size]
                && size == data.Signals.Length; input++)
                Use(node, input, 0, data.Signals, ChannelPart.Adjusts);
        }
        else if (!batchwise
            && !(node.OpType == "MeanVarianceNormalization" && !(attributes.Ints("axes") ?? [0, 2, 3]).Contains(data.Axis)))
        {
            Pin(data, $"{node.OpType} mixes it with others");
        }
    }

    private void PassThrough(NodeProto node, AttributeReader attributes, Channels data, int[] before)
    {
        if (node.OpType is "CumSum" or "CumProd")
        {
            // Along channels each result is made of all channels before it, and is not one of them.
            if (ConstantAt(node, 1) is not [var along] || Shapes.Axis((int)along, before.Length) == data.Axis)
            {
                Stop(node);
                return;
            }
        }
        else if (node.OpType is "Softmax" or "LogSoftmax" or "Hardmax")
        {
            // Up to opset 12 a softmax runs over its axis and all behind it.
            var axis = attributes.Axis("axis", model.Opset < 13 ? 1 : -1, before.Length);
            if (data.Axis == axis || (model.Opset < 13 && data.Axis > axis))
            {
                // The zero of a removed channel takes part in the sum as exp(0).
                foreach (var signal in data.Signals)
                {
                    Signals.Pin(signal, $"{node.OpType} mixes it with others");
                    Signals.Leave(new Remnant(signal, Signals.None, "Exp", IsKnown: true, $"{node.OpType} mixes it with others"));
                }
            }
        }
        else if (node.OpType is not ("Identity" or "Dropout" or "Cast" or "CastLike" or "BitCast" or "QuantizeLinear"
            or "DequantizeLinear" or "DynamicQuantizeLinear"))
        {
            Stop(node);
            return;
        }
        else if (node.OpType is "QuantizeLinear" or "DequantizeLinear" && InputShape(node, 1) is not ([] or [1]))
        {
            Pin(data, $"{node.OpType} has a scale for each channel");
        }
        Define(node, data);
    }
}
