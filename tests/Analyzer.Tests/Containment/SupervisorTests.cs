using System.Runtime.InteropServices;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
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
        var series = await BuiltProgram.RunAsync(folder.Root, Limit, [.. files, "--samples", "4", "--format", "csv"]);
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

    [Fact]
    public async Task a_checkpoint_that_takes_too_much_memory_is_named()
    {
        using var folder = new TemporaryFolder();
        var file = Save(folder, "a.onnx", dies: false);
        var run = await BuiltProgram.RunAsync(folder.Root, Limit, file, "--samples", "4", "--memory", "1K");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("--memory", Assert.Single(run.Errors), StringComparison.Ordinal);
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
