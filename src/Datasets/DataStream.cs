using System.Collections.Immutable;
using System.IO.Compression;
using System.IO.Hashing;
using Emergence.Checkpoints;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Datasets;

/// <summary>A data file opened for reading, decompressed where it is gzip; every failure names the file.</summary>
internal sealed class DataStream : IDisposable
{
    // The best ratio deflate can reach: one block of a repeated byte.
    private const long LargestGzipRatio = 1032;

    private readonly Stream _stream;
    private readonly uint? _expected;
    private readonly Crc32 _checksum = new();
    private long _consumed;

    private DataStream(string path, Stream stream, long limit, bool isCompressed, uint? checksum = null)
    {
        _expected = checksum;
        Path = path;
        Limit = limit;
        IsCompressed = isCompressed;
        _stream = stream;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>No more bytes than this can come, so nothing larger need be allocated. Exact where not compressed.</summary>
    public long Limit { get; }

    /// <summary>True for gzip.</summary>
    public bool IsCompressed { get; }

    /// <summary>Opens a file; gzip is told by its first bytes, not by its name.</summary>
    /// <exception cref="UserException">It is missing, empty, a folder, or cannot be opened.</exception>
    public static DataStream Open(string path)
    {
        if (Directory.Exists(path))
            throw new UsageException($"{path}: is a folder; name a file in it");
        FileStream? file = null;
        try
        {
            // Asked before opening, for that would wait for ever on a pipe.
            if (FileLength.Of(path) == 0)
                throw new UserException($"{path}: is empty, or a pipe or device; fetch it again, or save the data as a file");
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
            if (!file.CanSeek)
            {
                file.Dispose();
                throw new UserException($"{path}: is a pipe or device; save the data as a file first");
            }
            var isCompressed = file.ReadByte() == 0x1f && file.ReadByte() == 0x8b;
            file.Position = 0;
            return isCompressed
                ? new DataStream(path, new GZipStream(file, CompressionMode.Decompress), LargestGzipRatio * file.Length, true)
                : new DataStream(path, file, file.Length, false);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UsageException($"{path}: no such file; {MissingPath.Remedy(path)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw new UserException($"{path}: cannot be opened ({e.Message}); give a file that can be read", e);
        }
    }

    /// <summary>Opens a file of a zip archive. Read to its end, it must have the checksum that the archive tells.</summary>
    /// <exception cref="InvalidDataException">The archive is damaged.</exception>
    public static DataStream Of(string name, ZipArchiveEntry entry) =>
        new(name, entry.Open(), Math.Min(entry.Length, LargestGzipRatio * entry.CompressedLength), true, entry.Crc32);

    /// <summary>Fills the buffer.</summary>
    /// <exception cref="UserException">The file ends before, is damaged, or cannot be read.</exception>
    public void Fill(Span<byte> buffer)
    {
        var read = Read(buffer);
        if (read < buffer.Length)
            throw Error($"ends {buffer.Length - read} bytes early", "it may be truncated: fetch it again");
    }

    /// <summary>Reads as many bytes as there are, at most the buffer's.</summary>
    /// <exception cref="UserException">The file is damaged or cannot be read.</exception>
    public int Read(Span<byte> buffer)
    {
        try
        {
            var read = _stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            _consumed += read;
            if (_expected is { } checksum)
            {
                _checksum.Append(buffer[..read]);
                if (read < buffer.Length && _checksum.GetCurrentHashAsUInt32() != checksum)
                    throw Error("is damaged (its checksum is another)", "fetch or save it again");
            }
            return read;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw Unreadable(e);
        }
    }

    /// <summary>Reads all that is left.</summary>
    /// <param name="most">Bytes that may be left.</param>
    /// <exception cref="UserException">The file is damaged, cannot be read, or holds more.</exception>
    public byte[] ReadAll(long most = int.MaxValue)
    {
        var target = new MemoryStream(IsCompressed ? 0 : (int)Math.Min(Limit, most));
        try
        {
            var buffer = new byte[1 << 16];
            for (var read = _stream.Read(buffer); read > 0; read = _stream.Read(buffer))
            {
                if (target.Length + read > most)
                    throw Error($"holds more than {most:N0} bytes", "give a smaller file");
                target.Write(buffer, 0, read);
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            // A MemoryStream that is full says so with an IOException.
            throw Unreadable(e);
        }
        return target.ToArray();
    }

    /// <summary>The shape that a header announces, held against what the file can hold behind it.</summary>
    /// <exception cref="UserException">The file holds fewer elements.</exception>
    public ImmutableArray<int> Announced(DataType type, ReadOnlySpan<long> shape)
    {
        // Checked against the file after each factor, so that no header makes it overflow or allocate. Nothing is in the file
        // where a size is zero.
        Int128 announced = shape.Contains(0) ? 0 : NumericArray.ElementSize((int)type);
        var sizes = ImmutableArray.CreateBuilder<int>(shape.Length);
        foreach (var size in shape)
        {
            if (size is < 0 or > int.MaxValue || (announced *= size) > Limit - _consumed)
                throw Error(
                    $"announces [{string.Join(',', shape.ToArray())}] {type}, more than it holds",
                    "it may be truncated: fetch it again");
            sizes.Add((int)size);
        }
        return sizes.MoveToImmutable();
    }

    /// <summary>Passes over bytes; a compressed file unpacks them.</summary>
    /// <exception cref="UserException">The file ends before, is damaged, or cannot be read.</exception>
    public void Skip(long bytes)
    {
        if (!IsCompressed)
        {
            _stream.Seek(bytes, SeekOrigin.Current);
            _consumed += bytes;
            return;
        }
        var passed = new byte[Math.Min(bytes, 1 << 16)];
        for (; bytes > 0; bytes -= Math.Min(bytes, passed.Length))
            Fill(passed.AsSpan(0, (int)Math.Min(bytes, passed.Length)));
    }

    /// <summary>An exception that names the file.</summary>
    public UserException Error(string finding, string remedy) => new($"{Path}: {finding}; {remedy}");

    // Of damaged data the decompressor's words name causes that it did not look for.
    private UserException Unreadable(Exception cause) => cause is InvalidDataException
        ? new($"{Path}: cannot be unpacked; it may be damaged: fetch it again", cause)
        : new($"{Path}: cannot be read ({cause.Message.TrimEnd('.')}); it may be damaged: fetch it again", cause);

    public void Dispose() => _stream.Dispose();
}
