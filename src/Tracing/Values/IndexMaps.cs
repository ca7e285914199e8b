namespace Emergence.Tracing.Values;

/// <summary>
/// Where each element of a layout operator's output comes from: the flat index into its input, row-major.
/// -1 marks an element that comes from nowhere (padding).
/// </summary>
internal static class IndexMaps
{
    public static (int[] Dims, int[] Indices) Transpose(int[] dims, int[] perm)
    {
        var strides = Strides(dims);
        return Strided([.. perm.Select(axis => dims[axis])], [.. perm.Select(axis => strides[axis])], 0);
    }

    public static (int[] Dims, int[] Indices) Slice(int[] dims, SliceRange[] ranges)
    {
        var strides = Strides(dims);
        var offset = ranges.Select((range, i) => range.Start * strides[i]).Sum();
        return Strided([.. ranges.Select(range => range.Length)], [.. ranges.Select((range, i) => range.Step * strides[i])], offset);
    }

    /// <summary>Numpy broadcasting of <paramref name="dims"/> to <paramref name="shape"/>.</summary>
    public static (int[] Dims, int[] Indices) Expand(int[] dims, int[] shape)
    {
        var strides = Strides(dims);
        var lead = shape.Length - dims.Length;
        return Strided(shape, [.. shape.Select((_, i) => i < lead || dims[i - lead] == 1 ? 0 : strides[i - lead])], 0);
    }

    public static (int[] Dims, int[] Indices) Gather(int[] dims, int axis, int[] indexDims, int[] indices)
    {
        var inner = Shapes.Count(dims.AsSpan(axis + 1));
        var outer = Shapes.Count(dims.AsSpan(0, axis));
        int[] shape = [.. dims[..axis], .. indexDims, .. dims[(axis + 1)..]];
        var map = new int[Shapes.Count(shape)];
        var next = 0;
        for (var o = 0; o < outer; o++)
        {
            foreach (var index in indices)
            {
                var row = Shapes.Axis(index, dims[axis]);
                for (var i = 0; i < inner; i++)
                    map[next++] = (o * dims[axis] + row) * inner + i;
            }
        }
        return (shape, map);
    }

    public static int[] Strides(ReadOnlySpan<int> dims)
    {
        var strides = new int[dims.Length];
        var stride = 1;
        for (var i = dims.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= dims[i];
        }
        return strides;
    }

    /// <summary>The indices of a strided view: an odometer over <paramref name="shape"/>.</summary>
    private static (int[] Dims, int[] Indices) Strided(int[] shape, int[] strides, int offset)
    {
        var indices = new int[Shapes.Count(shape)];
        var position = new int[shape.Length];
        var index = offset;
        for (var i = 0; i < indices.Length; i++)
        {
            indices[i] = index;
            for (var axis = shape.Length - 1; axis >= 0; axis--)
            {
                index += strides[axis];
                if (++position[axis] < shape[axis])
                    break;
                index -= strides[axis] * shape[axis];
                position[axis] = 0;
            }
        }
        return (shape, indices);
    }
}
