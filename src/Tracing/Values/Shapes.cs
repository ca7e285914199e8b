namespace Emergence.Tracing.Values;

/// <summary>Shape arithmetic of ONNX's layout operators, on concrete sizes.</summary>
internal static class Shapes
{
    /// <summary>Number of elements.</summary>
    /// <exception cref="TraceException">A size is negative, or there are more than 2³¹ − 1.</exception>
    public static int Count(ReadOnlySpan<int> dims)
    {
        var count = 1L;
        foreach (var dim in dims)
        {
            if (dim < 0)
                throw new TraceException($"a shape of [{Text(dims)}]");
            count = dim == 0 ? 0 : Math.Min(count, int.MaxValue) * dim;
        }
        return count <= int.MaxValue || dims.Contains(0)
            ? (int)count
            : throw new TraceException($"a tensor of [{Text(dims)}] has more than {int.MaxValue} elements");
    }

    public static int Axis(int axis, int rank)
    {
        if (axis < -rank || axis >= rank)
            throw new TraceException($"axis {axis} is outside a tensor of rank {rank}");
        return axis < 0 ? axis + rank : axis;
    }

    /// <summary>A place on an axis; one below zero counts from the end.</summary>
    /// <exception cref="TraceException">It is outside the axis.</exception>
    public static int Index(double index, int length)
    {
        if (!(index >= -(double)length && index < length))
            throw new TraceException(
                FormattableString.Invariant($"index {index} is outside an axis of {length} element{(length == 1 ? "" : "s")}"));
        return (int)(index < 0 ? index + length : index);
    }

    public static int[] Broadcast(ReadOnlySpan<int> a, ReadOnlySpan<int> b)
    {
        var result = new int[Math.Max(a.Length, b.Length)];
        for (var i = 1; i <= result.Length; i++)
        {
            var (x, y) = (i <= a.Length ? a[^i] : 1, i <= b.Length ? b[^i] : 1);
            if (x != y && x != 1 && y != 1)
                throw new TraceException($"shapes [{Text(a)}] and [{Text(b)}] do not broadcast");
            result[^i] = x == 1 ? y : x;
        }
        return result;
    }

    public static int[] Reshape(ReadOnlySpan<int> dims, ReadOnlySpan<int> requested, bool allowZero)
    {
        var result = requested.ToArray();
        var free = -1;
        for (var i = 0; i < result.Length; i++)
        {
            if (result[i] == 0 && !allowZero && i < dims.Length)
                result[i] = dims[i];
            if (result[i] < -1 || result[i] == -1 && free >= 0 || result[i] == 0 && !allowZero && dims.Length <= i)
                throw new TraceException($"[{Text(dims)}] cannot be reshaped to [{Text(requested)}]");
            if (result[i] == -1)
                free = i;
        }
        var count = Count(dims);
        if (free >= 0)
        {
            result[free] = 1;
            var rest = Count(result);
            result[free] = rest == 0 ? 0 : count / rest;
        }
        if (Count(result) != count)
            throw new TraceException($"[{Text(dims)}] cannot be reshaped to [{Text(requested)}]");
        return result;
    }

    public static int[] Flatten(ReadOnlySpan<int> dims, int axis)
    {
        // Behind the last axis is a place to cut too.
        axis = axis == dims.Length ? axis : Axis(axis, dims.Length);
        return [Count(dims[..axis]), Count(dims[axis..])];
    }

    public static int[] Squeeze(int[] dims, int[]? axes)
    {
        var drop = axes?.Select(axis => Axis(axis, dims.Length)).ToHashSet();
        return [.. dims.Where((dim, i) => drop is null ? dim != 1 : !drop.Contains(i))];
    }

    public static int[] Unsqueeze(int[] dims, int[] axes)
    {
        var result = dims.ToList();
        foreach (var axis in axes.Select(axis => Axis(axis, dims.Length + axes.Length)).Order())
            result.Insert(axis, 1);
        return [.. result];
    }

    /// <summary>The axes in the order of a Transpose.</summary>
    /// <exception cref="TraceException">They are not each axis once.</exception>
    public static int[] Permutation(int rank, AttributeReader attributes)
    {
        if (attributes.Ints("perm") is not { Length: > 0 } perm)
            return [.. Enumerable.Range(0, rank).Reverse()];
        if (perm.Length != rank || perm.Distinct().Count() != rank || perm.Any(axis => axis < 0 || axis >= rank))
            throw new TraceException($"a permutation [{string.Join(",", perm)}] of a tensor of rank {rank}");
        return [.. perm.Select(axis => (int)axis)];
    }

    public static (int Start, int End) ShapeSlice(int rank, AttributeReader attributes)
    {
        var start = attributes.Bound("start", 0, rank);
        return (start, Math.Max(start, attributes.Bound("end", rank, rank)));
    }

    /// <summary>The size of each part of an axis that a Split divides.</summary>
    /// <exception cref="TraceException">The sizes given do not add up to the axis, or are not one for each output.</exception>
    public static int[] SplitSizes(int length, int outputs, AttributeReader attributes, double[]? sizes)
    {
        var given = sizes is { Length: > 0 }
            ? sizes
            : attributes.Ints("split") is { Length: > 0 } split
            ? [.. split.Select(size => (double)size)]
            : null;
        if (given is not null)
        {
            if (given.Length != outputs || given.Sum() != length || Array.Exists(given, size => size < 0))
                throw new TraceException($"an axis of {length} is split into [{string.Join(",", given)}] for {outputs} outputs");
            return [.. given.Select(size => (int)size)];
        }
        var chunk = (length + outputs - 1) / outputs;
        return [.. Enumerable.Range(0, outputs).Select(i => Math.Clamp(length - i * chunk, 0, chunk))];
    }

    /// <summary>The shape after a reduction and which axes it took; no axes means all.</summary>
    public static (int[] Shape, bool[] Reduced) Reduce(int[] dims, int[]? axes, bool keepDims)
    {
        var reduced = new bool[dims.Length];
        if (axes is null or [])
            Array.Fill(reduced, true);
        else
            Array.ForEach(axes, axis => reduced[Axis(axis, dims.Length)] = true);
        int[] shape = keepDims ? [.. dims.Select((dim, i) => reduced[i] ? 1 : dim)] : [.. dims.Where((_, i) => !reduced[i])];
        return (shape, reduced);
    }

    public static string Text(ReadOnlySpan<int> dims) => string.Join(",", dims.ToArray());
}

/// <summary>One axis of a Slice: <paramref name="Length"/> elements from <paramref name="Start"/> on.</summary>
internal readonly record struct SliceRange(int Start, int Step, int Length)
{
    /// <summary>The ranges of a Slice node: by attributes below opset 10, by inputs from then on.</summary>
    public static SliceRange[] All(
        int[] dims, int opset, AttributeReader attributes, double[]? startsInput, double[]? endsInput, double[]? axesInput,
        double[]? stepsInput)
    {
        var starts = opset < 10 ? attributes.Ints("starts")?.Select(x => (double)x).ToArray() : startsInput;
        var ends = opset < 10 ? attributes.Ints("ends")?.Select(x => (double)x).ToArray() : endsInput;
        var axes = opset < 10 ? attributes.Ints("axes")?.Select(x => (double)x).ToArray() : axesInput;
        if (starts is null || ends is null)
            throw new TraceException("the slice's bounds are computed from the data");
        if (ends.Length != starts.Length || axes is not null && axes.Length != starts.Length
            || stepsInput is not null && stepsInput.Length != starts.Length)
            throw new TraceException("the slice's starts, ends, axes and steps are of different number");
        var ranges = dims.Select(dim => new SliceRange(0, 1, dim)).ToArray();
        for (var i = 0; i < starts.Length; i++)
        {
            var axis = Shapes.Axis(axes is null ? i : (int)axes[i], dims.Length);
            var step = opset < 10 || stepsInput is null ? 1 : ConstantValues.ToInt(stepsInput[i]);
            double dim = dims[axis];
            double Wrap(double x) => x < 0 ? x + dim : x;
            if (step > 0)
            {
                var (start, end) = (Math.Clamp(Wrap(starts[i]), 0, dim), Math.Clamp(Wrap(ends[i]), 0, dim));
                ranges[axis] = new((int)start, step, (int)Math.Max(0, Math.Ceiling((end - start) / step)));
            }
            else if (step < 0)
            {
                var (start, end) = (Math.Clamp(Wrap(starts[i]), -1, dim - 1), Math.Clamp(Wrap(ends[i]), -1, dim - 1));
                ranges[axis] = new((int)start, step, (int)Math.Max(0, Math.Ceiling((end - start) / step)));
            }
            else
            {
                throw new TraceException("a slice cannot have step 0");
            }
        }
        return ranges;
    }
}
