namespace Emergence.Analyzer.Metrics;

// The maps of common operators, over row-major tensors without their batch axis.
public sealed partial class IndexMap
{
    /// <summary>Axis k of the target is axis <paramref name="permutation"/>[k] of the source.</summary>
    public static IndexMap Transpose(ReadOnlySpan<int> shape, ReadOnlySpan<int> permutation)
    {
        SameRank(shape, permutation, nameof(permutation));
        var strides = Strides(shape);
        var axes = new Axis[shape.Length];
        for (var k = 0; k < axes.Length; k++)
            axes[k] = new(shape[permutation[k]], shape[permutation[k]], strides[permutation[k]], 0, 1);
        return View(shape, axes);
    }

    /// <summary>Takes <paramref name="sizes"/>[k] elements of axis k from <paramref name="starts"/>[k] on.</summary>
    /// <param name="shape">The source's shape.</param>
    /// <param name="starts">First element per axis.</param>
    /// <param name="sizes">Number of elements per axis.</param>
    /// <param name="steps">Step per axis, negative to walk backwards; 1 where empty.</param>
    public static IndexMap Slice(
        ReadOnlySpan<int> shape, ReadOnlySpan<int> starts, ReadOnlySpan<int> sizes, ReadOnlySpan<int> steps = default)
    {
        SameRank(shape, starts, nameof(starts));
        SameRank(shape, sizes, nameof(sizes));
        var strides = Strides(shape);
        var axes = new Axis[shape.Length];
        for (var k = 0; k < axes.Length; k++)
            axes[k] = new(sizes[k], shape[k], strides[k], starts[k], steps.IsEmpty ? 1 : steps[k]);
        return View(shape, axes);
    }

    /// <summary>Surrounds the source with elements that come from nowhere; a negative pad crops.</summary>
    public static IndexMap Pad(ReadOnlySpan<int> shape, ReadOnlySpan<int> before, ReadOnlySpan<int> after)
    {
        SameRank(shape, before, nameof(before));
        SameRank(shape, after, nameof(after));
        var strides = Strides(shape);
        var axes = new Axis[shape.Length];
        for (var k = 0; k < axes.Length; k++)
            axes[k] = new(before[k] + shape[k] + after[k], shape[k], strides[k], -before[k], 1);
        return View(shape, axes);
    }

    /// <summary>Where one part of a concatenation goes.</summary>
    /// <param name="shape">The part's shape.</param>
    /// <param name="axis">The axis of the concatenation.</param>
    /// <param name="offset">Where on it the part begins.</param>
    /// <param name="total">The length of that axis in the whole.</param>
    public static IndexMap Place(ReadOnlySpan<int> shape, int axis, int offset, int total)
    {
        var (before, after) = (new int[shape.Length], new int[shape.Length]);
        before[axis] = offset;
        after[axis] = total - shape[axis] - offset;
        return Pad(shape, before, after);
    }

    /// <summary>Stretches axes of length 1, and adds leading axes, to reach <paramref name="target"/>.</summary>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static IndexMap Broadcast(ReadOnlySpan<int> shape, ReadOnlySpan<int> target)
    {
        if (shape.Length > target.Length)
            throw new ArgumentException($"Rank {shape.Length} does not broadcast to rank {target.Length}.", nameof(target));
        var strides = Strides(shape);
        var axes = new Axis[target.Length];
        for (var k = 0; k < axes.Length; k++)
        {
            var own = k - (target.Length - shape.Length);
            var length = own < 0 ? 1 : shape[own];
            if (length != 1 && length != target[k])
                throw new ArgumentException($"Axis {k}: {length} does not broadcast to {target[k]}.", nameof(target));
            axes[k] = length == 1 ? new(target[k], 1, 0, 0, 0) : new(target[k], length, strides[own], 0, 1);
        }
        return View(shape, axes);
    }

    /// <summary>Pooling of every channel: an element goes to every window that covers it.</summary>
    public static IndexMap Pool(int channels, SlidingWindow window)
    {
        ArgumentNullException.ThrowIfNull(window);
        var outputs = window.OutputPositions;
        var inputs = window.InputsUnder(window.Input.Length);
        var routes = new List<(int, int)>(inputs.Length);
        for (var k = 0; k < inputs.Length; k++)
        {
            if (inputs[k] >= 0)
                routes.Add((inputs[k], k % outputs));
        }
        return FromPairs(window.InputPositions, outputs, [.. routes]).Repeat(channels);
    }

    // One axis of a target: its length, and where its elements lie on an axis of the source.
    private readonly record struct Axis(int Length, int SourceLength, int SourceStride, int Start, int Step);

    private static IndexMap View(ReadOnlySpan<int> shape, Axis[] axes)
    {
        var sourceOf = new int[axes.Aggregate(1, (product, axis) => checked(product * axis.Length))];
        var inner = sourceOf.Length;
        foreach (var axis in axes)
        {
            inner /= axis.Length;
            for (var target = 0; target < sourceOf.Length; target++)
            {
                var source = axis.Start + (axis.Step * (target / inner % axis.Length));
                sourceOf[target] = sourceOf[target] < 0 || source < 0 || source >= axis.SourceLength
                    ? -1
                    : sourceOf[target] + (source * axis.SourceStride);
            }
        }
        var sources = 1;
        foreach (var length in shape)
            sources = checked(sources * length);
        return FromSources(sources, sourceOf);
    }

    private static int[] Strides(ReadOnlySpan<int> shape)
    {
        var strides = new int[shape.Length];
        var stride = 1;
        for (var k = shape.Length - 1; k >= 0; k--)
        {
            strides[k] = stride;
            stride = checked(stride * shape[k]);
        }
        return strides;
    }

    private static void SameRank(ReadOnlySpan<int> shape, ReadOnlySpan<int> values, string name)
    {
        if (values.Length != shape.Length)
            throw new ArgumentException($"{values.Length} values for {shape.Length} axes.", name);
    }
}
