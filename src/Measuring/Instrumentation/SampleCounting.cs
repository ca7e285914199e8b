using Emergence.Measuring.Settings;
using Emergence.Tracing.Model;
using static Onnx.TensorProto.Types;

namespace Emergence.Measuring.Instrumentation;

/// <summary>
/// Counts the alive nodes of one layer sample by sample. On one sample a node has the mean of its activations there: over
/// its tokens or time steps and, for a whole filter, over its positions.
/// </summary>
/// <param name="nodes">Where the counters are appended.</param>
/// <param name="x">The layer's activation.</param>
/// <param name="type">Its element type.</param>
/// <param name="layout">Its axes.</param>
/// <param name="masks">Whether to expose which nodes are alive.</param>
internal sealed class SampleCounting(CounterNodes nodes, string x, DataType type, NodeLayout layout, bool masks)
{
    private (string Single, string Finite)? views;

    /// <summary>Counts under one threshold.</summary>
    public SampleCounters Count(float threshold)
    {
        var (single, finite) = views ??= Views();
        var alive = nodes.Apply("And", nodes.Apply("Greater", single, nodes.Scalar(threshold)), finite);
        var borderline = nodes.Apply("And",
            nodes.Apply("Greater", single, nodes.Scalar((float)(threshold - Borderline.Margin))),
            nodes.Apply("Not", nodes.Apply("Greater", single, nodes.Scalar((float)(threshold + Borderline.Margin)))));
        var ones = nodes.Cast(alive, DataType.Int32);
        var channels = layout is { Layer.IsConvolution: true, Positions: > 1 }
            ? nodes.Expose(nodes.Reduce("ReduceSum", nodes.Reduce("ReduceMax", ones, [2]), [1]), DataType.Int32)
            : null;
        return new SampleCounters(
            nodes.Expose(nodes.Reduce("ReduceSum", ones, [1, 2]), DataType.Int32),
            channels,
            nodes.Expose(nodes.Reduce("ReduceSum", nodes.Cast(borderline, DataType.Int32), [1, 2]), DataType.Int32),
            masks ? nodes.Expose(alive, DataType.Bool) : null);
    }

    /// <summary>The activation as [samples, channels, positions]; as float32, which is compared; and whether it is finite.</summary>
    private (string Single, string Finite) Views()
    {
        var axes = layout.Axes;
        int[] averaged = [.. layout.Reduced.Where(axis => axes[axis].Role != AxisRole.Batch)];
        var kept = Enumerable.Range(0, axes.Length).Except(averaged).Select(axis => axes[axis].Role).ToArray();
        int[] order = [.. AxesOf(AxisRole.Batch), .. AxesOf(AxisRole.Channel), .. AxesOf(AxisRole.Position)];

        var isDouble = type == DataType.Double || averaged.Length > 0;
        var read = type == (isDouble ? DataType.Double : DataType.Float) ? x : nodes.Cast(x, isDouble ? DataType.Double : DataType.Float);
        var value = nodes.Reshape(
            nodes.Transpose(nodes.Reduce("ReduceMean", read, averaged), order), [-1, layout.Channels, layout.Positions]);
        var infinity = nodes.Scalar(float.PositiveInfinity);
        return (
            isDouble ? nodes.Cast(value, DataType.Float) : value,
            nodes.Apply("Less", value, isDouble ? nodes.Cast(infinity, DataType.Double) : infinity));

        IEnumerable<int> AxesOf(AxisRole role) => Enumerable.Range(0, kept.Length).Where(axis => kept[axis] == role);
    }
}
