using Emergence.Measuring.Settings;
using Emergence.Tracing.Model;
using static Onnx.TensorProto.Types;

namespace Emergence.Measuring.Instrumentation;

/// <summary>
/// Counts the alive nodes of one layer sample by sample. On one sample a node has the mean of its activations there: over
/// its tokens or time steps and, for a whole filter, over its positions.
/// </summary>
/// <param name="nodes">Where the counters are appended.</param>
/// <param name="means">Makes the activation on each sample: [samples, channels, positions], in float32 or double.</param>
/// <param name="layout">The layer's axes.</param>
/// <param name="masks">Whether to expose which nodes are alive.</param>
internal sealed class SampleCounting(CounterNodes nodes, Func<(string Value, DataType Type)> means, NodeLayout layout, bool masks)
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

    /// <summary>The activation on each sample, from that of a layer.</summary>
    public static (string Value, DataType Type) Means(CounterNodes nodes, string x, DataType type, NodeLayout layout)
    {
        var averaged = Averaged(layout);
        var read = type == DataType.Double || averaged.Length > 0 ? DataType.Double : DataType.Float;
        return (Arranged(nodes, "ReduceMean", type == read ? x : nodes.Cast(x, read), layout), read);
    }

    /// <summary>
    /// The same for a layer inside a body, which may run several times for a sample, or not at all (then it is NaN, and no
    /// node alive): sum and number of the activations leave the body, their quotient is made outside.
    /// </summary>
    /// <param name="outside">Where the quotient is appended.</param>
    /// <param name="bodies">Carries out of the body.</param>
    /// <param name="place">The body.</param>
    /// <param name="x">The layer's activation.</param>
    /// <param name="layout">Its axes.</param>
    /// <param name="samples">Samples of the run: int64, one element.</param>
    public static (string Value, DataType Type) Means(
        CounterNodes outside, BodyCounters bodies, BodyCounters.Place place, string x, NodeLayout layout, string samples)
    {
        var inside = bodies.Inside(place);
        var sums = Arranged(inside, "ReduceSum", inside.Cast(x, DataType.Double), layout);
        var zeros = outside.Zeros(samples, layout.Channels, layout.Positions);
        var sum = bodies.AddUp(place, sums, zeros, "samples", layout.Channels, layout.Positions);
        var count = bodies.CarryOut(place, inside.Cast(inside.Length(x, Averaged(layout)), DataType.Double), CounterKind.Sum, 1);
        return (outside.Apply("Div", sum, count), DataType.Double);
    }

    private static int[] Averaged(NodeLayout layout) =>
        [.. layout.Reduced.Where(axis => layout.Axes[axis].Role != AxisRole.Batch)];

    /// <summary>Reduces the axes that a sample has of its own, and brings the others in order.</summary>
    private static string Arranged(CounterNodes nodes, string reduce, string x, NodeLayout layout)
    {
        var averaged = Averaged(layout);
        var kept = Enumerable.Range(0, layout.Axes.Length).Except(averaged).Select(axis => layout.Axes[axis].Role).ToArray();
        int[] order = [.. AxesOf(AxisRole.Batch), .. AxesOf(AxisRole.Channel), .. AxesOf(AxisRole.Position)];
        return nodes.Reshape(nodes.Transpose(nodes.Reduce(reduce, x, averaged), order), [-1, layout.Channels, layout.Positions]);

        IEnumerable<int> AxesOf(AxisRole role) => Enumerable.Range(0, kept.Length).Where(axis => kept[axis] == role);
    }

    /// <summary>The activation as float32, which is compared; and whether it is finite.</summary>
    private (string Single, string Finite) Views()
    {
        var (value, type) = means();
        var isDouble = type == DataType.Double;
        var infinity = nodes.Scalar(float.PositiveInfinity);
        return (
            isDouble ? nodes.Cast(value, DataType.Float) : value,
            nodes.Apply("Less", value, isDouble ? nodes.Cast(infinity, DataType.Double) : infinity));
    }
}
