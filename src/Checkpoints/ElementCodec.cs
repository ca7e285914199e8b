using System.Numerics;
using System.Runtime.InteropServices;
using static Onnx.TensorProto.Types;

namespace Emergence.Checkpoints;

/// <summary>
/// Numbers to and from the bytes of <c>raw_data</c>: little-endian, types under a byte packed from the low bits up.
/// The machine is little-endian, as every machine that ONNX Runtime's packages serve.
/// </summary>
internal static class ElementCodec
{
    /// <summary>Decodes <c>target.Length</c> elements.</summary>
    /// <returns>False where the type is no number (string, complex, unknown).</returns>
    /// <exception cref="OverflowException">An unsigned value does not fit <typeparamref name="T"/>.</exception>
    public static bool TryDecode<T>(int type, ReadOnlySpan<byte> raw, Span<T> target) where T : unmanaged, INumberBase<T>
    {
        switch ((DataType)type)
        {
            case DataType.Float: Convert<float, T>(raw, target); break;
            case DataType.Double: Convert<double, T>(raw, target); break;
            case DataType.Float16: Convert<Half, T>(raw, target); break;
            case DataType.Int8: Convert<sbyte, T>(raw, target); break;
            case DataType.Uint8: Convert<byte, T>(raw, target); break;
            case DataType.Int16: Convert<short, T>(raw, target); break;
            case DataType.Uint16: Convert<ushort, T>(raw, target); break;
            case DataType.Int32: Convert<int, T>(raw, target); break;
            case DataType.Uint32: Convert<uint, T>(raw, target); break;
            case DataType.Int64: Convert<long, T>(raw, target); break;
            case DataType.Uint64: Convert<ulong, T>(raw, target); break;
            case DataType.Bool:
                for (var i = 0; i < target.Length; i++)
                    target[i] = raw[i] == 0 ? T.Zero : T.One;
                break;
            case DataType.Bfloat16:
                var halves = MemoryMarshal.Cast<byte, ushort>(raw);
                for (var i = 0; i < target.Length; i++)
                    target[i] = T.CreateChecked(BitConverter.UInt32BitsToSingle((uint)halves[i] << 16));
                break;
            case DataType.Uint4 or DataType.Int4 or DataType.Uint2 or DataType.Int2:
                for (var i = 0; i < target.Length; i++)
                    target[i] = T.CreateChecked(PackedInteger(type, Packed(type, raw, i)));
                break;
            default:
                var values = SmallFloats.Values(type);
                if (values.IsEmpty)
                    return false;
                for (var i = 0; i < target.Length; i++)
                    target[i] = T.CreateChecked(values[Packed(type, raw, i)]);
                break;
        }
        return true;
    }

    /// <summary>The bits of <paramref name="value"/> as an element of the type, rounded to nearest even for floats.</summary>
    /// <exception cref="OverflowException">An integer type cannot hold the value.</exception>
    /// <exception cref="ArgumentException">An integer type and a fraction, or a type that is no number.</exception>
    public static ulong Encode(int type, double value)
    {
        if (ElementTypes.IsInteger(type) && !double.IsInteger(value))
            throw new ArgumentException($"{value} is not an integer, as {ElementTypes.NameOf(type)} needs", nameof(value));
        return (DataType)type switch
        {
            DataType.Float => BitConverter.SingleToUInt32Bits((float)value),
            DataType.Double => BitConverter.DoubleToUInt64Bits(value),
            DataType.Float16 => BitConverter.HalfToUInt16Bits((Half)value),
            DataType.Bfloat16 => BFloat16Bits(value),
            DataType.Bool => value == 0 ? 0ul : 1ul,
            DataType.Int2 => Signed(value, 2),
            DataType.Int4 => Signed(value, 4),
            DataType.Int8 => Signed(value, 8),
            DataType.Int16 => Signed(value, 16),
            DataType.Int32 => Signed(value, 32),
            DataType.Int64 => unchecked((ulong)checked((long)value)),
            DataType.Uint2 => Unsigned(value, 2),
            DataType.Uint4 => Unsigned(value, 4),
            DataType.Uint8 => Unsigned(value, 8),
            DataType.Uint16 => Unsigned(value, 16),
            DataType.Uint32 => Unsigned(value, 32),
            DataType.Uint64 => checked((ulong)value),
            _ when !SmallFloats.Values(type).IsEmpty => SmallFloats.Encode(type, value),
            _ => throw new ArgumentException($"{ElementTypes.NameOf(type)} holds no numbers", nameof(type)),
        };
    }

    /// <summary>Writes the bits of element <paramref name="index"/>.</summary>
    public static void Put(int type, Span<byte> raw, int index, ulong bits)
    {
        var width = ElementTypes.Bits(type);
        if (width < 8)
        {
            var shift = index * width % 8;
            var mask = (1 << width) - 1;
            ref var cell = ref raw[(int)((long)index * width / 8)];
            cell = (byte)((cell & ~(mask << shift)) | ((int)bits << shift));
            return;
        }
        MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in bits))[..(width / 8)].CopyTo(raw[(index * (width / 8))..]);
    }

    private static int Packed(int type, ReadOnlySpan<byte> raw, int index)
    {
        var width = ElementTypes.Bits(type);
        var bit = (long)index * width;
        return (raw[(int)(bit / 8)] >> (int)(bit % 8)) & ((1 << width) - 1);
    }

    private static int PackedInteger(int type, int code) => (DataType)type switch
    {
        DataType.Int4 => (code ^ 8) - 8,
        DataType.Int2 => (code ^ 2) - 2,
        _ => code,
    };

    private static void Convert<TSource, T>(ReadOnlySpan<byte> raw, Span<T> target)
        where TSource : unmanaged, INumberBase<TSource>
        where T : unmanaged, INumberBase<T>
    {
        var source = MemoryMarshal.Cast<byte, TSource>(raw)[..target.Length];
        if (typeof(TSource) == typeof(T))
        {
            MemoryMarshal.Cast<TSource, T>(source).CopyTo(target);
            return;
        }
        for (var i = 0; i < source.Length; i++)
            target[i] = T.CreateChecked(source[i]);
    }

    private static ulong Signed(double value, int width)
    {
        var number = checked((long)value);
        var limit = 1L << (width - 1);
        return number >= -limit && number < limit
            ? unchecked((ulong)number) & ((1ul << width) - 1)
            : throw new OverflowException($"{value} does not fit an integer of {width} bits");
    }

    private static ulong Unsigned(double value, int width) =>
        value >= 0 && value < 1L << width ? (ulong)value
            : throw new OverflowException($"{value} does not fit an unsigned integer of {width} bits");

    /// <summary>Rounds through float to the nearest bfloat16, ties to even; a NaN stays one.</summary>
    private static ulong BFloat16Bits(double value)
    {
        if (double.IsNaN(value))
            return 0x7FC0;
        var single = (float)value;
        var bits = BitConverter.SingleToUInt32Bits(single);
        return unchecked(bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    }
}
