using static Onnx.TensorProto.Types;

namespace Emergence.Checkpoints;

/// <summary>What is known of the values of <c>TensorProto.DataType</c>; kept as numbers, as the format does.</summary>
public static class ElementTypes
{
    /// <summary>Bits per element as stored in <c>raw_data</c>; 0 for strings and for types that are not known.</summary>
    public static int Bits(int type) => (DataType)type switch
    {
        DataType.Uint2 or DataType.Int2 => 2,
        DataType.Uint4 or DataType.Int4 or DataType.Float4E2M1 => 4,
        DataType.Uint8 or DataType.Int8 or DataType.Bool
            or DataType.Float8E4M3Fn or DataType.Float8E4M3Fnuz or DataType.Float8E5M2 or DataType.Float8E5M2Fnuz
            or DataType.Float8E8M0 => 8,
        DataType.Uint16 or DataType.Int16 or DataType.Float16 or DataType.Bfloat16 => 16,
        DataType.Float or DataType.Int32 or DataType.Uint32 => 32,
        DataType.Double or DataType.Int64 or DataType.Uint64 or DataType.Complex64 => 64,
        DataType.Complex128 => 128,
        _ => 0,
    };

    /// <summary>The type's name as the ONNX standard spells it in lower case: <c>float16</c>; <c>type
    /// 99</c> if unknown.</summary>
    public static string NameOf(int type) => (DataType)type switch
    {
        DataType.Undefined => "undefined",
        _ when !Enum.IsDefined((DataType)type) => $"type {type}",
        _ => ((DataType)type).ToString().ToLowerInvariant(),
    };

    /// <summary>True for the signed and unsigned integers of any width, and for bool.</summary>
    public static bool IsInteger(int type) => (DataType)type is
        DataType.Uint2 or DataType.Int2 or DataType.Uint4 or DataType.Int4 or DataType.Uint8 or DataType.Int8 or DataType.Bool
        or DataType.Uint16 or DataType.Int16 or DataType.Uint32 or DataType.Int32 or DataType.Uint64 or DataType.Int64;

    /// <summary>True for the real floating-point types of any width.</summary>
    public static bool IsFloat(int type) => (DataType)type is
        DataType.Float or DataType.Double or DataType.Float16 or DataType.Bfloat16 or DataType.Float4E2M1
        or DataType.Float8E4M3Fn or DataType.Float8E4M3Fnuz or DataType.Float8E5M2 or DataType.Float8E5M2Fnuz
        or DataType.Float8E8M0;

    /// <summary>Bytes that <paramref name="count"/> elements take in <c>raw_data</c>; types under a byte are packed.</summary>
    /// <exception cref="OverflowException">More than 2^63 bits.</exception>
    internal static long RawBytes(int type, long count) => checked(count * Bits(type) + 7) / 8;
}
