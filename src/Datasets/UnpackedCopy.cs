using Microsoft.Win32.SafeHandles;

namespace Emergence.Datasets;

/// <summary>The entries of an array that takes long to read, in a nameless file of this process.</summary>
internal sealed class UnpackedCopy
{
    private readonly SafeFileHandle file;
    private long length;

    private UnpackedCopy(SafeFileHandle file) => this.file = file;

    /// <summary>A file in the folder for temporary files; null where none can be made there.</summary>
    /// <param name="bytes">How large it will be.</param>
    /// <param name="free">How much is free there; null: asked for.</param>
    public static UnpackedCopy? Create(long bytes, long? free = null)
    {
        var folder = Path.GetTempPath();
        try
        {
            // Others need room too, and the folder may be in memory.
            if (bytes > (free ?? new DriveInfo(folder).AvailableFreeSpace) / 2)
                return null;
            var path = Path.Combine(folder, $"emergence-{Path.GetRandomFileName()}");
            var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete);
            // Nobody else finds it, and no end of the process leaves it behind.
            File.Delete(path);
            return new UnpackedCopy(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Adds entries.</summary>
    /// <returns>Whether there was room for them.</returns>
    public bool TryAdd(ReadOnlySpan<byte> entries)
    {
        try
        {
            RandomAccess.Write(file, entries, length);
            length += entries.Length;
            return true;
        }
        catch (IOException)
        {
            file.Dispose();
            return false;
        }
    }

    /// <summary>Begins to read; any number at a time.</summary>
    public ElementStream Open() => new Elements(file);

    private sealed class Elements(SafeFileHandle file) : ElementStream
    {
        private long position;

        public override void Fill(Span<byte> target)
        {
            while (target.Length > 0)
            {
                var read = RandomAccess.Read(file, target, position);
                if (read == 0)
                    throw new EndOfStreamException("the unpacked copy of an array ends early");
                target = target[read..];
                position += read;
            }
        }

        public override void Skip(long bytes) => position += bytes;

        public override void Dispose()
        {
        }
    }
}
