using System.Diagnostics;
using Emergence.Analyzer.Containment;

namespace Emergence.Analyzer.Tests.Containment;

/// <summary>What a supervisor knows of a worker that works on several checkpoints at once.</summary>
public sealed class RunsInWorkTests : IDisposable
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly Process process = Process.GetCurrentProcess();
    private readonly ProcessMemory memory;
    private readonly RunsInWork runs = new(TimeSpan.Zero);

    public RunsInWorkTests() => memory = new ProcessMemory(process);

    public void Dispose()
    {
        memory.Dispose();
        process.Dispose();
    }

    [Fact]
    public void nothing_in_work_breaks_no_limit()
    {
        runs.Start(1, "a.onnx", Hour, TimeSpan.Zero, 1);
        runs.End(1);
        Assert.Null(runs.WhyEnd(memory));
        Assert.Empty(runs.Files);
    }

    [Fact]
    public void the_one_whose_time_is_over_is_named_with_its_whole_time()
    {
        runs.Start(1, "a.onnx", Hour, Hour, long.MaxValue);
        runs.Start(2, "b.onnx", Hour, TimeSpan.Zero, long.MaxValue);
        Assert.Equal(new WorkerEnd("b.onnx", Boundary.TookTooLong(Hour)), runs.WhyEnd(memory));
    }

    [Fact]
    public void memory_is_that_of_all_within_that_of_the_process_and_names_nobody()
    {
        var taken = memory.Bytes;
        Assert.True(taken > 1 << 20);
        runs.Start(1, "a.onnx", Hour, Hour, long.MaxValue);
        runs.MayTake(1, taken / 4);
        Assert.Null(runs.WhyEnd(memory)?.File);
        Assert.Contains("--memory", runs.WhyEnd(memory)?.Why, StringComparison.Ordinal);
        runs.Start(2, "b.onnx", Hour, Hour, long.MaxValue);
        runs.MayTake(2, taken * 16);
        Assert.Null(runs.WhyEnd(memory));
        // What both could take, the process still has when one of them is done.
        runs.End(2);
        Assert.Null(runs.WhyEnd(memory));
        runs.Start(3, "b.onnx", Hour, Hour, taken / 2);
        Assert.Contains("--memory", runs.WhyEnd(memory)?.Why, StringComparison.Ordinal);
        Assert.Equal(["a.onnx", "b.onnx"], runs.Files);
    }
}
