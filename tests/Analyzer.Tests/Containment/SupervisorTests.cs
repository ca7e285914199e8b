using System.Runtime.InteropServices;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Containment;

/// <summary>The process that dies on a checkpoint does not take the series along.</summary>
public class SupervisorTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task a_checkpoint_on_which_the_runtime_dies_is_named_and_the_others_are_delivered()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64,
            "the smallest integer by -1 ends a process on x64 alone");
        using var folder = new TemporaryFolder();
        string[] files =
            [Save(folder, "a.onnx", dies: false), Save(folder, "b.onnx", dies: true), Save(folder, "c.onnx", dies: false)];
        var series = await BuiltProgram.RunAsync(folder.Root, Limit, [.. files, "--samples", "4", "--format", "csv", "--quiet"]);
        Assert.Equal(4, series.ExitCode);
        Assert.Equal(["checkpoint", files[0], files[2]],
            series.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(',')[0]));
        Assert.Equal(
            $"error: {files[1]}: the runtime ended the process on it: a division by zero or an overflow in integers (SIGFPE); "
            + "leave the file out",
            Assert.Single(series.Errors));

        var alone = await BuiltProgram.RunAsync(folder.Root, Limit, files[1], "--samples", "4");
        Assert.Equal(1, alone.ExitCode);
        Assert.StartsWith($"error: {files[1]}: ", Assert.Single(alone.Errors), StringComparison.Ordinal);
    }

    /// <summary>Whoever else was in work when the process died is innocent.</summary>
    [Theory]
    [InlineData("1")]
    [InlineData("4")]
    public async Task of_several_at_once_only_those_that_kill_the_process_are_named(string threads)
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64,
            "the smallest integer by -1 ends a process on x64 alone");
        using var folder = new TemporaryFolder();
        var files = Enumerable.Range(0, 10).Select(i => Save(folder, $"{i}.onnx", dies: i is 2 or 3 or 9)).ToArray();
        var series = await BuiltProgram.RunAsync(
            folder.Root, Limit, [.. files, "--samples", "4", "--format", "csv", "--quiet", "--threads", threads]);
        Assert.Equal(ExitCode.Partial, series.ExitCode);
        Assert.Equal(files.Where((_, i) => i is not (2 or 3 or 9)),
            series.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split(',')[0]));
        Assert.Equal([files[2], files[3], files[9]], series.Errors.Select(line => line.Split(": ")[1]));
        Assert.All(series.Errors, line => Assert.Contains("(SIGFPE)", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task of_several_at_once_each_that_takes_too_much_memory_is_named()
    {
        using var folder = new TemporaryFolder();
        var files = Enumerable.Range(0, 3).Select(i => Save(folder, $"{i}.onnx", dies: false)).ToArray();
        var run = await BuiltProgram.RunAsync(
            folder.Root, Limit, [.. files, "--samples", "4", "--memory", "1K", "--threads", "3"]);
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Equal(files, run.Errors.Select(line => line.Split(": ")[1]));
    }

    [Fact]
    public async Task a_checkpoint_that_takes_too_much_memory_is_named()
    {
        using var folder = new TemporaryFolder();
        var file = Save(folder, "a.onnx", dies: false);
        var run = await BuiltProgram.RunAsync(folder.Root, Limit, file, "--samples", "4", "--memory", "1K");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("--memory", Assert.Single(run.Errors), StringComparison.Ordinal);
    }

    /// <summary>Fifty good checkpoints, and among them one that kills the process, one without end and a damaged one.</summary>
    [Fact]
    public async Task a_series_with_three_bad_ones_is_delivered_but_for_these()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64,
            "the smallest integer by -1 ends a process on x64 alone");
        using var folder = new TemporaryFolder();
        var good = Enumerable.Range(0, 50).Select(i => Save(folder, $"good-{i:00}.onnx", dies: false)).ToArray();
        string[] bad =
        [
            Save(folder, "good-10-dies.onnx", dies: true),
            SaveEndless(folder, "good-20-endless.onnx"),
            folder.Write("good-30-damaged.onnx", [.. File.ReadAllBytes(good[0]).Take(100)]),
        ];
        var run = await BuiltProgram.RunAsync(folder.Root, 10 * Limit,
            folder.Root, "--samples", "4", "--format", "csv", "--timeout", "20", "--out", folder.Path("out"));
        Assert.Equal(ExitCode.Partial, run.ExitCode);
        Assert.Equal(good,
            run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split(',')[0]));
        // A slow machine says how far it is, too.
        var errors = run.Errors.Where(line => line.StartsWith("error: ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(bad.Length, errors.Length);
        Assert.All(bad.Zip(errors), pair =>
            Assert.StartsWith($"error: {pair.First}: ", pair.Second, StringComparison.Ordinal));
        // A worker behind one that died does not measure again what that one had measured.
        Assert.Contains(run.Error.Split('\n'), line => line.EndsWith(" checkpoints were measured before an interruption",
            StringComparison.Ordinal));
        Assert.False(Directory.Exists(folder.Path("out", ".emergence-journal")));
    }

    /// <summary>A loop of 2⁶² steps.</summary>
    private static string SaveEndless(TemporaryFolder folder, string name)
    {
        var graph = new GraphBuilder("endless");
        var h = graph.Node("MatMul",
            [graph.Input("x", DataType.Float, "N", 2), graph.Initializer("w", [2, 2], [1f, 1, 1, 1])]);
        var body = new GraphBuilder("body");
        body.Input("i", DataType.Int64);
        body.Output(body.Node("Identity", [body.Input("go", DataType.Bool)]), DataType.Bool);
        body.Output(body.Node("Neg", [body.Input("state", DataType.Float, "N", 2)]), DataType.Float, "N", 2);
        var y = graph.Node("Loop", [graph.Initializer("trips", [], [1L << 62]), "", h], AttributeProto.Of("body", body.Graph));
        graph.Output(graph.Node("MatMul", [y, graph.Initializer("v", [2, 2], [1f, 1, 1, 1])]), DataType.Float, "N", 2);
        var path = folder.Path(name);
        ModelFile.Save(graph.Build(13, 7, "tests"), path);
        return path;
    }

    /// <summary>Integers divided by -1; the smallest of them has no quotient, and the processor says so.</summary>
    private static string Save(TemporaryFolder folder, string name, bool dies)
    {
        var graph = new GraphBuilder("integers");
        var x = graph.Input("x", DataType.Float, "N", 2);
        var h = graph.Node("MatMul", [x, graph.Initializer("w", [2, 2], [1f, 1, 1, 1])]);
        var zero = graph.Node("Mul",
            [graph.Node("Cast", [h], AttributeProto.Of("to", (long)DataType.Int64)), graph.Initializer("zero", [1], [0L])]);
        var start = graph.Node("Add", [zero, graph.Initializer("start", [1], [dies ? long.MinValue : 1])]);
        var y = graph.Node("Cast", [graph.Node("Div", [start, graph.Initializer("minus", [1], [-1L])])],
            AttributeProto.Of("to", (long)DataType.Float));
        // A layer behind it, as what no layer needs is not run.
        y = graph.Node("MatMul", [y, graph.Initializer("v", [2, 2], [1f, 1, 1, 1])]);
        graph.Output(y, DataType.Float, "N", 2);
        var path = folder.Path(name);
        ModelFile.Save(graph.Build(13, 7, "tests"), path);
        return path;
    }
}
