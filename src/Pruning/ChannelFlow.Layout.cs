using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Pruning;

internal sealed partial class ChannelFlow
{
    /// <summary>The channels after a reshape: those of the one axis that tells them apart; null where there is none.</summary>
    private static Channels? Reshaped(Channels data, int[] before, int[] after)
    {
        var inner = Shapes.Count(before.AsSpan(data.Axis + 1));
        var count = Shapes.Count(before);
        for (var axis = 0; axis < after.Length; axis++)
        {
            var signals = new int[after[axis]];
            Array.Fill(signals, int.MinValue);
            var behind = Shapes.Count(after.AsSpan(axis + 1));
            var fits = true;
            for (var element = 0; element < count && fits; element++)
            {
                var signal = data.Signals[element / inner % before[data.Axis]];
                ref var known = ref signals[element / behind % after[axis]];
                fits = known == int.MinValue || known == signal;
                known = signal;
            }
            if (fits)
                return new Channels(axis, signals);
        }
        return null;
    }

    /// <summary>Notes a reshape whose shape names the number of channels, and says where that number cannot be changed.</summary>
    private void KeepShape(NodeProto node, AttributeReader attributes, Channels before, Channels after)
    {
        var isAttribute = node.Input.Count < 2;
        var requested = isAttribute ? attributes.Ints("shape")?.Select(size => (double)size).ToArray() : model.Constants.Evaluate(node.Input[1])?.Values;
        if (requested is null || requested.Index().Any(size => size.Item == 0 && size.Index == before.Axis && size.Index != after.Axis))
        {
            Pin(before, $"{node.OpType} goes to a computed shape");
            return;
        }
        if (requested[after.Axis] is 0 or -1)
            return;
        if (SizeOf(node, after.Axis, isAttribute) is { } size && inFile.Contains(size.Node))
            sizes.Add(size with { Signals = after.Signals });
        else
            Pin(before, $"{node.OpType} goes to a computed shape");
    }

    /// <summary>Where the file stores one number of a reshape's shape: in the shape, or in a part of it that is joined to others.</summary>
    private ChannelSize? SizeOf(NodeProto node, int axis, bool isAttribute)
    {
        if (isAttribute || paths.IsStored(node.Input[1]))
            return new ChannelSize(node, isAttribute ? -1 : 1, axis, []);
        var join = model.Nodes.FirstOrDefault(other => other.Output.Contains(node.Input[1]));
        if (join is not { OpType: "Concat" } || !paths.IsReadOnce(node.Input[1]))
            return null;
        for (var input = 0; input < join.Input.Count; input++)
        {
            if (InputShape(join, input) is not [var length])
                return null;
            if (axis < length)
                return paths.IsStored(join.Input[input]) ? new ChannelSize(join, input, axis, []) : null;
            axis -= length;
        }
        return null;
    }

    /// <summary>Whether a Pad begins an axis with something else than its data.</summary>
    private bool IsShifted(NodeProto node, AttributeReader attributes, int axis, int rank)
    {
        double[]? Constant(int input) => input < node.Input.Count && node.Input[input].Length > 0 ? model.Constants.Evaluate(node.Input[input])?.Values : null;
        var pads = model.Opset < 11 ? (attributes.Ints("pads") ?? attributes.Ints("paddings"))?.Select(pad => (double)pad).ToArray() : Constant(1);
        var axes = model.Opset < 18 ? null : Constant(3)?.Select(at => Shapes.Axis((int)at, rank)).ToArray();
        var at = axes is null ? axis : Array.IndexOf(axes, axis);
        return pads is null || (at >= 0 && pads[at] != 0);
    }

    private void Part(NodeProto node, AttributeReader attributes, Channels data, int[] before)
    {
        double[]? Constant(int input) => input < node.Input.Count && node.Input[input].Length > 0 ? model.Constants.Evaluate(node.Input[input])?.Values : null;
        if (node.OpType == "Slice")
        {
            var range = SliceRange.All(before, model.Opset, attributes, Constant(1), Constant(2), Constant(3), Constant(4))[data.Axis];
            if (range is { Start: 0, Step: 1 } && range.Length == before[data.Axis])
            {
                Define(node, data);
                return;
            }
            Pin(data, "Slice takes a part of its channels");
            Define(node, data with { Signals = [.. Enumerable.Range(0, range.Length).Select(i => data.Signals[range.Start + i * range.Step])] });
            return;
        }
        var axis = attributes.Axis("axis", 0, before.Length);
        var sizes = Shapes.SplitSizes(before[axis], node.Output.Count, attributes, Constant(1));
        if (axis == data.Axis)
            Pin(data, "Split divides its channels");
        var start = 0;
        for (var i = 0; i < sizes.Length; start += sizes[i++])
            Define(node, axis == data.Axis ? data with { Signals = data.Signals[start..(start + sizes[i])] } : data, i);
    }

    private void Reduce(NodeProto node, AttributeReader attributes, Channels data, int[] before)
    {
        var isIndex = node.OpType.StartsWith("Arg", StringComparison.Ordinal);
        var axes = isIndex
            ? [attributes.Int("axis", 0)]
            : (node.Input.Count > 1 && node.Input[1].Length > 0 ? model.Constants.Evaluate(node.Input[1])?.Values.Select(ConstantValues.ToInt).ToArray() : null)
                ?? attributes.Ints("axes")?.Select(axis => (int)axis).ToArray();
        var (_, reduced) = Shapes.Reduce(before, axes, keepDims: true);
        if (isIndex || reduced[data.Axis])
            Stop(node);
        else
            Define(node, data with { Axis = attributes.Int("keepdims", 1) == 1 ? data.Axis : data.Axis - reduced.Take(data.Axis).Count(taken => taken) });
    }

    private void Pick(NodeProto node, AttributeReader attributes, Channels data, int[] before)
    {
        var axis = attributes.Axis("axis", 0, before.Length);
        if (InputShape(node, 1) is not { } indices || axis == data.Axis)
            Stop(node);
        else
            Define(node, axis > data.Axis ? data : data with { Axis = data.Axis + indices.Length - 1 });
    }
}
