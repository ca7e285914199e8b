using System.Collections.Immutable;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Datasets;

/// <summary>A dense array of numbers in row-major order.</summary>
/// <param name="ElementType">A <c>TensorProto.DataType</c>.</param>
/// <param name="Shape">Its dimensions, slowest first; empty for a single number.</param>
/// <param name="Data">The elements, little-endian.</param>
public sealed record NumericArray(int ElementType, ImmutableArray<int> Shape, ReadOnlyMemory<byte> Data)
{
    /// <summary>Bytes of one element of a <c>TensorProto.DataType</c>; 0 for types that an array cannot hold.</summary>
    public static int ElementSize(int elementType) => (DataType)elementType switch
    {
        DataType.Uint8 or DataType.Int8 or DataType.Bool => 1,
        DataType.Uint16 or DataType.Int16 or DataType.Float16 or DataType.Bfloat16 => 2,
        DataType.Uint32 or DataType.Int32 or DataType.Float => 4,
        DataType.Uint64 or DataType.Int64 or DataType.Double => 8,
        _ => 0,
    };

    /// <summary>A shape as users read it: <c>[3,32,32]</c>.</summary>
    public static string Describe(ReadOnlySpan<int> shape) => $"[{string.Join(',', shape.ToArray())}]";
}
