using System.Security.Cryptography;
using System.Text;

namespace Emergence.Analyzer.Journal;

/// <summary>A result as it is kept: behind a hash that covers its key too, as another's result is as wrong as a damaged one.
/// </summary>
internal static class SealedResult
{
    /// <summary>The bytes to keep.</summary>
    public static ReadOnlyMemory<byte> Of(byte[] key, MeasuredCheckpoint result)
    {
        using var stream = new MemoryStream();
        stream.SetLength(SHA256.HashSizeInBytes);
        stream.Position = SHA256.HashSizeInBytes;
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        new ResultWriter(writer).Write(result);
        var content = stream.GetBuffer().AsMemory(0, (int)stream.Length);
        Seal(key, content.Span[SHA256.HashSizeInBytes..]).CopyTo(content);
        return content;
    }

    /// <summary>The result that was kept; null where the bytes are not whole, or another's.</summary>
    public static MeasuredCheckpoint? Open(byte[] key, byte[] kept)
    {
        if (kept.Length < SHA256.HashSizeInBytes || !Seal(key, kept.AsSpan(SHA256.HashSizeInBytes))
                .AsSpan().SequenceEqual(kept.AsSpan(0, SHA256.HashSizeInBytes)))
            return null;
        using var stream = new MemoryStream(kept, SHA256.HashSizeInBytes, kept.Length - SHA256.HashSizeInBytes);
        using var reader = new BinaryReader(stream, Encoding.UTF8);
        return new ResultReader(reader).Read();
    }

    private static byte[] Seal(byte[] key, ReadOnlySpan<byte> content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(key);
        hash.AppendData(content);
        return hash.GetHashAndReset();
    }
}
