using System.Security.Cryptography;
using Emergence.Checkpoints;

namespace Emergence.Datasets;

/// <summary>Reads the entries of an array, best in order: in a compressed file, going back means to start again.</summary>
public sealed class StoredReader : IDisposable
{
    private readonly StoredArray array;
    private readonly NumericArray? held;
    private readonly ArraySource? source;

    private ElementStream? elements;
    private int position;
    private byte[] block = [];
    private int first = -1;

    internal StoredReader(StoredArray array, NumericArray? held, ArraySource? source) =>
        (this.array, this.held, this.source) = (array, held, source);

    /// <summary>The bytes of entries from <paramref name="start"/> on: at least one, at most <paramref name="most"/>. They are
    /// valid until the next call.</summary>
    /// <exception cref="UserException">The file is not what it was, or cannot be read.</exception>
    public ReadOnlyMemory<byte> Next(int start, int most)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)start, (uint)array.Count);
        if (held is not null)
        {
            var bytes = held.Data.Length / array.Count;
            return held.Data.Slice(start * bytes, Math.Min(most, array.Count - start) * bytes);
        }
        var begin = start - start % array.EntriesOfBlock;
        if (begin != first)
            Load(begin);
        var entry = (int)source!.EntryBytes;
        var end = Math.Min(begin + array.EntriesOfBlock, array.Count);
        return block.AsMemory((start - begin) * entry, Math.Min(most, end - start) * entry);
    }

    /// <inheritdoc/>
    public void Dispose() => elements?.Dispose();

    // A file that was there when the command began is no wrong path.
    private ElementStream Reopen()
    {
        try
        {
            return source!.Open();
        }
        catch (UsageException e)
        {
            throw new UserException(
                $"{source!.Subject}: is gone while its samples are read; leave it as it is until the command ends", e);
        }
    }

    private void Load(int begin)
    {
        first = -1;
        if (elements is null || begin < position)
        {
            elements?.Dispose();
            elements = null;
            (elements, position) = (Reopen(), 0);
        }
        elements.Skip((begin - position) * source!.EntryBytes);
        if (block.Length == 0)
            block = new byte[array.EntriesOfBlock * source.EntryBytes];
        var bytes = array.BytesOfBlock(begin);
        elements.Fill(block.AsSpan(0, bytes));
        position = begin + bytes / (int)source.EntryBytes;
        if (array.CanChange && !array.DigestOf(begin).SequenceEqual(SHA256.HashData(block.AsSpan(0, bytes))))
        {
            throw new UserException(
                $"{source.Subject}: was written again while its samples were read; leave it as it is until the command ends");
        }
        first = begin;
    }
}
