using System.Collections.Immutable;
using Emergence.Checkpoints;

namespace Emergence.Datasets;

/// <summary>A dense array of numbers in row-major order.</summary>
/// <param name="ElementType">A <c>TensorProto.DataType</c>.</param>
/// <param name="Shape">Its dimensions, slowest first; empty for a single number.</param>
/// <param name="Data">The elements, little-endian.</param>
public sealed record NumericArray(int ElementType, ImmutableArray<int> Shape, ReadOnlyMemory<byte> Data)
{
    /// <summary>Bytes of one element of a <c>TensorProto.DataType</c>; 0 for types that an array cannot hold.</summary>
    public static int ElementSize(int elementType) =>
        ElementTypes.IsInteger(elementType) || ElementTypes.IsFloat(elementType) ? ElementTypes.Bits(elementType) / 8 : 0;

    /// <summary>A shape as users read it: <c>[3,32,32]</c>.</summary>
    public static string Describe(params ReadOnlySpan<int> shape) => $"[{string.Join(',', shape.ToArray())}]";

    /// <summary>The first <paramref name="count"/> entries along the first axis, or all where there are no
    /// more; shares the data.</summary>
    public NumericArray Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return Shape.IsEmpty || count >= Shape[0]
            ? this
            : this with { Shape = Shape.SetItem(0, count), Data = Data[..(Data.Length / Shape[0] * count)] };
    }
}
