using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Emergence.Datasets;

/// <summary>Exchanges the axes of arrays.</summary>
internal static class ArrayTranspose
{
    /// <summary>The same elements with axis <c>order[i]</c> of the array as axis i of the result, row-major again.</summary>
    /// <param name="array">Stays as it is.</param>
    /// <param name="order">Each axis once.</param>
    public static NumericArray Transpose(this NumericArray array, ImmutableArray<int> order)
    {
        ArgumentNullException.ThrowIfNull(array);
        var rank = array.Shape.Length;
        var strides = new int[rank];
        for (int axis = rank - 1, stride = 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= array.Shape[axis];
        }
        ImmutableArray<int> shape = [.. order.Select(axis => array.Shape[axis])];
        int[] steps = [.. order.Select(axis => strides[axis])];
        var target = GC.AllocateUninitializedArray<byte>(array.Data.Length);
        switch (NumericArray.ElementSize(array.ElementType))
        {
            case 1: Copy<byte>(array.Data.Span, target, shape, steps); break;
            case 2: Copy<ushort>(array.Data.Span, target, shape, steps); break;
            case 4: Copy<uint>(array.Data.Span, target, shape, steps); break;
            default: Copy<ulong>(array.Data.Span, target, shape, steps); break;
        }
        return array with { Shape = shape, Data = target };
    }

    private static void Copy<T>(ReadOnlySpan<byte> from, Span<byte> to, ImmutableArray<int> shape, int[] steps) where T
        : unmanaged
    {
        var source = MemoryMarshal.Cast<byte, T>(from);
        var target = MemoryMarshal.Cast<byte, T>(to);
        if (target.IsEmpty)
            return;
        var inner = shape.Length == 0 ? 1 : shape[^1];
        var innerStep = shape.Length == 0 ? 0 : steps[^1];
        var index = new int[Math.Max(shape.Length - 1, 0)];
        var start = 0;
        var done = 0;
        while (true)
        {
            for (int i = 0, at = start; i < inner; i++, at += innerStep)
                target[done++] = source[at];
            if (done == target.Length)
                return;
            // Counts the outer axes on by one, like an odometer.
            for (var axis = index.Length - 1; ; axis--)
            {
                start += steps[axis];
                if (++index[axis] < shape[axis])
                    break;
                start -= steps[axis] * shape[axis];
                index[axis] = 0;
            }
        }
    }
}
