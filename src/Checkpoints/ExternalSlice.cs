using Microsoft.Win32.SafeHandles;

namespace Emergence.Checkpoints;

/// <summary>The bytes of one tensor in an open external file; bounds were checked against the file's length.</summary>
internal sealed class ExternalSlice(SafeFileHandle file, long offset, long length, string subject) : IDisposable
{
    /// <summary>Length in bytes.</summary>
    public long Length => length;

    /// <summary>Fills <paramref name="target"/> from <paramref name="at"/>, counted from the tensor's start.</summary>
    /// <exception cref="UserException">The file became shorter, or cannot be read.</exception>
    public void Read(long at, Span<byte> target)
    {
        try
        {
            while (target.Length > 0)
            {
                var read = RandomAccess.Read(file, target, offset + at);
                if (read == 0)
                    throw new UserException($"{subject}: its external data became shorter while being read; try again");
                at += read;
                target = target[read..];
            }
        }
        catch (IOException e)
        {
            throw new UserException($"{subject}: its external data cannot be read ({e.Message}); copy the file again", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
