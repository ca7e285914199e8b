using System.Buffers.Binary;
using System.Collections.Immutable;
using Emergence.Checkpoints;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Datasets;

/// <summary>
/// The idx format of the MNIST family: two zero bytes, a type code, the number of dimensions, each dimension as a
/// big-endian int32, then the elements, big-endian; optionally gzip.
/// </summary>
internal static class IdxFile
{
    private const int MaxRank = 8;

    /// <summary>Reads a file, or its first <paramref name="samples"/> entries along the first axis.</summary>
    /// <exception cref="UserException">It is missing, no idx file, truncated or too large.</exception>
    public static NumericArray Read(string path, int? samples = null) => Source(path).Read(samples);

    /// <summary>Reads the header of a file.</summary>
    /// <exception cref="UserException">It is missing, no idx file, or truncated.</exception>
    public static ArraySource Source(string path)
    {
        using var stream = DataStream.Open(path);
        var (type, shape) = ReadHeader(stream);
        Func<ElementStream> open = () =>
        {
            var opened = DataStream.Open(path);
            try
            {
                ReadHeader(opened);
                return new PlainElements(opened, NumericArray.ElementSize((int)type));
            }
            catch
            {
                opened.Dispose();
                throw;
            }
        };
        return new ArraySource(path, type, shape, open) { IsSlow = stream.IsCompressed };
    }

    private static (DataType Type, ImmutableArray<int> Shape) ReadHeader(DataStream stream)
    {
        Span<byte> header = stackalloc byte[4];
        if (stream.Read(header) < header.Length || !Fits(header))
            throw stream.Error("is not an idx file", "give one such as train-images-idx3-ubyte(.gz)");

        Span<byte> dimensions = stackalloc byte[4 * header[3]];
        stream.Fill(dimensions);
        var shape = new long[header[3]];
        for (var axis = 0; axis < shape.Length; axis++)
            shape[axis] = BinaryPrimitives.ReadUInt32BigEndian(dimensions[(4 * axis)..]);
        var type = ElementTypeOf(header[2])!.Value;
        return (type, stream.Announced(type, shape));
    }

    /// <summary>True where the first four bytes fit the format.</summary>
    internal static bool Fits(ReadOnlySpan<byte> head) =>
        head.Length >= 4 && head[0] == 0 && head[1] == 0 && ElementTypeOf(head[2]) is not null && head[3] is > 0 and <= MaxRank;

    /// <summary>True where the head fits the format and announces just what the file holds.</summary>
    internal static bool Fills(ReadOnlySpan<byte> head, DataStream stream)
    {
        if (stream.IsCompressed || !Fits(head) || head.Length < 4 + (4 * head[3]))
            return false;
        Int128 elements = 1;
        for (var axis = 0; axis < head[3]; axis++)
            elements *= BinaryPrimitives.ReadUInt32BigEndian(head[(4 + (4 * axis))..]);
        return 4 + (4 * head[3]) + (elements * NumericArray.ElementSize((int)ElementTypeOf(head[2])!.Value)) == stream.Limit;
    }

    private static DataType? ElementTypeOf(byte code) => code switch
    {
        0x08 => DataType.Uint8,
        0x09 => DataType.Int8,
        0x0b => DataType.Int16,
        0x0c => DataType.Int32,
        0x0d => DataType.Float,
        0x0e => DataType.Double,
        _ => null,
    };
}
