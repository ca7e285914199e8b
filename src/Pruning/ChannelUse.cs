using Onnx;

namespace Emergence.Pruning;

/// <summary>The channels of a tensor: which of them stands at each index of one axis.</summary>
internal sealed record Channels(int Axis, int[] Signals);

/// <summary>A stored number of channels: of a shape, of the bounds of a slice, of the parts of a split, or
/// a size of its own.</summary>
/// <param name="Node">The node that reads it.</param>
/// <param name="Input">Which of its inputs; -1 for an attribute.</param>
/// <param name="Attribute">The attribute, where it is one.</param>
/// <param name="Index">The number's place there.</param>
/// <param name="Signals">The channels that it counts.</param>
/// <param name="Whole">The channels of the axis, where it counts but the first of them: it may be written from the end.</param>
internal sealed record ChannelSize(NodeProto Node, int Input, string Attribute, int Index, int[] Signals, int[]? Whole = null);

/// <summary>What a constant does with a channel.</summary>
internal enum ChannelPart
{
    /// <summary>The incoming weights of the channel's unit: zero for a dead one, and what ranks it.</summary>
    Makes,

    /// <summary>Shifts or scales it: zero for a dead one.</summary>
    Adjusts,

    /// <summary>The weights that read it: zero for a dead one.</summary>
    Reads,

    /// <summary>A mean, variance or slope: it goes only with a channel that is cut out.</summary>
    Accompanies,
}

/// <summary>A constant input of a node along one axis of which channels stand.</summary>
/// <param name="Node">The node.</param>
/// <param name="Input">Which of its inputs.</param>
/// <param name="Path">The stored tensor behind it.</param>
/// <param name="Axis">The axis of the input.</param>
/// <param name="Signals">The channel at each index of that axis.</param>
/// <param name="Part">What it does with them.</param>
/// <param name="Group">For a grouped convolution, the part of the first axis for which this holds.</param>
internal sealed record ChannelUse(
    NodeProto Node, int Input, ConstantPath Path, int Axis, int[] Signals, ChannelPart Part, (int Start, int End)? Group = null)
{
    /// <summary>Each element, as the operator reads it, with the index of its channel.</summary>
    public IEnumerable<(int Element, int Index)> Elements()
    {
        var dims = Path.Dims;
        var inner = 1;
        for (var axis = Axis + 1; axis < dims.Length; axis++)
            inner *= dims[axis];
        var first = Path.Count / Math.Max(1, dims.Length == 0 ? 1 : dims[0]);
        var (from, to) = Group is { } group ? (group.Start * first, group.End * first) : (0, Path.Count);
        for (var element = from; element < to; element++)
            yield return (element, dims.Length == 0 ? 0 : element / inner % dims[Axis]);
    }
}
