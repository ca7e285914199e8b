using System.Runtime.CompilerServices;

namespace Emergence.Testing;

/// <summary>Finds the repository and, where it lies beside it, the folder of foreign models and real data sets.</summary>
internal static class SharedFiles
{
    /// <summary>The repository's root.</summary>
    public static string Repository { get; } = Path.GetFullPath(Path.Combine(ThisFolder(), "..", ".."));

    private static string Root { get; } = Path.Combine(Repository, "..", "shared");

    /// <summary>A file or folder under <c>../shared</c>; the calling test is skipped, and says so, where it is absent.</summary>
    public static string Require(params ReadOnlySpan<string> parts)
    {
        var path = Path.GetFullPath(Path.Combine([Root, .. parts]));
        if (!File.Exists(path) && !Directory.Exists(path))
            Assert.Skip($"needs {Path.Combine(["../shared", .. parts])}, which is not beside this repository");
        return path;
    }

    /// <summary>The paths, with slashes, of files of a kind under a folder of <c>../shared</c>, in ordinal
    /// order; none where it is absent.</summary>
    public static string[] Under(string folder, string pattern) => !Directory.Exists(Path.Combine(Root, folder)) ? []
        : [.. Directory.GetFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    private static string ThisFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
