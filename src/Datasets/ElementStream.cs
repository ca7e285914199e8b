namespace Emergence.Datasets;

/// <summary>
/// The elements of an array in stored order, little-endian. Entries along its first axis are read or passed over whole.
/// </summary>
internal abstract class ElementStream : IDisposable
{
    /// <summary>Reads the next entries.</summary>
    /// <exception cref="Emergence.Checkpoints.UserException">The file ends before, is damaged, or cannot be read.</exception>
    public abstract void Fill(Span<byte> target);

    /// <summary>Passes over entries that take this many bytes.</summary>
    /// <exception cref="Emergence.Checkpoints.UserException">The file ends before, is damaged, or cannot be read.</exception>
    public abstract void Skip(long bytes);

    /// <summary>Refuses a file that goes on behind its last element.</summary>
    /// <exception cref="Emergence.Checkpoints.UserException">It does.</exception>
    public virtual void RequireEnd()
    {
    }

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>Elements that follow a header without a gap.</summary>
/// <param name="stream">The file, at its first element.</param>
/// <param name="bigEndian">Bytes of an element whose first byte is its most significant; 0 where it is the last.</param>
/// <param name="archive">What is closed with the file; optional.</param>
internal sealed class PlainElements(DataStream stream, int bigEndian, IDisposable? archive = null) : ElementStream
{
    public override void Fill(Span<byte> target)
    {
        stream.Fill(target);
        ByteOrder.Reverse(target, bigEndian);
    }

    public override void Skip(long bytes) => stream.Skip(bytes);

    public override void RequireEnd()
    {
        Span<byte> next = stackalloc byte[1];
        if (stream.Read(next) != 0)
            throw stream.Error("holds more bytes than its header announces", "it may be damaged: fetch it again");
    }

    public override void Dispose()
    {
        stream.Dispose();
        archive?.Dispose();
    }
}
