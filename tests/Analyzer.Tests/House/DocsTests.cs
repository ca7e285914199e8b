using System.Text.RegularExpressions;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.House;

/// <summary>What documents point at is there: files, sections, and members of the code.</summary>
public sealed partial class DocsTests
{
    private static readonly Lazy<string[]> Code = new(() =>
    [
        .. new[] { "src", "tests" }.SelectMany(folder => Directory.EnumerateFiles(
                Path.Combine(SharedFiles.Repository, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !Part("obj").IsMatch(file) && !Part("bin").IsMatch(file)).Select(File.ReadAllText),
    ]);

    public static TheoryData<string> Documents =>
    [
        .. Directory.EnumerateFiles(SharedFiles.Repository, "*.md")
            .Concat(new[] { "docs", "src" }.SelectMany(folder => Directory.EnumerateFiles(
                Path.Combine(SharedFiles.Repository, folder), "*.md", SearchOption.AllDirectories)))
            .Where(file => !Part("obj").IsMatch(file) && !Part("bin").IsMatch(file))
            .Select(file => Path.GetRelativePath(SharedFiles.Repository, file)).Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Documents))]
    public void A_link_leads_to_a_file_and_a_section_of_it(string document)
    {
        var path = Path.Combine(SharedFiles.Repository, document);
        var broken = Links(File.ReadAllText(path)).Where(link =>
        {
            var target = link.File.Length == 0 ? path : Path.Combine(Path.GetDirectoryName(path)!, link.File);
            return !Path.Exists(target)
                || (link.Section.Length > 0 && !Sections(File.ReadAllText(target)).Contains(link.Section));
        });
        Assert.Empty(broken);
    }

    // The changelog names what is gone, too.
    public static TheoryData<string> OfToday => [.. Documents.Select(row => row.Data).Where(name => name != "CHANGELOG.md")];

    [Theory]
    [MemberData(nameof(OfToday))]
    public void A_member_that_is_named_is_in_the_code(string document) => Assert.All(
        Members(File.ReadAllText(Path.Combine(SharedFiles.Repository, document))),
        name => Assert.True(IsThere(name.Type, name.Member), $"{name.Type}.{name.Member} is nowhere"));

    [Fact]
    public void What_is_not_there_is_found()
    {
        Assert.Equal([("a.md", "b-c"), ("", "d")], Links("[x](a.md#b-c) [y](#d) [z](https://a.b/c#d) ![i](data:x)"));
        Assert.Equal(["one-two", "e_w-and--more", "one-two-1"], Sections("# One `two`\n## E_w, and – more\ntext\n# One two\n"));
        Assert.Equal([("Trace", "Open")], Members("`Trace.Open` `Trace` `a.b` `Microsoft.ML` `Directory.Build.props`"));
        Assert.True(IsThere(nameof(DocsTests), nameof(IsThere)));
        Assert.False(IsThere(nameof(DocsTests), "IsNowhere" + "AtAll"));
    }

    private static IEnumerable<(string File, string Section)> Links(string text) =>
        Link().Matches(text).Select(match => (match.Groups[1].Value, match.Groups[2].Value));

    /// <summary>The names that a page's headings can be linked by, as GitHub and GitLab make them.</summary>
    private static string[] Sections(string text)
    {
        var names = new List<string>();
        foreach (Match heading in Heading().Matches(text))
        {
            var name = NotInName().Replace(heading.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-');
            var same = names.Count(known => known == name);
            names.Add(same == 0 ? name : $"{name}-{same}");
        }
        return [.. names];
    }

    private static IEnumerable<(string Type, string Member)> Members(string text) =>
        Member().Matches(text).Select(match => (match.Groups[1].Value, match.Groups[2].Value))
            .Where(name => name.Item1 is not ("Emergence" or "Microsoft" or "System"));

    /// <summary>Whether a file that declares the type has the member's name in it.</summary>
    private static bool IsThere(string type, string member) => Code.Value.Any(file =>
        Regex.IsMatch(file, $@"\b(class|record|record struct|struct|enum|interface) {type}\b")
        && Regex.IsMatch(file, $@"\b{member}\b"));

    private static Regex Part(string folder) => new($@"[\\/]{folder}[\\/]");

    [GeneratedRegex(@"\]\((?!\w+:)([^)#\s]*)#?([^)\s]*)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInName();

    [GeneratedRegex(@"`([A-Z]\w+)\.([A-Z]\w+)`")]
    private static partial Regex Member();
}
