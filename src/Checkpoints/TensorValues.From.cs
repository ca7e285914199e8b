using System.Runtime.InteropServices;
using Google.Protobuf;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Checkpoints;

public static partial class TensorValues
{
    /// <summary>A float32 tensor, stored raw.</summary>
    /// <exception cref="ArgumentException">The dimensions do not give the number of values.</exception>
    public static TensorProto FromFloats(string name, ReadOnlySpan<long> dims, ReadOnlySpan<float> values) =>
        FromRaw(name, DataType.Float, dims, MemoryMarshal.AsBytes(values));

    /// <summary>A float64 tensor, stored raw.</summary>
    /// <inheritdoc cref="FromFloats" path="/exception"/>
    public static TensorProto FromDoubles(string name, ReadOnlySpan<long> dims, ReadOnlySpan<double> values) =>
        FromRaw(name, DataType.Double, dims, MemoryMarshal.AsBytes(values));

    /// <summary>An int64 tensor, stored raw.</summary>
    /// <inheritdoc cref="FromFloats" path="/exception"/>
    public static TensorProto FromLongs(string name, ReadOnlySpan<long> dims, ReadOnlySpan<long> values) =>
        FromRaw(name, DataType.Int64, dims, MemoryMarshal.AsBytes(values));

    /// <summary>A tensor of any numeric type from the bytes of <c>raw_data</c>; see <see cref="ToRaw"/>.</summary>
    /// <exception cref="ArgumentException">The dimensions do not give the number of bytes.</exception>
    public static TensorProto FromRaw(string name, DataType type, ReadOnlySpan<long> dims, ReadOnlySpan<byte> bytes)
    {
        var tensor = new TensorProto { Name = name, DataType = (int)type };
        tensor.Dims.AddRange(dims);
        if (RawBytes(tensor) != bytes.Length)
        {
            throw new ArgumentException(
                $"'{name}': {bytes.Length} bytes do not fill {ElementTypes.NameOf((int)type)}[{string.Join(", ", tensor.Dims)}]",
                nameof(bytes));
        }
        tensor.RawData = ByteString.CopyFrom(bytes);
        return tensor;
    }

    /// <summary>
    /// A copy of <paramref name="original"/> with other values and the same form of storage (external data becomes
    /// <c>raw_data</c>). Where a value equals the old one, bit for bit as <see cref="ToDoubles"/> gives it, the stored bits
    /// stay as they are; others are rounded to the nearest value of the element type.
    /// </summary>
    /// <param name="original">A tensor of any real or integer type.</param>
    /// <param name="values">As many as the tensor has elements, row-major.</param>
    /// <param name="directory">The model's folder, for external data; null if there is none.</param>
    /// <exception cref="ArgumentException">Another number of values, or a fraction for an integer type.</exception>
    /// <exception cref="OverflowException">A value beyond the range of an integer type.</exception>
    /// <exception cref="UserException">The original cannot be read as numbers.</exception>
    public static TensorProto WithDoubles(TensorProto original, ReadOnlySpan<double> values, string? directory = null)
    {
        ArgumentNullException.ThrowIfNull(original);
        var old = ToDoubles(original, directory);
        if (old.Length != values.Length)
            throw new ArgumentException($"{Subject(original)} has {old.Length} elements, not {values.Length}", nameof(values));

        var inRaw = original.HasRawData || ExternalData.IsExternal(original);
        var raw = inRaw ? ToRaw(original, directory) : [];
        var copy = original.Clone();
        for (var i = 0; i < old.Length; i++)
        {
            if (BitConverter.DoubleToInt64Bits(old[i]) == BitConverter.DoubleToInt64Bits(values[i]))
                continue;
            var bits = ElementCodec.Encode(original.DataType, values[i]);
            if (inRaw)
                ElementCodec.Put(original.DataType, raw, i, bits);
            else
                TypedData.Put(copy, i, bits);
        }
        if (inRaw)
            copy.RawData = UnsafeByteOperations.UnsafeWrap(raw);
        if (ExternalData.IsExternal(copy))
        {
            copy.ExternalData.Clear();
            copy.ClearDataLocation();
        }
        return copy;
    }

    /// <summary>Writes the raw form of an external tensor piece by piece, some of its elements changed: see
    /// <see cref="TensorSpool.Add"/>.</summary>
    internal static void Rewrite(
        TensorProto original, string? directory, Func<long, double, double?> change, Stream stream)
    {
        const int Piece = 1 << 18;
        using var slice = ExternalData.Open(original, directory);
        var (count, most) = (Count(original), Piece * 8 / ElementTypes.Bits(original.DataType));
        var (buffer, values) = (new byte[(int)Math.Min(slice.Length, Piece)], new double[(int)Math.Min(count, most)]);
        for (var (at, first) = (0L, 0L); first < count; at += Piece, first += most)
        {
            var raw = buffer.AsSpan(0, (int)Math.Min(slice.Length - at, Piece));
            var part = values.AsSpan(0, (int)Math.Min(count - first, most));
            slice.Read(at, raw);
            Decode(original, raw, part);
            for (var i = 0; i < part.Length; i++)
            {
                if (change(first + i, part[i]) is { } value)
                    ElementCodec.Put(original.DataType, raw, i, ElementCodec.Encode(original.DataType, value));
            }
            stream.Write(raw);
        }
    }
}
