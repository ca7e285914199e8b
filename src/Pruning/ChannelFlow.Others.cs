using Emergence.Tracing.Operators;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Pruning;

internal sealed partial class ChannelFlow
{
    private void FollowOther(NodeProto node)
    {
        var rule = OpRules.Find(node.Domain, node.OpType);
        if (rule is ElementwiseBinaryRule or SelectRule)
            Elementwise(node, rule is SelectRule ? 1 : 0);
        else if (rule is SkipNormalisationRule)
            SkipNormalisation(node);
        else if (rule is ConcatRule)
            Concatenate(node);
        else if (node.Input.Count > 0 && ChannelsOf(node, 0) is { } data && InputShape(node, 0) is { } before && OutputShape(node) is { } after)
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
            case NormalisationRule:
                Normalise(node, attributes, data, before);
                break;
            case PassThroughRule or InPlaceRule:
                PassThrough(node, attributes, data, before);
                break;
            case LayoutRule when node.OpType == "Transpose":
                Define(node, data with { Axis = Array.IndexOf(Shapes.Permutation(before.Length, attributes), data.Axis) });
                break;
            case LayoutRule when node.OpType is not ("DepthToSpace" or "SpaceToDepth") && Reshaped(data, before, after) is { } reshaped:
                Define(node, reshaped);
                if (node.OpType == "Reshape")
                    KeepShape(node, attributes, data, reshaped);
                else if (node.OpType == "Squeeze" && node.Input.Count < 2 && !attributes.Has("axes"))
                    Pin(data, "Squeeze would take its axis away with the last but one");
                break;
            case PoolRule when data.Axis == 1:
                Define(node, data);
                foreach (var output in node.Output.Skip(1).Where(output => output.Length > 0))
                    Pin(data, $"the indices of {node.OpType} are read");
                break;
            case PadRule when node.OpType == "Pad" && IsShifted(node, attributes, data.Axis, before.Length):
                Stop(node);
                break;
            case ResizingRule when after.Length >= before.Length && after[data.Axis + after.Length - before.Length] == before[data.Axis] && node.OpType is "Pad" or "Resize" or "Upsample" or "Expand" or "Tile":
                if (node.OpType == "Expand" || (node.OpType == "Resize" && node.Input.Count > 3 && node.Input[3].Length > 0))
                    Pin(data, $"{node.OpType} names its size");
                Define(node, data with { Axis = data.Axis + after.Length - before.Length });
                break;
            case PartRule:
                Part(node, attributes, data, before);
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

    private void Normalise(NodeProto node, AttributeReader attributes, Channels data, int[] before)
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
            // A group norm of one group, spelt out: all channels stand among the positions.
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
            for (var input = 1; input < Math.Min(3, node.Input.Count) && InputShape(node, input) is [var size] && size == data.Signals.Length; input++)
                Use(node, input, 0, data.Signals, ChannelPart.Adjusts);
        }
        else if (!batchwise && !(node.OpType == "MeanVarianceNormalization" && !(attributes.Ints("axes") ?? [0, 2, 3]).Contains(data.Axis)))
        {
            Pin(data, $"{node.OpType} mixes it with others");
        }
    }

    private void PassThrough(NodeProto node, AttributeReader attributes, Channels data, int[] before)
    {
        if (node.OpType is "Softmax" or "LogSoftmax" or "Hardmax" or "CumSum" or "CumProd")
        {
            // Up to opset 12 a softmax runs over its axis and all behind it.
            var axis = node.OpType.StartsWith("Cum", StringComparison.Ordinal) ? data.Axis : attributes.Axis("axis", model.Opset < 13 ? 1 : -1, before.Length);
            if (data.Axis == axis || (model.Opset < 13 && data.Axis > axis))
                Pin(data, $"{node.OpType} mixes it with others");
        }
        else if (node.OpType is not ("Identity" or "Dropout" or "Cast" or "CastLike" or "BitCast" or "QuantizeLinear" or "DequantizeLinear" or "DynamicQuantizeLinear"))
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

    /// <summary>A constant that is broadcast over the data, aligned on the right; one that is the same for all channels needs nothing.</summary>
    private void Along(NodeProto node, int input, Channels data, int rank, ChannelPart part)
    {
        if (input >= node.Input.Count || node.Input[input].Length == 0)
            return;
        var shape = IsConstant(node, input) ? InputShape(node, input) : null;
        if (shape is null)
        {
            foreach (var signal in data.Signals)
                Signals.Escape(signal, $"{node.OpType} adjusts it by something computed");
            Escape(node.Input[input], $"{node.OpType} adjusts other channels by it");
            return;
        }
        var axis = data.Axis - (rank - shape.Length);
        if (axis >= 0 && shape[axis] == data.Signals.Length && (shape[axis] > 1 || part != ChannelPart.Accompanies))
            Use(node, input, axis, data.Signals, part);
    }

    /// <summary>Adds what may be a bias or another branch to the channels of a layer.</summary>
    private int[] Add(NodeProto node, int input, int[] made, int axis, int rank)
    {
        if (IsConstant(node, input))
        {
            Along(node, input, new Channels(axis, made), rank, ChannelPart.Adjusts);
            return made;
        }
        if (InputShape(node, input) is { Length: 1 } && axis != rank - 1)
        {
            // One number for each filter, without the axes of the positions.
            Along(node, input, new Channels(axis, made), rank, ChannelPart.Adjusts);
            return made;
        }
        var other = Broadcast(node, input, axis, rank, made.Length);
        return other is null ? made : [.. made.Zip(other, Signals.Join)];
    }

    /// <summary>The channels of an input as they meet an axis of the output; null where one value meets all of them.</summary>
    private int[]? Broadcast(NodeProto node, int input, int axis, int rank, int length)
    {
        var shape = InputShape(node, input);
        var own = shape is null ? -1 : axis - (rank - shape.Length);
        var size = own >= 0 ? shape![own] : 1;
        if (ChannelsOf(node, input) is { } data)
        {
            if (data.Axis == own && size == length)
                return data.Signals;
            Escape(node.Input[input], $"{node.OpType} spreads it over others");
        }
        return size == 1 && shape is not null ? null : [.. Enumerable.Repeat(Signals.None, length)];
    }

    private void Elementwise(NodeProto node, int first)
    {
        var computed = Enumerable.Range(first, node.Input.Count - first).Where(input => !IsConstant(node, input) && node.Input[input].Length > 0).ToArray();
        if (OutputShape(node) is not { } output)
        {
            Stop(node);
            return;
        }
        int? axis = null;
        foreach (var input in computed)
        {
            if (ChannelsOf(node, input) is { } data && InputShape(node, input) is { } shape && data.Axis + output.Length - shape.Length is var at && output[at] == data.Signals.Length)
                axis ??= at;
        }
        if (axis is not { } along)
        {
            Stop(node);
            return;
        }
        int[]? joined = null;
        foreach (var input in computed)
        {
            if (Broadcast(node, input, along, output.Length, output[along]) is { } signals)
                joined = joined is null ? signals : [.. joined.Zip(signals, Signals.Join)];
        }
        var result = new Channels(along, joined!);
        var part = node.OpType is "Add" or "Sub" or "Mul" or "Sum" ? ChannelPart.Adjusts : ChannelPart.Accompanies;
        foreach (var input in Enumerable.Range(first, node.Input.Count - first).Where(input => IsConstant(node, input)))
            Along(node, input, result, output.Length, part);
        if (first == 1 && InputShape(node, 0) is { } condition && along - (output.Length - condition.Length) is >= 0 and var own && condition[own] > 1)
            Pin(result, "Where chooses by a mask of its size");
        Define(node, result);
    }

    private void SkipNormalisation(NodeProto node)
    {
        if (OutputShape(node) is not { Length: > 0 } output || (ChannelsOf(node, 0) ?? ChannelsOf(node, 1)) is not { } data || data.Axis != output.Length - 1)
        {
            Stop(node);
            return;
        }
        var joined = Broadcast(node, 0, data.Axis, output.Length, data.Signals.Length) ?? data.Signals;
        var sum = new Channels(data.Axis, Add(node, 1, joined, data.Axis, output.Length));
        Pin(sum, $"{node.OpType} mixes it with others");
        for (var input = 2; input < node.Input.Count; input++)
            Along(node, input, sum, output.Length, ChannelPart.Adjusts);
        Define(node, sum);
        Define(node, sum, 3);
    }

    private void Concatenate(NodeProto node)
    {
        var parts = Enumerable.Range(0, node.Input.Count).Select(input => ChannelsOf(node, input)).ToArray();
        var shapes = node.Input.Select(ShapeOf).ToArray();
        if (parts.All(part => part is null) || shapes.Any(shape => shape is null))
        {
            Stop(node);
            return;
        }
        var axis = Shapes.Axis((int)new AttributeReader(node).Int("axis", 1), shapes[0]!.Length);
        var along = parts.First(part => part is not null)!.Axis;
        if (parts.Any(part => part is not null && part.Axis != along))
        {
            Stop(node);
            return;
        }
        int[] Of(int part) => parts[part]?.Signals ?? [.. Enumerable.Repeat(Signals.None, shapes[part]![along])];
        var signals = Enumerable.Range(0, parts.Length).Select(Of);
        Define(node, new Channels(along, axis == along
            ? [.. signals.SelectMany(part => part)]
            : signals.Aggregate((a, b) => [.. a.Zip(b, Signals.Join)])));
    }
}
