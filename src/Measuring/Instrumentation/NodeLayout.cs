using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;

namespace Emergence.Measuring.Instrumentation;

/// <summary>
/// How the axes of a layer's activation become its nodes: which axes a counter reduces and in which order the rest
/// stand. Profiles are channel-major (node = channel × positions + position), whatever the order in the graph.
/// </summary>
internal sealed class NodeLayout
{
    private readonly int[]? order;

    /// <summary>Lays out the nodes of a layer.</summary>
    /// <param name="layer">The layer; its reading's axes must multiply to its channels and positions.</param>
    /// <param name="nodes">With <see cref="ConvNodes.Filters"/>, the positions of a convolution are reduced too.</param>
    public NodeLayout(TracedLayer layer, ConvNodes nodes)
    {
        ArgumentNullException.ThrowIfNull(layer);
        Layer = layer;
        var axes = layer.Reading.Axes;
        if (layer.Reading.Slice is { } part)
            axes = axes.SetItem(part.Axis, axes[part.Axis] with { Size = part.End - part.Start });
        Axes = axes;
        Positional = AxesOf(AxisRole.Position);
        ReducesPositions = nodes == ConvNodes.Filters && layer.IsConvolution && Positional.Length > 0;
        Reduced = [.. Enumerable.Range(0, axes.Length).Where(axis => IsReduced(axes[axis].Role))];
        Channels = SizeOf(AxisRole.Channel);
        Positions = ReducesPositions ? 1 : SizeOf(AxisRole.Position);
        order = ChannelMajorOrder();
        if (Channels != layer.Channels || SizeOf(AxisRole.Position) != layer.Positions)
            throw new ArgumentException($"layer '{layer.Name}': its reading and its node counts disagree", nameof(layer));
    }

    /// <summary>The layer.</summary>
    public TracedLayer Layer { get; }

    /// <summary>The axes that are read: those of the reading, with only this layer's part of a shared one.</summary>
    public ImmutableArray<ReadAxis> Axes { get; }

    /// <summary>The axes a counter reduces, ascending.</summary>
    public ImmutableArray<int> Reduced { get; }

    /// <summary>The axes that count samples, ascending.</summary>
    public ImmutableArray<int> Sampled => [.. Reduced.Where(axis => Axes[axis].Role != AxisRole.Position)];

    /// <summary>Whether the activations are rows of samples, one column for each node and all of them counted.</summary>
    public bool CountsRows => !ReducesPositions && Reduced.Length > 0 && Reduced[^1] == Reduced.Length - 1;

    /// <summary>The spatial axes, ascending.</summary>
    public ImmutableArray<int> Positional { get; }

    /// <summary>True where a node is a whole filter, so that the spatial axes are among the reduced.</summary>
    public bool ReducesPositions { get; }

    /// <summary>Features, filters or hidden units.</summary>
    public int Channels { get; }

    /// <summary>Nodes per channel.</summary>
    public int Positions { get; }

    /// <summary>Activations of one node on one sample: the spatial positions of a whole filter, else 1.</summary>
    public int ActivationsPerSample => ReducesPositions ? SizeOf(AxisRole.Position) : 1;

    /// <summary>Number of nodes.</summary>
    public int Nodes => Channels * Positions;

    /// <summary>The axis that counts the samples of the probe, or -1.</summary>
    public int BatchAxis => Enumerable.Range(0, Axes.Length).FirstOrDefault(axis => Axes[axis].Role == AxisRole.Batch, -1);

    /// <summary>
    /// Values in the order of the graph, put into channel-major order; where the two are the same that is the array itself,
    /// which must not be changed afterwards.
    /// </summary>
    public ImmutableArray<double> ToChannelMajor(double[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (order is null)
            return ImmutableCollectionsMarshal.AsImmutableArray(values);
        var result = new double[values.Length];
        for (var i = 0; i < values.Length; i++)
            result[order[i]] = values[i];
        return ImmutableCollectionsMarshal.AsImmutableArray(result);
    }

    private bool IsReduced(AxisRole role) =>
        role is AxisRole.Batch or AxisRole.Sample || (role == AxisRole.Position && ReducesPositions);

    private ImmutableArray<int> AxesOf(AxisRole role) =>
        [.. Enumerable.Range(0, Axes.Length).Where(axis => Axes[axis].Role == role)];

    private int SizeOf(AxisRole role) =>
        Axes.Where(axis => axis.Role == role).Aggregate(1, (product, axis) => product * axis.Size);

    /// <summary>The channel-major place of each value in graph order; null where the two orders are the same.</summary>
    private int[]? ChannelMajorOrder()
    {
        var kept = Enumerable.Range(0, Axes.Length).Except(Reduced).Select(axis => Axes[axis]).ToArray();
        var strides = new int[kept.Length];
        var (channelStride, positionStride) = (Positions, 1);
        for (var axis = kept.Length - 1; axis >= 0; axis--)
        {
            ref var stride = ref kept[axis].Role == AxisRole.Channel ? ref channelStride : ref positionStride;
            strides[axis] = stride;
            stride *= kept[axis].Size;
        }

        var result = new int[Nodes];
        var sorted = true;
        for (var i = 0; i < result.Length; i++)
        {
            var rest = i;
            for (var axis = kept.Length - 1; axis >= 0; axis--)
            {
                result[i] += rest % kept[axis].Size * strides[axis];
                rest /= kept[axis].Size;
            }
            sorted &= result[i] == i;
        }
        return sorted ? null : result;
    }
}
