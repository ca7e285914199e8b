namespace Emergence.Checkpoints;

/// <summary>Writes files whole or not at all.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Writes to a temporary file beside <paramref name="path"/> and renames it into place when
    /// <paramref name="write"/> returns; on any exception the temporary file is removed and the old file stays.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes its content.</param>
    /// <exception cref="UserException">The file cannot be written (permission, missing folder, disk full),
    /// or is a device.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        // Renaming would put a file in its place, for every program on the machine.
        if (IsDevice(path))
            throw new UserException($"{path}: is a device; name a file");
        var temporary = $"{path}.{Environment.ProcessId}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                // The content is on the disk before the file has its name.
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e)
        {
            TryDelete(temporary);
            if (e is IOException or UnauthorizedAccessException)
                throw new UserException(
                    $"{path}: cannot be written ({e.Message}); check the folder, its permissions and the free space", e);
            throw;
        }
    }

    /// <summary>Writes text as UTF-8 without BOM; lines must already end in <c>\n</c>.</summary>
    /// <inheritdoc cref="Write(string, Action{Stream})" path="/exception"/>
    public static void WriteText(string path, string text) =>
        Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));

    /// <summary>True for /dev/null, /dev/stdout and the like; a file in a folder below /dev is none.</summary>
    internal static bool IsDevice(string path) =>
        !OperatingSystem.IsWindows() && Path.GetFullPath(path).StartsWith("/dev/", StringComparison.Ordinal)
        && new FileInfo(path) is { Exists: true } file && (file.Length == 0 || file.LinkTarget is not null);

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first failure is the one worth reporting.
        }
    }
}
