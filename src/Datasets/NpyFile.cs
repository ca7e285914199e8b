using Emergence.Checkpoints;

namespace Emergence.Datasets;

/// <summary>NumPy's <c>.npy</c>: an array of bools, integers or floats, in either order of bytes and of axes.</summary>
internal static class NpyFile
{
    /// <summary>Reads a file, or its first <paramref name="samples"/> entries along the first axis.</summary>
    /// <returns>The array in row-major order.</returns>
    /// <exception cref="UserException">It is missing, truncated, too large, or holds no array of numbers.</exception>
    public static NumericArray Read(string path, int? samples = null)
    {
        using var stream = DataStream.Open(path);
        return Read(stream, samples);
    }

    /// <inheritdoc cref="Read(string, int?)"/>
    internal static NumericArray Read(DataStream stream, int? samples)
    {
        var header = NpyHeader.Read(stream);
        if (!header.IsFortranOrder || header.Shape.Length < 2)
            return stream.ReadArray(header.Type, header.Shape.AsSpan(), samples, header.IsBigEndian);
        // In Fortran order the first samples are spread over the whole file.
        var array = stream.ReadArray(header.Type, header.Shape.AsSpan(), samples: null, header.IsBigEndian);
        var reversed = array with { Shape = [.. array.Shape.Reverse()] };
        var rowMajor = reversed.Transpose([.. Enumerable.Range(0, array.Shape.Length).Reverse()]);
        return samples is { } count ? rowMajor.Take(count) : rowMajor;
    }
}
