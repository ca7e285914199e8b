namespace Emergence.Checkpoints;

/// <summary>The length of the file that a path leads to.</summary>
public static class FileLength
{
    /// <summary>
    /// Bytes of a file, through links: a link has a length of its own. 0 for a pipe or device; opening one could wait for ever.
    /// </summary>
    /// <exception cref="IOException">There is no such file.</exception>
    public static long Of(string path)
    {
        // Of a relative path, .NET resolves links against the root of the file system.
        var full = Path.GetFullPath(path);
        var target = File.ResolveLinkTarget(full, returnFinalTarget: true);
        // What /dev/stdin leads to has no name.
        return new FileInfo(target is { Exists: true } ? target.FullName : full).Length;
    }
}
