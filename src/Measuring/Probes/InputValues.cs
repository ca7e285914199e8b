using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Google.Protobuf;
using Onnx;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Measuring.Probes;

/// <summary>Turns stored elements into elements of the type that a model input takes.</summary>
internal static class InputValues
{
    /// <summary>True where the type holds fractions, so that preprocessing applies to it.</summary>
    public static bool IsFloat(int elementType) => (DataType)elementType is
        DataType.Float or DataType.Float16 or DataType.Double or DataType.Bfloat16;

    /// <summary>
    /// Converts to a floating-point type, preprocessed in float32. Without preprocessing, elements of the right type are
    /// shared, not copied.
    /// </summary>
    /// <param name="subject">The data, for errors.</param>
    /// <param name="array">The stored elements.</param>
    /// <param name="elementType">The type wanted; see <see cref="IsFloat"/>.</param>
    /// <param name="preprocessing">What to do on the way.</param>
    /// <param name="stride">Neighboring elements that share a channel.</param>
    /// <exception cref="UserException">The result passes 2 GB.</exception>
    public static ReadOnlyMemory<byte> ToFloat(
        string subject, NumericArray array, int elementType, Preprocessing preprocessing, int stride)
    {
        if (preprocessing.IsIdentity && array.ElementType == elementType)
            return array.Data;
        if (preprocessing.IsIdentity && elementType == (int)DataType.Double)
            return Pack(subject, TensorValues.ToDoubles(Wrap(array), null).AsSpan());

        var floats = Allocate<float>(subject, array.Data.Length / NumericArray.ElementSize(array.ElementType), out var bytes);
        if (array.ElementType == (int)DataType.Uint8)
            LookUp(array.Data.Span, floats, preprocessing, stride);
        else
            Compute(TensorValues.ToFloats(Wrap(array), null), floats, preprocessing, stride);
        return (DataType)elementType switch
        {
            DataType.Float => bytes,
            DataType.Float16 => Convert(subject, floats, value => (Half)value),
            DataType.Double => Convert(subject, floats, value => (double)value),
            _ => Convert(subject, floats, ToBfloat16),
        };
    }

    /// <summary>Converts whole numbers to an integer type or bool; elements of the right type are shared, not copied.</summary>
    /// <exception cref="UserException">The elements are no whole numbers, or do not fit the type.</exception>
    public static ReadOnlyMemory<byte> ToInteger(string subject, NumericArray array, int elementType)
    {
        if (array.ElementType == elementType)
            return array.Data;
        if (!ElementTypes.IsInteger(array.ElementType))
            throw new UserException(
                $"{subject}: holds {ElementTypes.NameOf(array.ElementType)} where the model takes "
                + $"{ElementTypes.NameOf(elementType)}; "
                + "save whole numbers");
        return FromLongs(subject, TensorValues.ToLongs(Wrap(array), null), elementType);
    }

    /// <summary>The bytes of a tensor of an integer type or bool from whole numbers.</summary>
    /// <exception cref="UserException">A number does not fit the type, or the type is not one of these.</exception>
    public static ReadOnlyMemory<byte> FromLongs(string subject, ReadOnlySpan<long> values, int elementType)
    {
        try
        {
            return (DataType)elementType switch
            {
                DataType.Bool => Convert(subject, values, value => value is 0 or 1 ? (byte)value : throw new OverflowException()),
                DataType.Uint8 => Convert(subject, values, value => (byte)value),
                DataType.Int8 => Convert(subject, values, value => (sbyte)value),
                DataType.Uint16 => Convert(subject, values, value => (ushort)value),
                DataType.Int16 => Convert(subject, values, value => (short)value),
                DataType.Uint32 => Convert(subject, values, value => (uint)value),
                DataType.Int32 => Convert(subject, values, value => (int)value),
                DataType.Uint64 => Convert(subject, values, value => (ulong)value),
                DataType.Int64 => Pack(subject, values),
                _ => throw new UserException(
                    $"{subject}: the model takes {ElementTypes.NameOf(elementType)} there, which no probe can feed; "
                    + "export it with numbers as inputs"),
            };
        }
        catch (OverflowException)
        {
            throw new UserException(
                $"{subject}: holds numbers that {ElementTypes.NameOf(elementType)}, which the model takes, cannot hold; check "
                + "the data");
        }
    }

    /// <summary>The bytes of a tensor of this type from floats.</summary>
    public static ReadOnlyMemory<byte> FromFloats(string subject, ReadOnlySpan<float> values, int elementType) =>
        (DataType)elementType switch
        {
            DataType.Float16 => Convert(subject, values, value => (Half)value),
            DataType.Double => Convert(subject, values, value => (double)value),
            DataType.Bfloat16 => Convert(subject, values, ToBfloat16),
            _ => Pack(subject, values),
        };

    private static void LookUp(ReadOnlySpan<byte> source, Span<float> target, Preprocessing preprocessing, int stride)
    {
        var channels = preprocessing.Channels;
        var table = new float[256 * channels];
        for (var i = 0; i < table.Length; i++)
            table[i] = preprocessing.Apply(i % 256, i / 256);
        var run = channels == 1 ? source.Length : stride;
        for (int start = 0, block = 0; start < source.Length; start += run, block++)
        {
            var lookup = table.AsSpan(256 * (block % channels), 256);
            for (var i = start; i < start + run; i++)
                target[i] = lookup[source[i]];
        }
    }

    private static void Compute(ReadOnlySpan<float> source, Span<float> target, Preprocessing preprocessing, int stride)
    {
        if (preprocessing.IsIdentity)
        {
            source.CopyTo(target);
            return;
        }
        for (var i = 0; i < source.Length; i++)
            target[i] = preprocessing.Apply(source[i], preprocessing.Channels == 1 ? 0 : i / stride % preprocessing.Channels);
    }

    private static ReadOnlyMemory<byte> Convert<TFrom, TTo>(string subject, ReadOnlySpan<TFrom> source, Func<TFrom, TTo> convert)
        where TTo : unmanaged
    {
        var target = Allocate<TTo>(subject, source.Length, out var bytes);
        for (var i = 0; i < source.Length; i++)
            target[i] = convert(source[i]);
        return bytes;
    }

    private static ReadOnlyMemory<byte> Pack<T>(string subject, ReadOnlySpan<T> source) where T : unmanaged
    {
        var target = Allocate<T>(subject, source.Length, out var bytes);
        source.CopyTo(target);
        return bytes;
    }

    private static Span<T> Allocate<T>(string subject, int count, out byte[] bytes) where T : unmanaged
    {
        var size = (long)count * Unsafe.SizeOf<T>();
        if (size > Array.MaxLength)
            throw new UserException(
                $"{subject}: {count:N0} values take {size >> 20:N0} MB, more than fits in memory at once; "
                + "take fewer samples (--samples)");
        bytes = GC.AllocateUninitializedArray<byte>((int)size);
        return MemoryMarshal.Cast<byte, T>(bytes.AsSpan());
    }

    private static TensorProto Wrap(NumericArray array) => new()
    {
        DataType = array.ElementType,
        Dims = { array.Data.Length / NumericArray.ElementSize(array.ElementType) },
        RawData = UnsafeByteOperations.UnsafeWrap(array.Data),
    };

    /// <summary>Rounded to nearest, ties to even.</summary>
    private static ushort ToBfloat16(float value) => unchecked(float.IsNaN(value)
        ? (ushort)0x7FC0
        : (ushort)((BitConverter.SingleToUInt32Bits(value) + 0x7FFF
            + ((BitConverter.SingleToUInt32Bits(value) >> 16) & 1)) >> 16));
}
