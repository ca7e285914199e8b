using System.Collections.Immutable;
using System.IO.Compression;
using Emergence.Checkpoints;

namespace Emergence.Datasets;

/// <summary>NumPy's <c>.npz</c>: a zip archive of named <c>.npy</c> arrays.</summary>
internal sealed class NpzFile : IDisposable
{
    private readonly string _path;
    private readonly ZipArchive _zip;
    private readonly Dictionary<string, ZipArchiveEntry> _entries;

    private NpzFile(string path, ZipArchive zip, Dictionary<string, ZipArchiveEntry> entries)
    {
        (_path, _zip, _entries) = (path, zip, entries);
        Names = [.. entries.Keys];
    }

    /// <summary>The arrays, in stored order.</summary>
    public ImmutableArray<string> Names { get; }

    /// <summary>Opens an archive and reads its directory.</summary>
    /// <exception cref="UserException">It is missing, no sound archive, or holds no arrays or two of one name.</exception>
    public static NpzFile Open(string path)
    {
        // Its errors are better than the archive's.
        DataStream.Open(path).Dispose();
        ZipArchive? zip = null;
        try
        {
            zip = ZipFile.OpenRead(path);
            var entries = new Dictionary<string, ZipArchiveEntry>(StringComparer.Ordinal);
            foreach (var entry in zip.Entries.Where(entry => entry.FullName.EndsWith(".npy", StringComparison.Ordinal)))
            {
                if (!entries.TryAdd(entry.FullName[..^4], entry))
                    throw new UserException($"{path}: holds two arrays '{entry.FullName[..^4]}'; save it again with numpy.savez");
            }
            if (entries.Count == 0)
                throw new UserException($"{path}: holds no arrays; save it with numpy.savez");
            return new NpzFile(path, zip, entries);
        }
        catch (Exception e)
        {
            zip?.Dispose();
            if (e is InvalidDataException or IOException)
                throw new UserException($"{path}: is no sound .npz archive ({e.Message}); save it again with numpy.savez", e);
            throw;
        }
    }

    /// <summary>Reads an array, or its first <paramref name="samples"/> entries along the first axis.</summary>
    /// <exception cref="UserException">There is no such array, or it cannot be read.</exception>
    public StoredArray Read(string name, int? samples = null)
    {
        if (!_entries.ContainsKey(name))
            throw new UserException($"{_path}: holds no array '{name}'; it holds {string.Join(", ", Names)}");
        // An archive has one reader at a time.
        return NpyFile.Read($"{_path}({name})", () =>
        {
            var archive = Open(_path);
            try
            {
                return (archive.Entry(name), archive);
            }
            catch
            {
                archive.Dispose();
                throw;
            }
        }, samples);
    }

    /// <inheritdoc/>
    public void Dispose() => _zip.Dispose();

    private DataStream Entry(string name)
    {
        if (!_entries.TryGetValue(name, out var entry))
            throw new UserException($"{_path}: no longer holds an array '{name}'; leave it as it is until the command ends");
        try
        {
            return DataStream.Of($"{_path}({name})", entry);
        }
        catch (InvalidDataException e)
        {
            throw new UserException($"{_path}: array '{name}' cannot be unpacked ({e.Message}); save it again with numpy.savez",
                e);
        }
    }
}
