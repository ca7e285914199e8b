using System.Text.RegularExpressions;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.House;

/// <summary>
/// Words that make a reader stop, and what to write instead: in messages, in <c>///</c> and in the docs. To add one, add a line
/// to <see cref="Avoided"/>.
/// </summary>
public partial class WordsTests
{
    // A regular expression, and what to write instead.
    private static readonly (string Words, string Instead)[] Avoided =
    [
        ("hangs? on", "depends on"),
        ("is none of", "expected a, b or c"),
        ("what came of", "the outcome of"),
        ("told how far", "receives progress"),
        ("are sought", "the set within which … are compared"),
        ("stands in(?! front| line| for)", "is in"),
        ("stands in for", "takes the place of"),
        ("so many(?! more)", "this many, as many as"),
        ("likewise", "also, in the same way, as above"),
        ("anew", "again"),
        ("where there is one", "if any"),
        ("spelt", "written, decomposed"),
        ("unfed", "disconnected"),
        ("counterparts?", "corresponding node"),
    ];

    // Where words of the list may still be used: the words as above, and the path begins so. Delete what is no longer needed.
    private static readonly (string Words, string Place)[] Allowed =
    [
        // Not rewritten yet.
        ("stands in(?! front| line| for)", "src/"),
        ("unfed", "src/"),
        ("counterparts?", "src/"),
    ];

    public static TheoryData<string> Files =>
    [
        .. Under("docs", "*.md"), .. Under("src", "*.md"), .. Under("src", "*.cs"), .. Under("models", "*.md"),
        .. Under(".", "*.md", SearchOption.TopDirectoryOnly),
    ];

    [Theory]
    [MemberData(nameof(Files))]
    public void no_word_makes_a_reader_stop(string file)
    {
        var found = Found(file, File.ReadAllText(Path.Combine(SharedFiles.Repository, file)));
        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    [Theory]
    [InlineData("a.md", "No number hangs on it.", 1)]
    [InlineData("a.md", "The class `Counterparts`:\n\n```text\ncounterparts\n```\n", 0)]
    [InlineData("a.md", "It stands in the file,\nand stands\nin the way.", 2)]
    [InlineData("a.md", "It stands in front of the layer.", 0)]
    [InlineData("A.cs", "/// <summary>Told how far it is.</summary>", 1)]
    [InlineData("A.cs", "throw new UserException($\"'{x}' is none of {y}\");", 1)]
    [InlineData("A.cs", "// What came of it is named anew.", 0)]
    [InlineData("A.cs", "var likewise = unfed.Counterparts;", 0)]
    public void the_list_finds_words_where_a_reader_meets_them(string file, string text, int count) =>
        Assert.Equal(count, Found(file, text).Count);

    private static List<string> Found(string file, string text)
    {
        var prose = file.EndsWith(".cs", StringComparison.Ordinal)
            ? string.Join('\n', Prose().Matches(text).Select(match => match.Value))
            : Code().Replace(text, " ");
        // A line may end within a phrase.
        var flat = Space().Replace(prose.Replace("///", " ", StringComparison.Ordinal), " ");
        return
        [
            .. Avoided.Where(avoided => !IsAllowed(avoided.Words, file))
                .SelectMany(avoided => Regex.Matches(flat, $@"\b{avoided.Words}\b", RegexOptions.IgnoreCase)
                    .Select(match => $"{file}: \"{Around(flat, match)}\"; write: {avoided.Instead}")),
        ];
    }

    private static bool IsAllowed(string words, string file) =>
        Allowed.Any(allowed => allowed.Words == words && file.StartsWith(allowed.Place, StringComparison.Ordinal));

    private static string Around(string text, Match match)
    {
        var start = Math.Max(0, match.Index - 30);
        return text[start..Math.Min(text.Length, match.Index + match.Length + 30)];
    }

    private static IEnumerable<string> Under(string folder, string pattern, SearchOption search = SearchOption.AllDirectories) =>
        Directory.GetFiles(Path.Combine(SharedFiles.Repository, folder), pattern, search)
            .Select(file => Path.GetRelativePath(SharedFiles.Repository, file).Replace('\\', '/'))
            .Where(file => !file.Split('/').Intersect(["bin", "obj"]).Any()).Order(StringComparer.Ordinal);

    // What stands in /// and between quotes.
    [GeneratedRegex("""^\s*///.*$|"(?:\\.|[^"\\\n])*"(?<!^\s*//.*)""", RegexOptions.Multiline)]
    private static partial Regex Prose();

    // In Markdown, between backticks.
    [GeneratedRegex("^```.*?^```|`[^`\n]*`", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
