using System.Numerics;
using Google.Protobuf.Collections;
using Onnx;

namespace Emergence.Checkpoints;

/// <summary>
/// The numbers of a tensor, however it stores them: <c>raw_data</c>, a typed field (fp16, bf16 and the small types inside
/// <c>int32_data</c> included) or external data. The number of values stored must be what the dimensions say.
/// </summary>
public static partial class TensorValues
{
    /// <summary>Number of elements that the dimensions give; 1 for a scalar.</summary>
    /// <exception cref="UserException">A dimension is negative or the product passes 2^63.</exception>
    public static long Count(TensorProto tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return Count(tensor.Dims, Subject(tensor));
    }

    /// <summary>The values as float32, row-major; wider types are rounded.</summary>
    /// <param name="tensor">A tensor of any real or integer type.</param>
    /// <param name="directory">The model's folder, for external data; null if there is none.</param>
    /// <exception cref="UserException">Strings, complex numbers, or data that does not fit the dimensions.</exception>
    public static float[] ToFloats(TensorProto tensor, string? directory) => Read<float>(tensor, directory);

    /// <summary>The values as double, row-major; exact for every type but 64-bit integers beyond 2^53.</summary>
    /// <inheritdoc cref="ToFloats" path="/param"/>
    /// <inheritdoc cref="ToFloats" path="/exception"/>
    public static double[] ToDoubles(TensorProto tensor, string? directory) => Read<double>(tensor, directory);

    /// <summary>The values of an integer or bool tensor, row-major.</summary>
    /// <inheritdoc cref="ToFloats" path="/param"/>
    /// <exception cref="UserException">No integers, a value beyond int64, or data that does not fit the dimensions.</exception>
    public static long[] ToLongs(TensorProto tensor, string? directory)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!ElementTypes.IsInteger(tensor.DataType))
            throw new UserException(
                $"{Subject(tensor)}: holds {ElementTypes.NameOf(tensor.DataType)} where integers are needed; check the model");
        return Read<long>(tensor, directory);
    }

    /// <summary>
    /// The values as <c>raw_data</c> would hold them: little-endian, row-major, types under a byte packed from the low
    /// bits up.
    /// </summary>
    /// <inheritdoc cref="ToFloats" path="/param"/>
    /// <exception cref="UserException">Strings, more than 2 GB, or data that does not fit the dimensions.</exception>
    public static byte[] ToRaw(TensorProto tensor, string? directory)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!ExternalData.IsExternal(tensor))
            return tensor.HasRawData ? Inline(tensor).ToArray() : TypedData.ToRaw(tensor, RawBytes(tensor));
        using var slice = ExternalData.Open(tensor, directory);
        var bytes = Allocate<byte>(slice.Length, tensor);
        slice.Read(0, bytes);
        return bytes;
    }

    /// <summary>How an error message calls a tensor.</summary>
    internal static string Subject(TensorProto tensor) =>
        tensor.Name.Length > 0 ? $"tensor '{tensor.Name}'" : "tensor without a name";

    /// <summary>Bytes of the whole tensor in raw form.</summary>
    internal static long RawBytes(TensorProto tensor)
    {
        if (tensor.Segment is not null)
            throw new UserException(
                $"{Subject(tensor)}: is stored in segments, which no reader supports; export the model again");
        if (ElementTypes.Bits(tensor.DataType) == 0)
        {
            throw new UserException(
                $"{Subject(tensor)}: element type {ElementTypes.NameOf(tensor.DataType)} cannot be read as numbers; use a "
                + "numeric type");
        }
        var count = Count(tensor);
        return count <= long.MaxValue / 128 - 1
            ? ElementTypes.RawBytes(tensor.DataType, count)
            : throw new UserException($"{Subject(tensor)}: its dimensions give {count} elements; the file is damaged");
    }

    /// <summary>The product of the dimensions.</summary>
    internal static long Count(RepeatedField<long> dims, string subject)
    {
        if (dims.Any(dim => dim < 0))
            throw new UserException($"{subject}: has a negative dimension, [{string.Join(", ", dims)}]; the file is damaged");
        if (dims.Contains(0))
            return 0;
        var count = dims.Aggregate((Int128)1, (product, dim) => product > long.MaxValue ? product : product * dim);
        return count <= long.MaxValue
            ? (long)count
            : throw new UserException(
                $"{subject}: its dimensions [{string.Join(", ", dims)}] are too large; the file is damaged");
    }

    private static T[] Read<T>(TensorProto tensor, string? directory) where T : unmanaged, INumberBase<T>
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (ExternalData.IsExternal(tensor))
            return ReadExternal<T>(tensor, directory);
        var raw = tensor.HasRawData ? Inline(tensor) : TypedData.ToRaw(tensor, RawBytes(tensor));
        var values = Allocate<T>(Count(tensor), tensor);
        Decode(tensor, raw, values);
        return values;
    }

    /// <summary>Decodes piece by piece, so that the file's bytes are never held whole.</summary>
    private static T[] ReadExternal<T>(TensorProto tensor, string? directory) where T : unmanaged, INumberBase<T>
    {
        const int Piece = 1 << 18;
        using var slice = ExternalData.Open(tensor, directory);
        var values = Allocate<T>(Count(tensor), tensor);
        var buffer = new byte[(int)Math.Min(slice.Length, Piece)];
        var perPiece = Piece * 8 / ElementTypes.Bits(tensor.DataType);
        long at = 0;
        for (var rest = values.AsSpan(); rest.Length > 0; at += Piece)
        {
            var part = rest[..Math.Min(perPiece, rest.Length)];
            var bytes = buffer.AsSpan(0, (int)Math.Min(Piece, slice.Length - at));
            slice.Read(at, bytes);
            Decode(tensor, bytes, part);
            rest = rest[part.Length..];
        }
        return values;
    }

    /// <summary>Hands over the values in order, piece by piece, so that they are never held whole; a piece is there until the
    /// next.</summary>
    internal static void Visit<T>(TensorProto tensor, string? directory, Action<ReadOnlySpan<T>> visit)
        where T : unmanaged, INumberBase<T>
    {
        const int Piece = 1 << 18;
        using var slice = ExternalData.IsExternal(tensor) ? ExternalData.Open(tensor, directory) : null;
        var raw = slice is not null ? [] : tensor.HasRawData ? Inline(tensor) : TypedData.ToRaw(tensor, RawBytes(tensor));
        var length = slice?.Length ?? raw.Length;
        var buffer = new byte[slice is null ? 0 : (int)Math.Min(length, Piece)];
        var (left, most) = (Count(tensor), Piece * 8 / ElementTypes.Bits(tensor.DataType));
        var values = new T[(int)Math.Min(left, most)];
        for (long at = 0; left > 0; at += Piece)
        {
            var part = values.AsSpan(0, (int)Math.Min(left, most));
            var size = (int)Math.Min(length - at, Piece);
            slice?.Read(at, buffer.AsSpan(0, size));
            Decode(tensor, slice is null ? raw.Slice((int)at, size) : buffer.AsSpan(0, size), part);
            visit(part);
            left -= part.Length;
        }
    }

    private static void Decode<T>(TensorProto tensor, ReadOnlySpan<byte> raw, Span<T> values)
        where T : unmanaged, INumberBase<T>
    {
        try
        {
            if (!ElementCodec.TryDecode(tensor.DataType, raw, values))
            {
                throw new UserException(
                    $"{Subject(tensor)}: element type {ElementTypes.NameOf(tensor.DataType)} cannot be read as numbers; use a "
                    + "real type");
            }
        }
        catch (OverflowException e)
        {
            throw new UserException($"{Subject(tensor)}: holds a value beyond int64; use a signed type", e);
        }
    }

    private static ReadOnlySpan<byte> Inline(TensorProto tensor)
    {
        var expected = RawBytes(tensor);
        return tensor.RawData.Length == expected
            ? tensor.RawData.Span
            : throw Mismatch(tensor, $"{tensor.RawData.Length} bytes of raw_data where {expected} are needed");
    }

    /// <summary>The error that a tensor's data and dimensions disagree.</summary>
    internal static UserException Mismatch(TensorProto tensor, string finding) => new(
        $"{Subject(tensor)}: {ElementTypes.NameOf(tensor.DataType)}[{string.Join(", ", tensor.Dims)}] has {finding}; "
        + "the file is damaged, export or copy it again");

    private static T[] Allocate<T>(long count, TensorProto tensor) => count <= Array.MaxLength
        ? new T[count]
        : throw new UserException($"{Subject(tensor)}: {count} elements are more than one array can hold; split the tensor");
}
