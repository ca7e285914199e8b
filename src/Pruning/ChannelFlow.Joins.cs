using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Pruning;

internal sealed partial class ChannelFlow
{
    /// <summary>A constant that is broadcast over the data, aligned on the right; one that is the same for
    /// all channels needs nothing.</summary>
    private void Along(NodeProto node, int input, Channels data, int rank, ChannelPart part)
    {
        if (input >= node.Input.Count || node.Input[input].Length == 0)
            return;
        var shape = IsConstant(node, input) ? InputShape(node, input) : null;
        if (shape is null)
        {
            Escape(node, data.Signals, $"{node.OpType} adjusts it by something computed");
            Escape(node.Input[input], $"{node.OpType} adjusts other channels by it");
            return;
        }
        var axis = data.Axis - (rank - shape.Length);
        if (axis >= 0 && shape[axis] == data.Signals.Length && (shape[axis] > 1 || part != ChannelPart.Accompanies))
            Use(node, input, axis, data.Signals, part);
    }

    /// <summary>A bias of one number for all units of a layer: where a unit is removed, each gets its own,
    /// and that one's is zero.</summary>
    private bool Spread(NodeProto node, int input, int[] signals, int axis, int rank)
    {
        if (!inFile.Contains(node) || paths.Of(node.Input[input]) is not { Count: 1, IsCopy: true } path || signals.Length < 2)
            return false;
        var dims = new int[rank - axis];
        Array.Fill(dims, 1);
        dims[0] = signals.Length;
        var element = path.At(0);
        var spread =
            path with { Map = [.. Enumerable.Repeat(element, signals.Length)], Dims = dims, IsPrivate = false, CanCut = true };
        Note(new ChannelUse(node, input, spread, 0, signals, ChannelPart.Adjusts));
        return true;
    }

    /// <summary>Adds what may be a bias or another branch to the channels of a layer.</summary>
    private int[] Add(NodeProto node, int input, int[] made, int axis, int rank)
    {
        if (IsConstant(node, input))
        {
            if (InputShape(node, input) is not { } bias || bias.Any(size => size > 1) || !Spread(node, input, made, axis, rank))
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
        return other is null ? made : Joined(node, made, other, "", node.Input[input]);
    }

    /// <summary>The channels of two operands as those of the result.</summary>
    private int[] Joined(NodeProto node, int[] a, int[] b, string first, string second)
    {
        int[] joined = [.. a.Zip(b, Signals.Join)];
        for (var i = 0; i < joined.Length; i++)
        {
            Remain(first, a[i], joined[i], $"{node.OpType} joins it with channels that stay");
            Remain(second, b[i], joined[i], $"{node.OpType} joins it with channels that stay");
        }
        return joined;
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
        var computed = Enumerable.Range(first, node.Input.Count - first)
            .Where(input => !IsConstant(node, input) && node.Input[input].Length > 0)
            .ToArray();
        if (OutputShape(node) is not { } output)
        {
            Stop(node);
            return;
        }
        int? axis = null;
        foreach (var input in computed)
        {
            if (ChannelsOf(node, input) is { } data && InputShape(node, input) is { } shape
                && data.Axis + output.Length - shape.Length is var at && output[at] == data.Signals.Length)
                axis ??= at;
        }
        if (axis is not { } along)
        {
            Stop(node);
            return;
        }
        int[]? joined = null;
        var last = "";
        foreach (var input in computed)
        {
            if (Broadcast(node, input, along, output.Length, output[along]) is not { } signals)
                continue;
            joined = joined is null ? signals : Joined(node, joined, signals, last, node.Input[input]);
            last = node.Input[input];
        }
        var result = new Channels(along, joined!);
        var part = node.OpType is "Add" or "Sub" or "Mul" or "Sum" ? ChannelPart.Adjusts : ChannelPart.Accompanies;
        foreach (var input in Enumerable.Range(first, node.Input.Count - first).Where(input => IsConstant(node, input)))
        {
            if (!(IsBias(node, input) && Spread(node, input, result.Signals, along, output.Length)))
                Along(node, input, result, output.Length, part);
        }
        if (first == 1 && InputShape(node, 0) is { } condition && along - (output.Length - condition.Length) is >= 0 and var own
            && condition[own] > 1)
            Pin(result, "Where chooses by a mask of its size");
        Define(node, result);
    }

    /// <summary>True for one number that is added to a layer's product, and to nothing else.</summary>
    private bool IsBias(NodeProto node, int input) =>
        node.OpType == "Add" && node.Input.Count == 2 && InputShape(node, input) is { } shape && shape.All(size => size == 1)
        && produced.Contains(node.Input[1 - input]) && paths.IsReadOnce(node.Input[1 - input]);

    /// <summary>A product of two computed tensors, as in attention: channels along its outer axes, as
    /// heads, go through.</summary>
    private void Product(NodeProto node)
    {
        if (OutputShape(node) is not { } output)
        {
            Stop(node);
            return;
        }
        var at = Enumerable.Range(0, 2).Where(input => ChannelsOf(node, input) is not null && InputShape(node, input) is not null)
            .Select(input => ChannelsOf(node, input)!.Axis + output.Length - InputShape(node, input)!.Length)
                .Distinct()
                .ToArray();
        if (at is not [var axis] || axis >= output.Length - 2)
        {
            Stop(node);
            return;
        }
        var (a, b) =
            (Broadcast(node, 0, axis, output.Length, output[axis]), Broadcast(node, 1, axis, output.Length, output[axis]));
        if ((a ?? b) is { } signals)
            Define(node, new Channels(axis, a is null || b is null ? signals : Joined(node, a, b, node.Input[0], node.Input[1])));
        else
            Stop(node);
    }

    private void SkipNormalization(NodeProto node)
    {
        if (OutputShape(node) is not { Length: > 0 } output || (ChannelsOf(node, 0) ?? ChannelsOf(node, 1)) is not { } data
            || data.Axis != output.Length - 1)
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
            : Along(node, [.. signals])));
    }

    private int[] Along(NodeProto node, int[][] parts)
    {
        var joined = parts[0];
        for (var part = 1; part < parts.Length; part++)
            joined = Joined(node, joined, parts[part], node.Input[part - 1], node.Input[part]);
        return joined;
    }
}
