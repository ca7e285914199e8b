using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Emergence.Analyzer.Tests.Datasets;

/// <summary>Writes the formats byte by byte, as their specifications say, so that the readers are not their own oracle.</summary>
internal static class Bytes
{
    public static byte[] Idx(byte type, int[] shape, byte[] elements) =>
        [0, 0, type, (byte)shape.Length, .. shape.SelectMany(BigEndian), .. elements];

    public static byte[] Gzip(byte[] content)
    {
        var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Fastest))
            gzip.Write(content);
        return target.ToArray();
    }

    public static byte[] Npy(string descr, string shape, byte[] elements, bool fortran = false, byte version = 1) =>
        NpyOf($"{{'descr': '{descr}', 'fortran_order': {(fortran ? "True" : "False")}, 'shape': {shape}, }}", elements, version);

    public static byte[] NpyOf(string header, byte[] elements, byte version = 1)
    {
        var text = Encoding.UTF8.GetBytes(header + "\n");
        var size = new byte[version == 1 ? 2 : 4];
        if (version == 1)
            BinaryPrimitives.WriteUInt16LittleEndian(size, (ushort)text.Length);
        else
            BinaryPrimitives.WriteInt32LittleEndian(size, text.Length);
        return [0x93, .. "NUMPY"u8, version, 0, .. size, .. text, .. elements];
    }

    public static byte[] Npz(params (string Name, byte[] Content)[] entries)
    {
        var target = new MemoryStream();
        using (var zip = new ZipArchive(target, ZipArchiveMode.Create))
        {
            foreach (var (name, content) in entries)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(content);
            }
        }
        return target.ToArray();
    }

    /// <summary>A CIFAR-10 record whose pixels are a function of their position.</summary>
    public static byte[] CifarRecord(byte label, Func<int, byte> pixel) => [label, .. Enumerable.Range(0, 3072).Select(pixel)];

    public static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    private static byte[] BigEndian(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
