using System.Collections.Immutable;
using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace Emergence.Analyzer.Reports;

/// <summary>
/// Writes arrays as NumPy's <c>savez</c> does: a zip archive, not compressed, of .npy files of version 1. The same arrays always
/// give the same bytes.
/// </summary>
internal sealed class NpzWriter(Stream stream) : IDisposable
{
    // The earliest time that a zip archive can hold: it has no time of day.
    private static readonly DateTimeOffset s_noTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ZipArchive _archive = new(stream, ZipArchiveMode.Create, leaveOpen: true);

    /// <summary>Adds an array of float32.</summary>
    /// <param name="name">Its key.</param>
    /// <param name="rows">Its elements in C order, in pieces.</param>
    /// <param name="shape">Its dimensions.</param>
    public void Add(string name, IEnumerable<ImmutableArray<float>> rows, params ReadOnlySpan<int> shape)
    {
        using var entry = Open(name, "<f4", shape);
        foreach (var row in rows)
        {
            if (!BitConverter.IsLittleEndian)
                throw new PlatformNotSupportedException("units.npz is written on little-endian machines only.");
            entry.Write(MemoryMarshal.AsBytes(row.AsSpan()));
        }
    }

    /// <summary>Adds an array of booleans.</summary>
    public void Add(string name, IEnumerable<bool> values, params ReadOnlySpan<int> shape)
    {
        using var entry = Open(name, "|b1", shape);
        entry.Write([.. values.Select(value => (byte)(value ? 1 : 0))]);
    }

    /// <summary>Adds a vector of texts.</summary>
    public void Add(string name, ImmutableArray<string> texts)
    {
        // NumPy cuts off zeros at the end of a text and has no text of no characters.
        var encoded = texts.Select(text => Encoding.UTF32.GetBytes(text)).ToArray();
        var bytes = encoded.Select(text => text.Length).Append(sizeof(int)).Max();
        using var entry = Open(name, string.Create(CultureInfo.InvariantCulture, $"<U{bytes / sizeof(int)}"), [texts.Length]);
        foreach (var text in encoded)
        {
            entry.Write(text);
            entry.Write(new byte[bytes - text.Length]);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _archive.Dispose();

    private Stream Open(string name, string type, ReadOnlySpan<int> shape)
    {
        var file = _archive.CreateEntry($"{name}.npy", CompressionLevel.NoCompression);
        file.LastWriteTime = s_noTime;
        var entry = file.Open();
        var sizes = string.Concat(shape.ToArray().Select(size => string.Create(CultureInfo.InvariantCulture, $"{size}, ")));
        var header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({sizes.TrimEnd(' ')}), }}";
        // Magic, version, length and header together are a multiple of 64 bytes, the last of them a line feed.
        header = header.PadRight(((header.Length + 11 + 63) / 64 * 64) - 11) + '\n';
        entry.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8)]);
        entry.Write(Encoding.ASCII.GetBytes(header));
        return entry;
    }
}
