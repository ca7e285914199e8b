using System.Security.Cryptography;
using System.Text;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Journal;

/// <summary>
/// Keeps what was measured of checkpoints in a folder, one file for each, named by everything that shapes it. So a result is
/// never out of date: it is found, or it is another one. Several processes may share the folder.
/// </summary>
/// <param name="folder">Where; asked for, and created, with the first result that is kept or looked for.</param>
/// <param name="isDurable">Whether a result must outlast a loss of power, which makes keeping it slower.</param>
/// <param name="warn">Told once, where results cannot be kept; optional. The analysis goes on.</param>
internal sealed class ResultStore(Func<string> folder, bool isDurable, Action<string>? warn = null)
{
    private const string Extension = ".measured";

    private string? path;
    private bool cannotKeep;

    /// <summary>How many results were found.</summary>
    public int Found { get; private set; }

    private string Folder => path ??= folder();

    /// <summary>The result under a key; null where there is none that is whole.</summary>
    public MeasuredCheckpoint? Find(byte[] key)
    {
        ArgumentNullException.ThrowIfNull(key);
        try
        {
            var file = FileOf(key);
            if (!File.Exists(file))
                return null;
            var content = File.ReadAllBytes(file);
            // The hash covers the key: a file under another's name is as wrong as a damaged one.
            if (content.Length < SHA256.HashSizeInBytes || !Seal(key, content.AsSpan(SHA256.HashSizeInBytes))
                    .AsSpan().SequenceEqual(content.AsSpan(0, SHA256.HashSizeInBytes)))
                return null;
            using var stream = new MemoryStream(content, SHA256.HashSizeInBytes, content.Length - SHA256.HashSizeInBytes);
            using var reader = new BinaryReader(stream, Encoding.UTF8);
            var result = new ResultReader(reader).Read();
            Found++;
            return result;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What cannot be read is measured again.
            return null;
        }
    }

    /// <summary>Keeps a result. Where that fails the analysis is none the worse, only what comes after a crash.</summary>
    public void Keep(byte[] key, MeasuredCheckpoint result)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (cannotKeep)
            return;
        try
        {
            using var stream = new MemoryStream();
            using var writer = new BinaryWriter(stream, Encoding.UTF8);
            new ResultWriter(writer).Write(result);
            var content = stream.GetBuffer().AsMemory(0, (int)stream.Length);
            // Each time: another run that ends here takes the folder away.
            Directory.CreateDirectory(Folder);
            AtomicFile.Write(FileOf(key), file =>
            {
                file.Write(Seal(key, content.Span));
                file.Write(content.Span);
            }, isDurable);
        }
        catch (Exception e) when (e is UserException or IOException or UnauthorizedAccessException)
        {
            cannotKeep = true;
            warn?.Invoke($"{e.Message}; a run that is interrupted will begin from the start");
        }
    }

    /// <summary>Takes all results away, those of other runs too.</summary>
    public static void Remove(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another run is putting something there, and will take it away itself.
        }
    }

    private string FileOf(byte[] key) => Path.Combine(Folder, Convert.ToHexStringLower(key) + Extension);

    private static byte[] Seal(byte[] key, ReadOnlySpan<byte> content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(key);
        hash.AppendData(content);
        return hash.GetHashAndReset();
    }
}
