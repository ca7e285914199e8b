using Emergence.Checkpoints;

namespace Emergence.Datasets;

/// <summary>NumPy's <c>.npy</c>: an array of bools, integers or floats, in either order of bytes and of axes.</summary>
internal static class NpyFile
{
    /// <summary>Reads a file, or its first <paramref name="samples"/> entries along the first axis.</summary>
    /// <returns>The array in row-major order.</returns>
    /// <exception cref="UserException">It is missing, truncated, too large, or holds no array of numbers.</exception>
    public static NumericArray Read(string path, int? samples = null) =>
        Read(path, () => (DataStream.Open(path), null), samples, mostHeld: long.MaxValue).Kept();

    /// <summary>Reads a file, or its first <paramref name="samples"/> entries along the first axis.</summary>
    /// <param name="subject">The file, for errors.</param>
    /// <param name="open">Opens it, and what is to be closed with it.</param>
    /// <param name="samples">How many entries; null: all.</param>
    /// <param name="mostHeld">Bytes up to which they are held in memory.</param>
    /// <inheritdoc cref="Read(string, int?)" path="/exception"/>
    internal static StoredArray Read(
        string subject, Func<(DataStream Stream, IDisposable? Archive)> open, int? samples, long mostHeld = StoredArray.MostHeld)
    {
        var (stream, archive) = open();
        using (archive)
        using (stream)
        {
            var header = NpyHeader.Read(stream);
            var shape = stream.Announced(header.Type, header.Shape.AsSpan());
            var source = new ArraySource(subject, header.Type, shape, () => Elements(open)) { IsSlow = stream.IsCompressed };
            if (!header.IsFortranOrder || shape.Length < 2)
                return StoredArray.Read(source, samples, mostHeld);
            return StoredArray.Of(
                FortranOrder.Read(source, Math.Min(source.Count, samples ?? source.Count)), shape,
                () => FortranOrder.Read(source, source.Count));
        }
    }

    private static PlainElements Elements(Func<(DataStream Stream, IDisposable? Archive)> open)
    {
        var (stream, archive) = open();
        try
        {
            var header = NpyHeader.Read(stream);
            return new PlainElements(stream, header.IsBigEndian ? NumericArray.ElementSize((int)header.Type) : 0, archive);
        }
        catch
        {
            stream.Dispose();
            archive?.Dispose();
            throw;
        }
    }
}
