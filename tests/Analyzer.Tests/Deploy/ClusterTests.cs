using System.Diagnostics;
using System.Text.RegularExpressions;
using Emergence.Analyzer.Cli;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.CommandLine;
using Emergence.Testing;
using YamlDotNet.RepresentationModel;

namespace Emergence.Analyzer.Tests.Deploy;

/// <summary>The scripts and manifests for clusters: they call the program as it can be called, and hand on its words.</summary>
public sealed partial class ClusterTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(0, 0)]
    [InlineData(4, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    public void A_task_of_slurm_has_a_folder_for_each_attempt_and_takes_done_in_part_for_done(int code, int expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "bash is needed");
        string[] call = [Deploy("slurm/analyze.sbatch"), "8", "/shared/o p", "runs/*.onnx", "--samples", "all"];
        var exit = Run("bash", call, code, new()
        {
            ["SLURM_ARRAY_TASK_ID"] = "3",
            ["SLURM_RESTART_COUNT"] = "2",
        });
        Assert.Equal(expected, exit);
        Assert.Equal(
            [
                "runs/*.onnx", "--samples", "all", "--shard", "auto/8", "--cache", "/shared/o p/cache",
                "--out", "/shared/o p/shards/3-2", "--quiet", "--format", "csv",
            ], Called("emergence-analyze"));
        AssertParses(Called("emergence-analyze"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void The_merge_of_slurm_hands_on_its_exit_code(int code)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "bash is needed");
        Assert.Equal(code, Run("bash", [Deploy("slurm/merge.sbatch"), "/shared"], code, []));
        AssertParses(Called("emergence-analyze"));
    }

    [Fact]
    public void Submitting_gives_an_array_and_a_merge_behind_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "bash is needed");
        string[] call = [Deploy("slurm/submit.sh"), "8", folder.Path("o p"), "runs/a b.onnx", "--samples", "all"];
        Assert.Equal(0, Run("bash", call, 0, []));
        var merge = Called("sbatch");
        Assert.Contains("--dependency=afterok:77", merge);
        Assert.Equal([Deploy("slurm/merge.sbatch"), folder.Path("o p")], merge[^2..]);
        Assert.Equal(2, Run("bash", [Deploy("slurm/submit.sh"), "8", "out"], 0, []));
    }

    /// <summary>What the documentation of Kubernetes demands of such a Job. The manifests were also read by the strict
    /// reader of the published API (KubernetesClient 21.0.8), which is too large to lie here.</summary>
    [Fact]
    public void The_job_of_kubernetes_is_indexed_and_fails_by_our_exit_codes()
    {
        var job = Manifest("kubernetes/analyze.yaml");
        var spec = Map(job, "spec");
        Assert.Equal(("batch/v1", "Job", "Indexed"), (Text(job, "apiVersion"), Text(job, "kind"), Text(spec, "completionMode")));
        var pod = Map(Map(spec, "template"), "spec");
        // A policy for failures is taken only with pods that are not started again in place.
        Assert.Equal("Never", Text(pod, "restartPolicy"));
        Assert.True(int.Parse(Text(spec, "backoffLimitPerIndex"), null) > 0);
        var container = ContainerOf(spec);
        YamlMappingNode[] rules =
            [.. ((YamlSequenceNode)Map(spec, "podFailurePolicy").Children["rules"]).Children.Cast<YamlMappingNode>()];
        Assert.Equal(["Ignore", "FailJob", "Count"], rules.Select(rule => Text(rule, "action")));
        foreach (var codes in rules[1..].Select(rule => Map(rule, "onExitCodes")))
            Assert.Equal((Text(container, "name"), "In"), (Text(codes, "containerName"), Text(codes, "operator")));
        Assert.Equal([$"{ExitCode.Usage}", $"{ExitCode.Failed}"], rules[1..].Select(rule =>
            $"{((YamlSequenceNode)Map(rule, "onExitCodes").Children["values"]).Children.Single()}"));
        Assert.Equal(NamesIn(container, "volumeMounts"), NamesIn(pod, "volumes"));

        var script = $"{((YamlSequenceNode)container.Children["args"]).Children.Single()}";
        Assert.Contains($"--shard auto/{Text(spec, "completions")} ", script, StringComparison.Ordinal);
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sh is needed");
        foreach (var (code, expected) in ((int, int)[])[(0, 0), (4, 0), (1, 1), (2, 2)])
            Assert.Equal(expected, Run("sh", ["-c", script], code, new() { ["POD_NAME"] = "emergence-3-x7k2p" }));
        Assert.Contains("/data/out/shards/emergence-3-x7k2p", Called("emergence-analyze"));
        AssertParses(Called("emergence-analyze"));
    }

    [Fact]
    public void The_merge_of_kubernetes_is_a_call()
    {
        var spec = Map(Manifest("kubernetes/merge.yaml"), "spec");
        var container = ContainerOf(spec);
        AssertParses([.. ((YamlSequenceNode)container.Children["args"]).Children.Select(word => $"{word}")]);
    }

    /// <summary>The lines for one machine in docs/scale.md, as they stand.</summary>
    [Theory]
    [InlineData("parallel")]
    [InlineData("xargs")]
    public async Task Shards_run_side_by_side_on_one_machine(string tool)
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(place => File.Exists(Path.Combine(place, tool))),
            $"{tool} is not installed");
        var lines = CodeBlock().Matches(File.ReadAllText(Path.Combine(SharedFiles.Repository, "docs", "scale.md")))
            .Select(block => block.Groups[1].Value).Single(block => block.Contains($"| {tool} ", StringComparison.Ordinal));
        Directory.CreateDirectory(folder.Path("runs"));
        Directory.CreateSymbolicLink(folder.Path("runs", "mlp"), Path.Combine(SharedFiles.Repository, "models", "digits-mlp"));
        using var process = Process.Start(new ProcessStartInfo("bash", ["-e", "-c", lines])
        {
            WorkingDirectory = folder.Root,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment = { ["PATH"] = $"{AppContext.BaseDirectory}:{Environment.GetEnvironmentVariable("PATH")}" },
        })!;
        var said = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await said);
        Assert.Equal(12, File.ReadLines(folder.Path("results", "series.csv")).Count());
    }

    [GeneratedRegex(@"```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    private int Run(string program, string[] arguments, int code, Dictionary<string, string> environment)
    {
        foreach (var name in (string[])["emergence-analyze", "sbatch"])
        {
            var path = folder.Path(name);
            File.WriteAllText(path, $"""
                #!/bin/sh
                printf '%s\n' "$@" > '{folder.Path($"called-{name}")}'
                [ {name} = sbatch ] && echo '77;cluster'
                exit {code}

                """);
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        }
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder.Root,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["PATH"] = $"{folder.Root}:{Environment.GetEnvironmentVariable("PATH")}";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }

    private string[] Called(string name) => File.ReadAllLines(folder.Path($"called-{name}"));

    private static void AssertParses(string[] args) => Assert.Empty(Commands.Tree(
        new Terminal(Stream.Null, TextWriter.Null, null, TimeProvider.System), (_, _, _) => throw new NotSupportedException())
        .Root.Parse(args).Errors);

    private static IEnumerable<string> NamesIn(YamlMappingNode node, string key) =>
        ((YamlSequenceNode)node.Children[key]).Select(item => Text((YamlMappingNode)item, "name"));

    private static YamlMappingNode ContainerOf(YamlMappingNode spec) =>
        (YamlMappingNode)((YamlSequenceNode)Map(Map(spec, "template"), "spec").Children["containers"]).Children.Single();

    private static string Deploy(string file) => Path.Combine(SharedFiles.Repository, "deploy", file);

    private static YamlMappingNode Manifest(string file)
    {
        var stream = new YamlStream();
        using var reader = new StreamReader(Deploy(file));
        stream.Load(reader);
        return (YamlMappingNode)stream.Documents.Single().RootNode;
    }

    private static YamlMappingNode Map(YamlMappingNode node, string key) => (YamlMappingNode)node.Children[key];

    private static string Text(YamlMappingNode node, string key) => $"{node.Children[key]}";
}
