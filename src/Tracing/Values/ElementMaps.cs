using Emergence.Analyzer.Metrics;

namespace Emergence.Tracing.Values;

/// <summary>
/// Where each element of a layout operator's output comes from: maps from the elements of the output to those of the input,
/// both row-major.
/// </summary>
internal static class ElementMaps
{
    // Four bytes each: beyond this a map of one operator would take half a gigabyte.
    private const long MostRoutes = 1 << 27;

    /// <summary>Axis k of the output is axis <paramref name="perm"/>[k] of the input.</summary>
    public static ElementMap Transpose(int[] dims, int[] perm)
    {
        var strides = Strides(dims);
        return Strided(dims, [.. perm.Select(axis => dims[axis])], [.. perm.Select(axis => strides[axis])], 0);
    }

    /// <summary>A part of each axis.</summary>
    public static ElementMap Slice(int[] dims, SliceRange[] ranges)
    {
        var strides = Strides(dims);
        var offset = ranges.Select((range, i) => range.Start * strides[i]).Sum();
        return Strided(dims, [.. ranges.Select(range => range.Length)],
            [.. ranges.Select((range, i) => range.Step * strides[i])], offset);
    }

    /// <summary>Numpy broadcasting of <paramref name="dims"/> to <paramref name="shape"/>.</summary>
    /// <exception cref="TraceException">The shapes do not fit.</exception>
    public static ElementMap Broadcast(int[] dims, int[] shape)
    {
        if (dims.AsSpan().SequenceEqual(shape))
            return ElementMap.Identity(Shapes.Count(dims));
        var lead = shape.Length - dims.Length;
        if (lead < 0 || dims.Index().Any(dim => dim.Item != 1 && dim.Item != shape[lead + dim.Index]))
            throw new TraceException($"[{Shapes.Text(dims)}] does not broadcast to [{Shapes.Text(shape)}]");
        var strides = Strides(dims);
        return Strided(dims, shape, [.. shape.Select((_, i) => i < lead || dims[i - lead] == 1 ? 0 : strides[i - lead])], 0);
    }

    /// <summary>The elements of the input that indices pick along one axis.</summary>
    public static ElementMap Gather(int[] dims, int axis, int[] indexDims, int[] indices)
    {
        int[] shape = [.. dims[..axis], .. indexDims, .. dims[(axis + 1)..]];
        var (inner, rows) = (Shapes.Count(dims.AsSpan(axis + 1)), dims[axis]);
        var map = new int[Shapes.Count(shape)];
        for (var i = 0; i < map.Length; i++)
        {
            var outer = i / inner / indices.Length;
            map[i] = (outer * rows + Shapes.Index(indices[i / inner % indices.Length], rows)) * inner + i % inner;
        }
        return ElementMap.OneEach(Shapes.Count(dims), map);
    }

    /// <summary>A tensor placed in a larger one, along one axis from <paramref name="start"/> on.</summary>
    public static ElementMap Placed(int[] dims, int[] shape, int axis, int start) =>
        Each(dims, shape, (at, position) => at == axis ? position - start : position);

    /// <summary>Each axis by itself: the position on the input's axis for each position on the output's, or
    /// one outside where it has none.</summary>
    /// <param name="dims">The input's shape.</param>
    /// <param name="shape">The output's, of the same rank.</param>
    /// <param name="positionOf">From axis and position in the output to the position in the input.</param>
    public static ElementMap Each(int[] dims, int[] shape, Func<int, int, int> positionOf)
    {
        var (strides, outStrides) = (Strides(dims), Strides(shape));
        int[][] offsets = [.. shape.Select((size, axis) => Enumerable.Range(0, size)
            .Select(position => positionOf(axis, position))
            .Select(position => position < 0 || position >= dims[axis] ? -1 : position * strides[axis]).ToArray())];
        var map = new int[Shapes.Count(shape)];
        for (var i = 0; i < map.Length; i++)
        {
            for (var axis = 0; axis < shape.Length && map[i] >= 0; axis++)
            {
                var offset = offsets[axis][i / outStrides[axis] % shape[axis]];
                map[i] = offset < 0 ? -1 : map[i] + offset;
            }
        }
        return ElementMap.OneEach(Shapes.Count(dims), map);
    }

    /// <summary>Each axis by itself, with several positions on the input's axis for each on the output's:
    /// every combination counts.</summary>
    /// <param name="dims">The input's shape.</param>
    /// <param name="shape">The output's, of the same rank.</param>
    /// <param name="positionsOf">For each axis, the positions in the input for each position in the output.</param>
    /// <exception cref="TraceException">There are too many combinations to follow.</exception>
    public static ElementMap Each(int[] dims, int[] shape, int[][][] positionsOf)
    {
        if (Array.TrueForAll(positionsOf, axis => Array.TrueForAll(axis, positions => positions.Length <= 1)))
            return Each(dims, shape, (axis, position) => positionsOf[axis][position] is [var only] ? only : -1);
        // Every combination: the sums of the axes multiply.
        var routes = positionsOf.Aggregate(1L,
            (product, axis) => Math.Min(product * axis.Sum(positions => positions.Length), long.MaxValue / int.MaxValue));
        if (routes > MostRoutes)
            throw new TraceException($"its elements come from {routes} places, more than are followed");
        var (strides, outStrides) = (Strides(dims), Strides(shape));
        var (first, others, end) = (new int[Shapes.Count(shape) + 1], new int[routes], 0);
        for (var i = 0; i < first.Length - 1; i++)
        {
            int[] Positions(int axis) => positionsOf[axis][i / outStrides[axis] % shape[axis]];
            var isNowhere = false;
            for (var axis = 0; axis < shape.Length; axis++)
                isNowhere |= Positions(axis).Length == 0;
            var (start, count) = (end, isNowhere ? 0 : 1);
            for (var axis = 0; axis < shape.Length && !isNowhere; axis++)
            {
                var positions = Positions(axis);
                // From the last position to the first, which overwrites what the others are made of.
                for (var k = positions.Length - 1; k >= 0; k--)
                {
                    for (var known = 0; known < count; known++)
                        others[start + k * count + known] =
                            (axis == 0 ? 0 : others[start + known]) + positions[k] * strides[axis];
                }
                count *= positions.Length;
            }
            first[i + 1] = end = start + count;
        }
        return ElementMap.FromLists(Shapes.Count(dims), first, others);
    }

    /// <summary>A reduction: each element of the output comes from all elements of the axes that are gone.</summary>
    /// <param name="dims">The input's shape.</param>
    /// <param name="kept">The output's, with the axes that are gone at length 1.</param>
    public static ElementMap Reduced(int[] dims, int[] kept) => Broadcast(kept, dims).Reversed();

    /// <summary>How far apart neighbors on each axis are.</summary>
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

    /// <summary>A strided view: an odometer over <paramref name="shape"/>.</summary>
    private static ElementMap Strided(int[] dims, int[] shape, int[] strides, int offset)
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
        return ElementMap.OneEach(Shapes.Count(dims), indices);
    }
}
