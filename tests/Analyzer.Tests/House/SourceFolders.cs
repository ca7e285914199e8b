using System.Text.RegularExpressions;

namespace Emergence.Analyzer.Tests.House;

/// <summary>One source file: where it stands in its project, and its text.</summary>
/// <param name="Path">Relative to the project, with slashes.</param>
/// <param name="Text">The file as it is.</param>
internal sealed record SourceFile(string Path, string Text)
{
    /// <summary>The folder it stands in; "." for the project's own.</summary>
    public string Folder => Path.LastIndexOf('/') is var slash and >= 0 ? Path[..slash] : ".";
}

/// <summary>Which folders of a project know which, read from the text of its files.</summary>
internal sealed partial class SourceFolders
{
    private readonly Dictionary<string, Dictionary<string, string>> reasons = new(StringComparer.Ordinal);

    /// <summary>Reads the files of one project.</summary>
    public SourceFolders(IEnumerable<SourceFile> sources)
    {
        var files = sources.Select(Parsed.Of).ToList();
        var types = files.SelectMany(file => file.Types.Select(type => (Name: type, file.Namespace, file.Folder))).Distinct()
            .ToLookup(type => type.Name);
        var folders = files.Select(file => (file.Namespace, file.Folder)).Distinct()
            .ToLookup(pair => pair.Namespace, pair => pair.Folder);
        foreach (var file in files)
        {
            // A using that nothing needs fails the build, so that each stands for a reference.
            foreach (var (space, folder) in file.Usings.SelectMany(space => folders[space].Select(folder => (space, folder))))
                Add(file, folder, $"using {space}");
            foreach (var (name, qualifier) in file.Names)
            {
                var meant = types[name]
                    .Where(type => qualifier is null ? file.Sees(type.Namespace) : IsEndOf(type.Namespace, qualifier)).ToList();
                if (!meant.Exists(type => type.Folder == file.Folder))
                    meant.ForEach(type => Add(file, type.Folder, name));
            }
        }
    }

    /// <summary>The folders that each folder uses something of.</summary>
    public IReadOnlyDictionary<string, IReadOnlyCollection<string>> Arrows =>
        reasons.ToDictionary(pair => pair.Key, pair => (IReadOnlyCollection<string>)pair.Value.Keys, StringComparer.Ordinal);

    /// <summary>A line for each arrow of a circle: which file uses what.</summary>
    public string Explain(IReadOnlyList<string> circle) =>
        string.Join('\n', circle.Zip(circle.Skip(1), (from, to) => $"  {from} → {to}: {reasons[from][to]}"));

    private void Add(Parsed file, string folder, string what)
    {
        if (!reasons.TryGetValue(file.Folder, out var known))
            reasons[file.Folder] = known = new(StringComparer.Ordinal);
        if (folder != file.Folder)
            known.TryAdd(folder, $"{file.Path} ({what})");
    }

    private static bool IsEndOf(string space, string qualifier) =>
        $".{space}".EndsWith($".{qualifier}", StringComparison.Ordinal);

    private sealed partial record Parsed(
        string Path, string Folder, string Namespace, IReadOnlyList<string> Usings, IReadOnlyList<string> Types,
        IReadOnlyCollection<(string Name, string? Qualifier)> Names)
    {
        public static Parsed Of(SourceFile file)
        {
            var code = Skipped().Replace(file.Text, match => match.Value[0] == '/' ? " " : match.Value);
            return new Parsed(
                file.Path,
                file.Folder,
                NamespaceLine().Match(code).Groups[1].Value,
                [.. Using().Matches(code).SelectMany(NamespacesOf)],
                [.. TypeLine().Matches(code).Select(match => match.Groups[1].Value)],
                [.. Chain().Matches(Using().Replace(code, "")).SelectMany(match => Readings(match.Value)).Distinct()]);
        }

        /// <summary>A <c>using static</c> or <c>using X =</c> may name a type: then the namespace stands before it.</summary>
        private static string[] NamespacesOf(Match use)
        {
            var name = use.Groups[2].Value;
            return use.Groups[1].Length == 0 ? [name] : [name, name[..Math.Max(0, name.LastIndexOf('.'))]];
        }

        /// <summary>Every name of A.B.C with what stands before it: A may be a type, or a namespace in which B is one.</summary>
        private static IEnumerable<(string Name, string? Qualifier)> Readings(string chain)
        {
            var parts = chain.Split('.');
            return parts.Select((part, i) => (part, i == 0 ? null : string.Join('.', parts[..i])));
        }

        /// <summary>Whether a name of this namespace may be written here without saying where it is from.</summary>
        public bool Sees(string space) =>
            Namespace == space || Namespace.StartsWith(space + '.', StringComparison.Ordinal) || Usings.Contains(space);

        // Comments, and texts that may look like one.
        [GeneratedRegex("""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'""", RegexOptions.Singleline)]
        private static partial Regex Skipped();

        [GeneratedRegex(@"^(?:global )?using (static |\w+ = )?([\w.]+);", RegexOptions.Multiline)]
        private static partial Regex Using();

        [GeneratedRegex(@"^namespace ([\w.]+)", RegexOptions.Multiline)]
        private static partial Regex NamespaceLine();

        [GeneratedRegex(
            @"^(?:[a-z]+ )*?(?:record struct|record class|class|record|struct|interface|enum|delegate [\w<>\[\],.?]+) (\w+)",
            RegexOptions.Multiline)]
        private static partial Regex TypeLine();

        [GeneratedRegex(@"(?<![\w.])[A-Z]\w*(?:\.[A-Z]\w*)*")]
        private static partial Regex Chain();
    }
}
