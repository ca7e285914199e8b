using System.Buffers;
using System.Numerics;
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

    /// <summary>Converts to a floating-point type, preprocessed in float32.</summary>
    /// <param name="array">The stored elements, whole samples.</param>
    /// <param name="elementType">The type wanted; see <see cref="IsFloat"/>.</param>
    /// <param name="preprocessing">What to do on the way.</param>
    /// <param name="stride">Neighboring elements that share a channel.</param>
    /// <param name="target">Receives the elements.</param>
    public static void ToFloat(NumericArray array, int elementType, Preprocessing preprocessing, int stride, Span<byte> target)
    {
        if (preprocessing.IsIdentity && array.ElementType == elementType)
            array.Data.Span.CopyTo(target);
        else if (preprocessing.IsIdentity && elementType == (int)DataType.Double)
            Pack(TensorValues.ToDoubles(Wrap(array), null).AsSpan(), target);
        else if (elementType == (int)DataType.Float)
            Preprocess(array, preprocessing, stride, MemoryMarshal.Cast<byte, float>(target));
        else
        {
            var count = target.Length / NumericArray.ElementSize(elementType);
            var rented = ArrayPool<float>.Shared.Rent(count);
            var floats = rented.AsSpan(0, count);
            Preprocess(array, preprocessing, stride, floats);
            FromFloats(floats, elementType, target);
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    /// <summary>Converts whole numbers to an integer type or bool.</summary>
    /// <exception cref="UserException">The elements are no whole numbers, or do not fit the type.</exception>
    public static void ToInteger(string subject, NumericArray array, int elementType, Span<byte> target)
    {
        if (array.ElementType == elementType)
        {
            array.Data.Span.CopyTo(target);
            return;
        }
        if (!ElementTypes.IsInteger(array.ElementType))
            throw new UserException(
                $"{subject}: holds {ElementTypes.NameOf(array.ElementType)} where the model takes "
                + $"{ElementTypes.NameOf(elementType)}; "
                + "save whole numbers");
        FromLongs(subject, Longs(subject, array, elementType), elementType, target);
    }

    private static long[] Longs(string subject, NumericArray array, int elementType)
    {
        try
        {
            return TensorValues.ToLongs(Wrap(array), null);
        }
        catch (UserException e)
        {
            throw TooLarge(subject, elementType, e);
        }
    }

    private static UserException TooLarge(string subject, int elementType, Exception cause) => new(
        $"{subject}: holds numbers that {ElementTypes.NameOf(elementType)}, which the model takes, cannot hold; check the data",
        cause);

    /// <summary>The bytes of a tensor of an integer type or bool from whole numbers.</summary>
    /// <exception cref="UserException">A number does not fit the type, or the type is not one of these.</exception>
    public static void FromLongs(string subject, ReadOnlySpan<long> values, int elementType, Span<byte> target)
    {
        try
        {
            switch ((DataType)elementType)
            {
                case DataType.Bool:
                    Convert(values, target, value => value is 0 or 1 ? (byte)value : throw new OverflowException());
                    break;
                case DataType.Uint8: Convert(values, target, value => (byte)value); break;
                case DataType.Int8: Convert(values, target, value => (sbyte)value); break;
                case DataType.Uint16: Convert(values, target, value => (ushort)value); break;
                case DataType.Int16: Convert(values, target, value => (short)value); break;
                case DataType.Uint32: Convert(values, target, value => (uint)value); break;
                case DataType.Int32: Convert(values, target, value => (int)value); break;
                case DataType.Uint64: Convert(values, target, value => (ulong)value); break;
                case DataType.Int64: Pack(values, target); break;
                default: throw NotFed(subject, elementType);
            }
        }
        catch (OverflowException e)
        {
            throw TooLarge(subject, elementType, e);
        }
    }

    /// <summary>The bytes of a tensor of this type from floats.</summary>
    public static void FromFloats(ReadOnlySpan<float> values, int elementType, Span<byte> target)
    {
        switch ((DataType)elementType)
        {
            case DataType.Float16: Convert(values, target, value => (Half)value); break;
            case DataType.Double: Convert(values, target, value => (double)value); break;
            case DataType.Bfloat16: Convert(values, target, ToBfloat16); break;
            default: Pack(values, target); break;
        }
    }

    /// <summary>Says that an input of this type takes no numbers.</summary>
    public static UserException NotFed(string subject, int elementType) => new(
        $"{subject}: the model takes {ElementTypes.NameOf(elementType)} there, which no probe can feed; "
        + "export it with numbers as inputs");

    private static void Preprocess(NumericArray array, Preprocessing preprocessing, int stride, Span<float> target)
    {
        if (array.ElementType == (int)DataType.Uint8)
            Compute(array.Data.Span, target, preprocessing, stride);
        else if (array.ElementType == (int)DataType.Float)
            Compute(MemoryMarshal.Cast<byte, float>(array.Data.Span), target, preprocessing, stride);
        else
            Compute(TensorValues.ToFloats(Wrap(array), null), target, preprocessing, stride);
    }

    /// <summary>Bytes, preprocessed: the runs of one channel together.</summary>
    private static void Compute(ReadOnlySpan<byte> source, Span<float> target, Preprocessing preprocessing, int stride)
    {
        var run = preprocessing.Channels == 1 ? source.Length : stride;
        for (int start = 0, block = 0; start < source.Length; start += run, block++)
        {
            var channel = block % preprocessing.Channels;
            var done = Widen(source.Slice(start, run), target.Slice(start, run), preprocessing, channel);
            for (var i = start + done; i < start + run; i++)
                target[i] = preprocessing.Apply(source[i], channel);
        }
    }

    /// <summary>As <see cref="Preprocessing.Apply"/>, for as many as fill whole vectors.</summary>
    // Compiled fully at once: most of a probe has passed before tiering would have noticed.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Widen(ReadOnlySpan<byte> source, Span<float> target, Preprocessing preprocessing, int channel)
    {
        var (scale, mean, std) = preprocessing.Of(channel);
        var (scales, means, stds) = (new Vector<float>(scale), new Vector<float>(mean), new Vector<float>(std));
        var done = 0;
        for (; done <= source.Length - Vector<byte>.Count; done += Vector<byte>.Count)
        {
            Vector.Widen(new Vector<byte>(source[done..]), out var low, out var high);
            Store(low, target[done..]);
            Store(high, target[(done + Vector<ushort>.Count)..]);
        }
        return done;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        void Store(Vector<ushort> values, Span<float> to)
        {
            Vector.Widen(values, out var low, out var high);
            ((Vector.ConvertToSingle(Vector.AsVectorInt32(low)) * scales - means) / stds).CopyTo(to);
            ((Vector.ConvertToSingle(Vector.AsVectorInt32(high)) * scales - means) / stds).CopyTo(to[Vector<float>.Count..]);
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

    private static void Convert<TFrom, TTo>(ReadOnlySpan<TFrom> source, Span<byte> target, Func<TFrom, TTo> convert)
        where TTo : unmanaged
    {
        var elements = MemoryMarshal.Cast<byte, TTo>(target);
        for (var i = 0; i < source.Length; i++)
            elements[i] = convert(source[i]);
    }

    private static void Pack<T>(ReadOnlySpan<T> source, Span<byte> target) where T : unmanaged =>
        source.CopyTo(MemoryMarshal.Cast<byte, T>(target));

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
