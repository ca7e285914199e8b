using System.Security.Cryptography;
using System.Text;
using Emergence.Analyzer.Journal;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Sharding;

/// <summary>The file of a shard: a line of text, the build that wrote it, what it holds, and a hash of all before.</summary>
internal static class SealedFile
{
    /// <summary>Writes a file.</summary>
    /// <param name="stream">Where to; it stays open.</param>
    /// <param name="title">Its first line.</param>
    /// <param name="toolVersion">Version of the program.</param>
    /// <param name="runtimeVersion">Version of ONNX Runtime.</param>
    /// <param name="write">Writes what it holds.</param>
    public static void Write(
        Stream stream, string title, string toolVersion, string runtimeVersion, Action<BinaryWriter> write)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(write);
        using var hash = SHA256.Create();
        using (var hashed = new CryptoStream(stream, hash, CryptoStreamMode.Write, leaveOpen: true))
        {
            using var writer = new BinaryWriter(hashed, Encoding.UTF8);
            writer.Write(Encoding.UTF8.GetBytes(title));
            // First, as the rest may have another form in another build.
            writer.Write(toolVersion);
            writer.Write(ToolBuild.Id);
            writer.Write(runtimeVersion);
            write(writer);
        }
        stream.Write(hash.Hash!);
    }

    /// <summary>What a file holds.</summary>
    /// <param name="path">The file.</param>
    /// <param name="title">Its first line.</param>
    /// <param name="read">Reads it; receives the versions of the program and of ONNX Runtime.</param>
    /// <param name="seal">Receives the hash of the content: files of one hash hold the same.</param>
    /// <exception cref="ShardDamageException">The file is damaged, or none of ours.</exception>
    /// <exception cref="UserException">It cannot be read, or is of another build of this program.</exception>
    public static T Read<T>(string path, string title, Func<BinaryReader, string, string, T> read, out string seal)
    {
        ArgumentNullException.ThrowIfNull(read);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
            seal = Check(stream, path);
            stream.Position = Encoding.UTF8.GetByteCount(title);
            using var from = new BinaryReader(stream, Encoding.UTF8);
            var (version, build, runtime) = (from.ReadString(), from.ReadString(), from.ReadString());
            if (build != ToolBuild.Id)
            {
                throw new UserException(
                    $"{path}: was written by emergence-analyze {version} (build {build[..8]}), this is {ToolBuild.Version} "
                    + $"(build {ToolBuild.Id[..8]}); merge with the program that measured");
            }
            return read(from, version, runtime);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: cannot be read ({e.Message}); check the file and its permissions", e);
        }
    }

    /// <summary>The hash of the content, which stands behind it.</summary>
    private static string Check(FileStream stream, string path)
    {
        var length = stream.Length - SHA256.HashSizeInBytes;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 16];
        for (var left = length; left > 0;)
        {
            var read = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, left));
            hash.AppendData(buffer, 0, read);
            left = read == 0 ? 0 : left - read;
        }
        var expected = hash.GetHashAndReset();
        var stored = buffer.AsSpan(0, SHA256.HashSizeInBytes);
        return length > 0 && stream.ReadAtLeast(stored, stored.Length, throwOnEndOfStream: false) == stored.Length
            && stored.SequenceEqual(expected)
            ? Convert.ToHexStringLower(expected)
            : throw new ShardDamageException($"{path}: is damaged or not whole; run its shard again");
    }
}

/// <summary>A file of a shard does not hold what was written: a run that was interrupted, or a damaged disk.</summary>
internal sealed class ShardDamageException(string message) : UserException(message);
