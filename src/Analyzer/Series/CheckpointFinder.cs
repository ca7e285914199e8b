using System.Collections.Immutable;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Series;

/// <summary>
/// Turns what the user named (files, directories, patterns) into the files of a series. Patterns are expanded here for
/// shells that do not, and for quoted ones: <c>*</c>, <c>?</c> and <c>[a-z]</c> within a segment, <c>**</c> for any
/// number of directories. As in a shell, a name that starts with a dot is matched only by a pattern that does.
/// </summary>
public static class CheckpointFinder
{
    private static readonly char[] Separators =
        OperatingSystem.IsWindows()
            ? [Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar]
            : [Path.DirectorySeparatorChar];

    private static readonly bool IgnoreCase = OperatingSystem.IsWindows() || OperatingSystem.IsMacOS();

    private static readonly string[] AnyName = ["*"];

    /// <summary>
    /// The files, each once, as the user named them: by the epoch they record, those that record none after these, and
    /// among equals in the natural order of their paths.
    /// </summary>
    /// <param name="names">Files, directories (all <c>.onnx</c> files in them) and patterns.</param>
    /// <exception cref="UsageException">One of them matches nothing.</exception>
    /// <exception cref="UserException">A directory cannot be read.</exception>
    public static ImmutableArray<string> Find(IEnumerable<string> names) => Find(names, RecordedEpoch.Read);

    internal static ImmutableArray<string> Find(IEnumerable<string> names, Func<string, int?> epochOf) =>
        InOrder(names.SelectMany(FilesOf), epochOf);

    /// <summary>Files in the order of a series, each once.</summary>
    internal static ImmutableArray<string> InOrder(IEnumerable<string> files, Func<string, int?> epochOf) =>
        [.. files
            .DistinctBy(Path.GetFullPath, IgnoreCase ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal)
            .OrderBy(file => epochOf(file) ?? int.MaxValue)
            .ThenBy(file => file, NaturalOrder.Comparer)];

    /// <summary>The files that a directory holds, or a pattern matches, by now; there may be none yet.</summary>
    /// <exception cref="UserException">The directory cannot be read.</exception>
    internal static IReadOnlyList<string> FilesByNow(string name) =>
        Directory.Exists(name) ? ModelsIn(name)
        : Glob.IsPattern(name)
            ? [.. Expand(name).SelectMany(IEnumerable<string> (path) => Directory.Exists(path) ? ModelsIn(path) : [path])]
            : [];

    private static IEnumerable<string> FilesOf(string name)
    {
        // A name that exists is meant as it stands, even where it holds brackets.
        if (File.Exists(name))
            return [name];
        if (Directory.Exists(name))
            return ModelsIn(name) is { Count: > 0 } models
                ? models
                : throw new UsageException($"{name}: no .onnx file in this directory; name the files or another directory");
        if (!Glob.IsPattern(name))
            throw new UsageException($"{name}: no such file or directory{Instead(name)}");
        return Expand(name).SelectMany(IEnumerable<string> (path) => Directory.Exists(path) ? ModelsIn(path) : [path]).ToList()
            is { Count: > 0 } files
                ? files
                : throw new UsageException($"{name}: the pattern matches nothing; check it against the files that are there");
    }

    /// <summary>Whether a name is that of a file or directory, or a pattern, which may match some.</summary>
    internal static bool Exists(string name) => Path.Exists(name) || Glob.IsPattern(name);

    private static string Instead(string name)
    {
        var folder = Path.GetDirectoryName(name) is { Length: > 0 } given ? given : ".";
        var names = Directory.Exists(folder) ? Entries(folder).Select(Path.GetFileName).OfType<string>() : [];
        return NearestName.Question(Path.GetFileName(name), names) is { Length: > 0 } question
            ? question
            : $"; {MissingPath.Remedy(name)}";
    }

    private static List<string> ModelsIn(string directory)
    {
        try
        {
            return [.. Directory.EnumerateFiles(directory)
                .Where(file => Path.GetExtension(file).Equals(".onnx", StringComparison.OrdinalIgnoreCase) && !IsHidden(file))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{directory}: cannot be read ({e.Message}); check its permissions", e);
        }
    }

    private static IEnumerable<string> Expand(string pattern)
    {
        var root = Path.GetPathRoot(pattern)!;
        return Walk(root, pattern[root.Length..].Split(Separators, StringSplitOptions.RemoveEmptyEntries));
    }

    private static IEnumerable<string> Walk(string directory, ArraySegment<string> segments)
    {
        var (segment, rest) = (segments[0], segments[1..]);
        if (segment == "**")
            return Tree(directory).SelectMany(below => Walk(below, rest.Count > 0 ? rest : AnyName));
        var matches = Glob.IsPattern(segment) ? Matching(directory, segment) : [Path.Combine(directory, segment)];
        return rest.Count > 0
            ? matches.Where(Directory.Exists).SelectMany(below => Walk(below, rest))
            : matches.Where(Path.Exists);
    }

    private static IEnumerable<string> Matching(string directory, string segment)
    {
        var glob = new Glob(segment, IgnoreCase);
        return Entries(directory)
            .Where(entry => glob.Matches(Path.GetFileName(entry)) && (segment.StartsWith('.') || !IsHidden(entry)));
    }

    /// <summary>The directory and all below it; links are not followed, as they may lead back up.</summary>
    private static IEnumerable<string> Tree(string directory) =>
        Entries(directory)
            .Where(entry => !IsHidden(entry) && new DirectoryInfo(entry) is { Exists: true, LinkTarget: null })
            .SelectMany(Tree)
            .Prepend(directory);

    private static IEnumerable<string> Entries(string directory)
    {
        var options = new EnumerationOptions { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true };
        return directory.Length > 0
            ? Directory.EnumerateFileSystemEntries(directory, "*", options)
            // Names in the working directory stay as the user would write them, without "./".
            : Directory.EnumerateFileSystemEntries(".", "*", options).Select(entry => Path.GetFileName(entry));
    }

    private static bool IsHidden(string path) => Path.GetFileName(path.AsSpan()).StartsWith('.');
}
