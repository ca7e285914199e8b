using System.Xml.Linq;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.House;

/// <summary>
/// A project is a set of allowed dependencies, and all arrows point down: between projects, and between folders within one.
/// </summary>
public class HouseTests
{
    // Which projects and packages each project may reference. Nothing else may be added without a line here.
    private static readonly Dictionary<string, (string[] Projects, string[] Packages)> Allowed = new(StringComparer.Ordinal)
    {
        ["Checkpoints"] = ([], ["Google.Protobuf", "Grpc.Tools"]),
        ["Metrics"] = ([], []),
        ["Pages"] = ([], ["Vizor.ECharts"]),
        ["Figures"] = (["Pages"], []),
        ["CommandLine"] = (["Checkpoints"], ["System.CommandLine"]),
        ["Datasets"] = (["Checkpoints"], ["StbImageSharp", "System.IO.Hashing"]),
        ["Tracing"] = (["Checkpoints", "Metrics"], []),
        ["Pruning"] = (["Checkpoints", "Tracing"], []),
        ["Measuring"] =
        (
            ["Checkpoints", "Datasets", "Metrics", "Tracing"],
            ["MathNet.Numerics", "Microsoft.ML.OnnxRuntime", "Microsoft.ML.OnnxRuntime.Gpu", "System.Numerics.Tensors"]
        ),
        ["Analyzer"] =
        (
            ["Checkpoints", "CommandLine", "Datasets", "Figures", "Measuring", "Metrics", "Pages", "Pruning", "Tracing"],
            ["CsvHelper", "System.CommandLine"]
        ),
        ["TorchExport"] = (["Checkpoints"], ["TorchSharp"]),
        ["Trainer"] =
        (
            ["Checkpoints", "CommandLine", "Datasets", "Figures", "Pages", "TorchExport"],
            [
                "MathNet.Numerics", "SharpZipLib", "System.CommandLine", "TorchSharp", "TorchSharp-cuda-linux",
                "TorchSharp-cuda-windows", "libtorch-cpu-linux-x64", "libtorch-cpu-osx-arm64", "libtorch-cpu-win-x64",
            ]
        ),
    };

    // What every project has: analyzers, which no program carries.
    private static readonly string[] Everywhere = ["Microsoft.CodeAnalysis.BannedApiAnalyzers"];

    // Before what reads it: statics are made in this order.
    private static string Source { get; } = Path.Combine(SharedFiles.Repository, "src");

    public static TheoryData<string> Projects { get; } =
    [
        .. Directory.EnumerateFiles(Source, "*.csproj", SearchOption.AllDirectories).Where(file => !IsBuilt(file))
            .Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal),
    ];

    [Fact]
    public void every_project_is_in_the_table()
    {
        Assert.Equal(Allowed.Keys.Order(StringComparer.Ordinal), Projects.Select(row => row.Data));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void a_project_references_only_what_the_table_allows(string project)
    {
        var (projects, packages) = Allowed[project];
        Assert.Empty(ReferencesOf(project).Except(projects, StringComparer.Ordinal));
        Assert.Empty(PackagesOf(project).Except(packages, StringComparer.Ordinal));
    }

    [Fact]
    public void what_every_project_references_is_no_part_of_a_program()
    {
        var shared = Items(Path.Combine(Source, "Directory.Build.props"), "PackageReference");
        Assert.Equal(Everywhere, shared.Select(Included));
        Assert.All(shared, item => Assert.Equal("all", (string?)item.Attribute("PrivateAssets")));
        Assert.Empty(Items(Path.Combine(Source, "Directory.Build.props"), "ProjectReference"));
        Assert.Empty(Items(Path.Combine(Source, "..", "Directory.Build.props"), "PackageReference"));
        Assert.Empty(Items(Path.Combine(Source, "..", "Directory.Build.targets"), "PackageReference"));
    }

    [Fact]
    public void projects_form_no_circle()
    {
        var arrows = Allowed.Keys.ToDictionary(project => project, project => (IReadOnlyCollection<string>)ReferencesOf(project));
        var circle = Circle.In(arrows);
        Assert.True(circle is null, $"projects form a circle: {string.Join(" → ", circle ?? [])}");
    }

    [Fact]
    public void the_two_programs_do_not_know_each_other()
    {
        Assert.DoesNotContain("Trainer", Below("Analyzer"));
        Assert.DoesNotContain("Analyzer", Below("Trainer"));
        // Nor does anything that both of them stand on.
        string[] programs = ["Analyzer", "Trainer"];
        Assert.All(Allowed.Keys.Except(programs), project => Assert.Empty(Below(project).Intersect(programs)));
    }

    /// <summary>References are transitive in a build; here a project names each project whose namespaces it uses.</summary>
    [Theory]
    [MemberData(nameof(Projects))]
    public void a_project_uses_only_namespaces_that_it_references(string project)
    {
        var owners = Allowed.Keys.ToLookup(NamespaceOf, StringComparer.Ordinal);
        var used = FilesOf(project)
            .SelectMany(file => file.Text.Split('\n'))
            .Where(line => line.StartsWith("using Emergence.", StringComparison.Ordinal))
            .Select(line => line["using ".Length..].TrimEnd(';', '\r'))
            // The longest name that fits: Emergence.Analyzer.Metrics is not the analyzer's.
            .Select(space => owners.Select(owner => owner.Key)
                .Where(owner => $"{space}.".StartsWith($"{owner}.", StringComparison.Ordinal)).MaxBy(owner => owner.Length)!)
            .SelectMany(owner => owners[owner])
            .Distinct(StringComparer.Ordinal);
        Assert.Empty(used.Except([project, .. ReferencesOf(project)], StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void folders_form_no_circle(string project)
    {
        var folders = new SourceFolders(FilesOf(project));
        var circle = Circle.In(folders.Arrows);
        var explained = circle is null ? "" : folders.Explain(circle);
        Assert.True(circle is null, $"src/{project}: folders form a circle; move what both need to the lower one\n{explained}");
    }

    /// <summary>So that a using tells which folder is meant.</summary>
    [Theory]
    [MemberData(nameof(Projects))]
    public void a_namespace_is_the_folder(string project)
    {
        var root = NamespaceOf(project);
        Assert.All(FilesOf(project), file =>
        {
            var expected = file.Folder == "." ? root : $"{root}.{file.Folder.Replace('/', '.')}";
            Assert.True(
                file.Text.Contains($"namespace {expected};\n", StringComparison.Ordinal),
                $"src/{project}/{file.Path}: is not in namespace {expected}; name it as its folder");
        });
    }

    [Theory]
    [InlineData("using House.Roof;", "")]
    [InlineData("using static House.Roof.Tile;", "")]
    [InlineData("using T = House.Roof.Tile;", "")]
    [InlineData("", "Roof.Tile tile;")]
    [InlineData("", "House.Roof.Tile tile;")]
    public void a_circle_of_two_folders_is_found(string usings, string member)
    {
        var folders = new SourceFolders([
            new("Roof/Tile.cs", "using House.Cellar;\nnamespace House.Roof;\npublic sealed record Tile(Stone Under);\n"),
            new("Cellar/Stone.cs", $"{usings}\nnamespace House.Cellar;\npublic class Stone\n{{\n    {member}\n}}\n"),
        ]);
        Assert.Equal(["Cellar", "Roof", "Cellar"], Circle.In(folders.Arrows));
    }

    /// <summary>A namespace inside another sees its types without a using.</summary>
    [Theory]
    [InlineData("    Chimney chimney;", true)]
    [InlineData("    string text = $\"{Chimney.Height}\";", true)]
    [InlineData("    // A Chimney stands above.", false)]
    [InlineData("    int height = stone.Chimney;", false)]
    public void a_circle_with_the_folder_around_is_found(string member, bool isCircle)
    {
        var folders = new SourceFolders([
            new("Chimney.cs", "using House.Cellar;\nnamespace House;\ninternal static class Chimney\n{\n    Stone stone;\n}\n"),
            new("Cellar/Stone.cs", $"namespace House.Cellar;\npublic class Stone\n{{\n{member}\n}}\n"),
        ]);
        Assert.Equal(isCircle ? [".", "Cellar", "."] : null, Circle.In(folders.Arrows));
    }

    [Fact]
    public void a_long_circle_is_found_and_a_diamond_is_none()
    {
        Assert.Equal(["b", "c", "d", "b"], Circle.In(Arrows("ab", "bc", "cd", "db")));
        Assert.Null(Circle.In(Arrows("ab", "ac", "bd", "cd")));

        Dictionary<string, IReadOnlyCollection<string>> Arrows(params string[] pairs) => pairs.GroupBy(pair => pair[..1])
            .ToDictionary(from => from.Key, from => (IReadOnlyCollection<string>)[.. from.Select(pair => pair[1..])]);
    }

    private static HashSet<string> Below(string project)
    {
        var below = new HashSet<string>(StringComparer.Ordinal);
        var waiting = new Stack<string>(ReferencesOf(project));
        while (waiting.TryPop(out var next))
        {
            if (below.Add(next))
                ReferencesOf(next).ForEach(waiting.Push);
        }
        return below;
    }

    private static List<string> ReferencesOf(string project) =>
        [.. Items(FileOf(project), "ProjectReference").Select(Included).Select(file => Path.GetFileNameWithoutExtension(file))];

    private static List<string> PackagesOf(string project) =>
        [.. Items(FileOf(project), "PackageReference").Select(Included)];

    private static string Included(XElement item) => (string)item.Attribute("Include")!;

    private static string NamespaceOf(string project) => Items(FileOf(project), "RootNamespace").Single().Value;

    private static List<XElement> Items(string file, string name) => [.. XDocument.Load(file).Descendants(name)];

    private static string FileOf(string project) => Path.Combine(Source, project, $"{project}.csproj");

    private static List<SourceFile> FilesOf(string project)
    {
        var folder = Path.Combine(Source, project);
        List<SourceFile> files =
        [
            .. Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Where(file => !IsBuilt(file))
                .Select(file => (Path: Path.GetRelativePath(folder, file).Replace('\\', '/'), Text: File.ReadAllText(file)))
                .Select(file => new SourceFile(file.Path, file.Text.ReplaceLineEndings("\n"))),
        ];
        Assert.NotEmpty(files);
        return files;
    }

    // Text in raw literals is exempt: a table or a page that a test compares with.
    [Fact]
    public void no_line_is_wider_than_the_editor_config_says()
    {
        const int widest = 130;
        Assert.Contains($"max_line_length = {widest}\n", File.ReadAllText(Path.Combine(SharedFiles.Repository, ".editorconfig")),
            StringComparison.Ordinal);
        var found = new List<string>();
        foreach (var file in new[] { "src", "tests" }
            .SelectMany(folder => Directory.EnumerateFiles(
                Path.Combine(SharedFiles.Repository, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !IsBuilt(file)))
        {
            var isRaw = false;
            foreach (var (index, line) in File.ReadLines(file).Index())
            {
                isRaw ^= line.Split("\"\"\"").Length % 2 == 0;
                if (line.Length > widest && !isRaw)
                    found.Add($"{Path.GetRelativePath(SharedFiles.Repository, file)}:{index + 1}: {line.Length} columns");
            }
        }
        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    private static bool IsBuilt(string file) =>
        Path.GetRelativePath(Source, file).Split(Path.DirectorySeparatorChar).Intersect(["bin", "obj"]).Any();
}
