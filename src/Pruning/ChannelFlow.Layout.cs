using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Pruning;

internal sealed partial class ChannelFlow
{
    /// <summary>The channels after a reshape: those of the one axis that tells them apart; null if there is none.</summary>
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

    /// <summary>
    /// The channels after a reshape that divides their axis: the first part tells them apart, and those that share a place
    /// there are one from now on, as the features of an attention head.
    /// </summary>
    private Channels? Divided(NodeProto node, Channels data, int[] before, int[] after)
    {
        var outer = Shapes.Count(before.AsSpan(0, data.Axis));
        var first = 0;
        while (first < after.Length && (Shapes.Count(after.AsSpan(0, first)) != outer || after[first] == 1))
            first++;
        var last = first;
        while (last < after.Length && Shapes.Count(after.AsSpan(first..(last + 1))) < before[data.Axis])
            last++;
        if (last >= after.Length || Shapes.Count(after.AsSpan(first..(last + 1))) != before[data.Axis])
            return null;
        return new Channels(first, Bundled(node, data.Signals.Chunk(before[data.Axis] / after[first])));
    }

    /// <summary>One channel for each bundle: they stay or go together.</summary>
    private int[] Bundled(NodeProto node, IEnumerable<IEnumerable<int>> bundles) => [.. bundles.Select(bundle =>
    {
        int[] members = [.. bundle];
        var joined = members.Aggregate(Signals.Join);
        foreach (var member in members)
            Remain(node.Input[0], member, joined, $"{node.OpType} joins it with channels that stay");
        return joined;
    })];

    /// <summary>DepthToSpace: the channels whose values become neighbors are one from now on.</summary>
    private void ToSpace(NodeProto node, AttributeReader attributes, Channels data)
    {
        var block = attributes.Int("blocksize", 1) * attributes.Int("blocksize", 1);
        var count = data.Signals.Length / block;
        var isRows = attributes.Text("mode", "DCR") == "DCR";
        Define(node,
            data with
            {
                Signals = Bundled(node,
            Enumerable.Range(0, count)
            .Select(channel =>
                Enumerable.Range(0, block)
                    .Select(place => data.Signals[isRows ? place * count + channel : channel * block + place])))
            });
    }

    /// <summary>Notes a reshape whose shape names the number of channels, and says where that number cannot be changed.</summary>
    private void KeepShape(NodeProto node, AttributeReader attributes, Channels before, Channels after)
    {
        var isAttribute = node.Input.Count < 2;
        var requested = isAttribute
            ? attributes.Ints("shape")?.Select(size => (double)size).ToArray()
            : model.Constants.Evaluate(node.Input[1])?.Values;
        if (requested is null
            || requested.Index().Any(size => size.Item == 0 && size.Index == before.Axis && size.Index != after.Axis))
        {
            Pin(before, $"{node.OpType} goes to a computed shape");
            return;
        }
        if (requested[after.Axis] is -1 || (requested[after.Axis] is 0 && after.Signals.Length == before.Signals.Length)
            || (!isAttribute && counts.Names(node.Input[1], after)))
            return;
        if (SizeOf(node, after.Axis, isAttribute) is { } size && inFile.Contains(size.Node))
            sizes.Add(size with { Signals = after.Signals });
        else
            Pin(before, $"{node.OpType} goes to a computed shape");
    }

    /// <summary>Where the file stores one number of a reshape's shape: in the shape, or in a part of it
    /// that is joined to others.</summary>
    private ChannelSize? SizeOf(NodeProto node, int axis, bool isAttribute)
    {
        if (isAttribute || paths.IsStored(node.Input[1]))
            return new ChannelSize(node, isAttribute ? -1 : 1, "shape", axis, []);
        var join = model.Nodes.FirstOrDefault(other => other.Output.Contains(node.Input[1]));
        if (join is not { OpType: "Concat" } || !paths.IsReadOnce(node.Input[1]))
            return null;
        for (var input = 0; input < join.Input.Count; input++)
        {
            if (InputShape(join, input) is not [var length])
                return null;
            if (axis < length)
                return paths.IsStored(join.Input[input]) ? new ChannelSize(join, input, "", axis, []) : null;
            axis -= length;
        }
        return null;
    }

    /// <summary>Whether a Pad begins an axis with something else than its data.</summary>
    private bool IsShifted(NodeProto node, AttributeReader attributes, int axis, int rank)
    {
        double[]? Constant(int input) =>
            input < node.Input.Count && node.Input[input].Length > 0 ? model.Constants.Evaluate(node.Input[input])?.Values : null;
        var pads = model.Opset < 11
            ? (attributes.Ints("pads") ?? attributes.Ints("paddings"))?.Select(pad => (double)pad).ToArray()
            : Constant(1);
        var axes = model.Opset < 18 ? null : Constant(3)?.Select(at => Shapes.Axis((int)at, rank)).ToArray();
        var at = axes is null ? axis : Array.IndexOf(axes, axis);
        return pads is null || (at >= 0 && pads[at] != 0);
    }

    private double[]? ConstantAt(NodeProto node, int input) =>
        input < node.Input.Count && node.Input[input].Length > 0 ? model.Constants.Evaluate(node.Input[input])?.Values : null;

    private void Slice(NodeProto node, AttributeReader attributes, Channels data, int[] before)
    {
        var range = SliceRange.All(before, model.Opset, attributes, ConstantAt(node, 1), ConstantAt(node, 2),
            ConstantAt(node, 3), ConstantAt(node, 4))[data.Axis];
        var part = data with
        {
            Signals =
            [.. Enumerable.Range(0, range.Length).Select(i => data.Signals[range.Start + i * range.Step])]
        };
        Define(node, part);
        if (range is { Start: 0, Step: 1 } && range.Length == before[data.Axis])
            return;
        var isAttribute = model.Opset < 10;
        var axes = isAttribute ? attributes.Ints("axes")?.Select(axis => (double)axis).ToArray() : ConstantAt(node, 3);
        var at = axes is null ? data.Axis : Array.FindIndex(axes, axis => Shapes.Axis((int)axis, before.Length) == data.Axis);
        if (range.Step != 1 || range.Length == 0 || !inFile.Contains(node)
            || (!isAttribute && !(IsConstant(node, 1) && IsConstant(node, 2))))
        {
            Pin(data, "Slice takes a part of its channels");
            return;
        }
        sizes.Add(new ChannelSize(node, isAttribute ? -1 : 1, "starts", at, data.Signals[..range.Start], data.Signals));
        sizes.Add(new ChannelSize(node, isAttribute ? -1 : 2, "ends", at, data.Signals[..(range.Start + range.Length)],
            data.Signals));
        Signals.KeepOne(part.Signals);
    }

    private void Split(NodeProto node, AttributeReader attributes, Channels data, int[] before)
    {
        var axis = attributes.Axis("axis", 0, before.Length);
        var lengths = Shapes.SplitSizes(before[axis], node.Output.Count, attributes, ConstantAt(node, 1));
        var start = 0;
        for (var i = 0; i < lengths.Length; start += lengths[i++])
        {
            var part = axis == data.Axis ? data with { Signals = data.Signals[start..(start + lengths[i])] } : data;
            Define(node, part, i);
            if (axis != data.Axis)
                continue;
            Signals.KeepOne(part.Signals);
            if (inFile.Contains(node))
                sizes.Add(new ChannelSize(node, model.Opset < 13 ? -1 : 1, "split", i, part.Signals));
            else
                Pin(data, "Split divides its channels");
        }
    }

    private void Reduce(NodeProto node, AttributeReader attributes, Channels data, int[] before)
    {
        var isIndex = node.OpType.StartsWith("Arg", StringComparison.Ordinal);
        var axes = isIndex
            ? [attributes.Int("axis", 0)]
            : (node.Input.Count > 1 && node.Input[1].Length > 0
                ? model.Constants.Evaluate(node.Input[1])?.Values.Select(ConstantValues.ToInt).ToArray()
                : null)
                ?? attributes.Ints("axes")?.Select(axis => (int)axis).ToArray();
        var (_, reduced) = Shapes.Reduce(before, axes, keepDims: true);
        if (isIndex || reduced[data.Axis])
            Stop(node);
        else
            Define(node,
                data with
                {
                    Axis =
                attributes.Int("keepdims", 1) == 1 ? data.Axis : data.Axis - reduced.Take(data.Axis).Count(taken => taken)
                });
    }

    private void Pick(NodeProto node, AttributeReader attributes, Channels data, int[] before)
    {
        var axis = attributes.Axis("axis", 0, before.Length);
        if (InputShape(node, 1) is not { } indices)
            Stop(node);
        else if (axis != data.Axis)
            Define(node, axis > data.Axis ? data : data with { Axis = data.Axis + indices.Length - 1 });
        else if (indices.Length == 1 && ConstantAt(node, 1) is { } chosen)
            Choose(node, data, chosen);
        else
            Stop(node);
    }

    /// <summary>Channels in another order, or some of them: the indices that choose them are not changed.</summary>
    private void Choose(NodeProto node, Channels data, double[] indices)
    {
        Pin(data, "Gather chooses among its channels");
        Define(node,
            data with
            {
                Signals =
            [.. indices.Select(index => data.Signals[(int)index + (index < 0 ? data.Signals.Length : 0)])]
            });
    }
}
