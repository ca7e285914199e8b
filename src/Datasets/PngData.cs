using System.Buffers.Binary;
using System.IO.Compression;

namespace Emergence.Datasets;

/// <summary>The compressed pixels of a PNG image, before any decoder unpacks them.</summary>
internal static class PngData
{
    private const int Signature = 8;

    // A chunk is its length, its type, its data and a checksum.
    private const int Head = 8;
    private const int Checksum = 4;

    // Four channels of 16 bits, and a byte in front of each line; interlacing adds some lines.
    private const int MostPerPixel = 8;
    private const int Slack = 1 << 16;

    // The best ratio deflate can reach.
    private const long LargestRatio = 1032;

    /// <summary>True where the pixels unpack to more than an image of this size can have.</summary>
    /// <exception cref="InvalidDataException">They cannot be unpacked.</exception>
    public static bool Exceeds(byte[] png, int height, int width)
    {
        var most = (long)height * (width * (long)MostPerPixel + 1) + Slack;
        using var packed = new MemoryStream();
        for (long at = Signature; at + Head <= png.Length;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan((int)at));
            var data = png.AsSpan((int)at + Head);
            if (png.AsSpan((int)at + 4, 4).SequenceEqual("IDAT"u8))
                packed.Write(data[..(int)Math.Min(length, data.Length)]);
            at += Head + length + Checksum;
        }
        if (packed.Length * LargestRatio <= most)
            return false;
        packed.Position = 0;
        using var unpacked = new ZLibStream(packed, CompressionMode.Decompress);
        var buffer = new byte[1 << 16];
        long total = 0;
        for (var read = -1; read != 0 && total <= most; total += read)
            read = unpacked.Read(buffer);
        return total > most;
    }
}
