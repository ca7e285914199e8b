namespace Emergence.Checkpoints;

/// <summary>A path that names nothing.</summary>
public static class MissingPath
{
    /// <summary>What to do about it, in an error's last part.</summary>
    // What is not UTF-8 reaches a .NET program as replacement characters, from which the name cannot be had again.
    public static string Remedy(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.Contains('\uFFFD', StringComparison.Ordinal)
            ? "names that are not UTF-8 cannot be opened: rename it, as with mv, or check the path"
            : "check the path";
    }
}
