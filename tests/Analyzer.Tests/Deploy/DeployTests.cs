using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Emergence.Analyzer.Cli;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.CommandLine;
using Emergence.Testing;
using YamlDotNet.RepresentationModel;

namespace Emergence.Analyzer.Tests.Deploy;

/// <summary>Holds the pieces that others copy to the program: they parse, and their scripts call it as they say.</summary>
public sealed partial class DeployTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void The_github_action_calls_the_program_and_hands_on_its_exit_code(int code)
    {
        var steps = Sequence(Map(Yaml("deploy/github/action.yml"), "runs"), "steps");
        Assert.Equal("composite", Text(Map(Yaml("deploy/github/action.yml"), "runs"), "using"));
        Assert.All(steps.Where(step => step.Children.ContainsKey("run")), step => Assert.Equal("bash", Text(step, "shell")));
        var analyze = steps.Single(step => step.Children.TryGetValue("name", out var name) && $"{name}" == "Analyze");
        var names = Map(analyze, "env").Children.Keys.Select(key => $"{key}").ToArray();
        Assert.Equal(["ANALYZER", "CHECKPOINTS", "FAIL_ON", "BASELINE", "ARGUMENTS", "OUT"], names);
        // Inputs are never part of a script's text.
        Assert.DoesNotContain("${{", Text(analyze, "run"), StringComparison.Ordinal);

        var results = folder.Path("out");
        var exit = Run("bash", Text(analyze, "run"), new()
        {
            ["ANALYZER"] = Program(code),
            ["CHECKPOINTS"] = "runs/a b.onnx\n\nruns/*.onnx\n",
            ["FAIL_ON"] = "alive_share < 0.6\nverdict == collapsing",
            ["BASELINE"] = "main/results.json",
            ["ARGUMENTS"] = "--data\n$(touch x)",
            ["OUT"] = results,
            ["GITHUB_STEP_SUMMARY"] = folder.Path("summary"),
        });
        Assert.Equal(code, exit);
        Assert.Equal(
            [
                "runs/a b.onnx", "runs/*.onnx", "--fail-on", "alive_share < 0.6", "--fail-on", "verdict == collapsing",
                "--baseline", "main/results.json", "--data", "$(touch x)", "--out", results, "--format", "table", "--format",
                $"md={results}/summary.md", "--format", $"junit={results}/junit.xml", "--format",
                $"sarif={results}/results.sarif",
            ], Called());
        Assert.Equal("## Emergence\n", File.ReadAllText(folder.Path("summary")));
        AssertParses(Called());
    }

    [Fact]
    public void Every_input_and_output_of_the_action_is_described_and_used()
    {
        var action = Yaml("deploy/github/action.yml");
        var text = Read("deploy/github/action.yml");
        foreach (var (name, input) in Map(action, "inputs").Children)
        {
            Assert.NotEqual("", Text((YamlMappingNode)input, "description"));
            Assert.Contains($"${{{{ inputs.{name} }}}}", text, StringComparison.Ordinal);
        }
        Assert.All(Map(action, "outputs").Children.Values, output =>
            Assert.NotEqual("", Text((YamlMappingNode)output, "description")));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void The_gitlab_job_calls_the_program_and_hands_on_its_exit_code(int code)
    {
        var job = Map(Yaml("deploy/gitlab/emergence.gitlab-ci.yml"), ".emergence");
        Assert.Equal("always", Text(Map(job, "artifacts"), "when"));
        var script = string.Join('\n', ((YamlSequenceNode)job.Children["script"]).Children.Select(line => $"{line}"));
        var results = folder.Path("out");
        Program(code);
        var exit = Run("sh", script, new()
        {
            ["PATH"] = $"{folder.Path("")}:{Environment.GetEnvironmentVariable("PATH")}",
            ["EMERGENCE_CHECKPOINTS"] = "runs/a b.onnx\nruns/$x`y`.onnx",
            ["EMERGENCE_FAIL_ON"] = "alive_share < 0.6",
            ["EMERGENCE_OUT"] = results,
        });
        Assert.Equal(code, exit);
        Assert.Equal(
            [
                "runs/a b.onnx", "runs/$x`y`.onnx", "--fail-on", "alive_share < 0.6", "--out", results, "--format", "table",
                "--format", $"junit={results}/junit.xml", "--format", $"prometheus={results}/metrics.txt",
            ], Called());
        AssertParses(Called());
    }

    [Theory]
    [InlineData("deploy/Dockerfile")]
    [InlineData("deploy/Dockerfile.gpu")]
    public void The_image_runs_as_a_user_without_rights(string file)
    {
        var lines = Read(file).Split('\n');
        Assert.Single(lines, line => line == "USER $APP_UID");
        Assert.True(Array.IndexOf(lines, "USER $APP_UID") > Array.FindLastIndex(lines, line =>
            line.StartsWith("RUN ", StringComparison.Ordinal) || line.StartsWith("COPY ", StringComparison.Ordinal)));
        Assert.Contains("ENTRYPOINT [\"emergence-analyze\"]", lines);
        Assert.All(lines.Where(line => line.StartsWith("RUN dotnet publish ", StringComparison.Ordinal)), line =>
            Assert.True(Directory.Exists(Path.Combine(SharedFiles.Repository, line.Split(' ')[3]))));
    }

    [Fact]
    public void Recipes_parse()
    {
        var recipes = Block().Matches(Read("docs/exporting.md")).ToArray();
        Assert.Equal(5, recipes.Count(recipe => recipe.Groups[1].Value == "python"));
        foreach (var recipe in recipes)
        {
            var (language, code) = (recipe.Groups[1].Value, recipe.Groups[2].Value);
            if (language == "yaml")
                new YamlStream().Load(new StringReader(code));
            else if (language == "sh")
                Assert.Equal(0, Start("bash", ["-n"], code, []));
        }
        if (!HasPython())
            Assert.Skip("python3 is not installed: the Python recipes were not parsed");
        Assert.All(recipes.Where(recipe => recipe.Groups[1].Value == "python"), recipe =>
            Assert.Equal(0, Start("python3", ["-c", "import ast, sys; ast.parse(sys.stdin.read())"],
                recipe.Groups[2].Value, [])));
    }

    [GeneratedRegex("```(python|sh|yaml)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    private static bool HasPython() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(place => File.Exists(Path.Combine(place, "python3")));

    private static void AssertParses(string[] args) => Assert.Empty(Commands.Tree(
        new Terminal(Stream.Null, TextWriter.Null, null, TimeProvider.System), (_, _, _) => throw new NotSupportedException())
        .Root.Parse(args).Errors);

    /// <summary>A program in place of ours, which notes how it is called.</summary>
    private string Program(int code)
    {
        var path = folder.Path("emergence-analyze");
        File.WriteAllText(path, $"""
            #!/bin/sh
            printf '%s\n' "$@" > '{folder.Path("called")}'
            for word; do case $word in md=*) echo '## Emergence' > "${"{"}word#md={"}"}";; esac; done
            exit {code}
            """);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private string[] Called() => File.ReadAllText(folder.Path("called")).TrimEnd('\n').Split('\n');

    private static int Run(string shell, string script, Dictionary<string, string> environment)
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("the scripts are for a POSIX shell");
        Assert.Equal(0, Start(shell, ["-n"], script, []));
        // As runners start scripts: the first command that fails ends them.
        return Start(shell, ["-e"], script, environment);
    }

    private static int Start(string program, string[] args, string input, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, args)
        {
            RedirectStandardInput = true,
            StandardInputEncoding = new UTF8Encoding(false),
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        Assert.True(process.WaitForExit(60_000));
        return process.ExitCode;
    }

    private static YamlMappingNode Yaml(string file)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(Read(file)));
        return (YamlMappingNode)stream.Documents.Single().RootNode;
    }

    private static YamlMappingNode Map(YamlMappingNode node, string name) => (YamlMappingNode)node.Children[name];

    private static YamlMappingNode[] Sequence(YamlMappingNode node, string name) =>
        [.. ((YamlSequenceNode)node.Children[name]).Children.Cast<YamlMappingNode>()];

    private static string Text(YamlMappingNode node, string name) => ((YamlScalarNode)node.Children[name]).Value!;

    private static string Read(string file) => File.ReadAllText(Path.Combine(SharedFiles.Repository, file));
}
