using Emergence.Analyzer.Containment;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Tests.Containment;

public class BoundaryTests
{
    private static readonly string ThisFile = Environment.ProcessPath!;
    private static readonly Boundary Wide = new(new RunLimits());

    [Fact]
    public void any_exception_is_the_checkpoints_own()
    {
        Assert.Equal("a.onnx: damaged", Failure(_ => throw new UserException("a.onnx: damaged")));
        Assert.StartsWith("unexpected NotSupportedException at ", Failure(_ => throw new NotSupportedException("x\ny")),
            StringComparison.Ordinal);
        Assert.StartsWith("needs more memory", Failure(_ => throw new InsufficientMemoryException()), StringComparison.Ordinal);
        Assert.StartsWith("cannot go on (disk", Failure(_ => throw new IOException("disk")), StringComparison.Ordinal);
        Assert.Equal(
            "a library of ONNX Runtime cannot be loaded (libonnxruntime.so: gone); install emergence-analyze again for this "
            + "system, with all files beside it", Failure(_ => throw new TypeInitializationException(
                "NativeMethods", new DllNotFoundException("libonnxruntime.so: gone\nand more"))));
        Assert.Equal((3, null), (Wide.Run(ThisFile, _ => 3, CancellationToken.None).Value, Failure(_ => 3)));
    }

    [Fact]
    public void what_is_wrong_with_the_call_is_not()
    {
        Assert.Throws<UsageException>(() => Failure(_ => throw new UsageException("--only x: matches nothing")));
        // But a file that has vanished says nothing about the call.
        Assert.Equal("gone.onnx: does not exist",
            Wide.Run<int>("gone.onnx", _ => throw new UsageException("gone.onnx: does not exist"),
            CancellationToken.None).Failure);
    }

    [Fact]
    public void the_clock_is_a_failure_and_the_user_is_not()
    {
        var brief = new Boundary(new RunLimits { Timeout = TimeSpan.FromMilliseconds(20) });
        static int Wait(CheckpointRun run)
        {
            run.Token.WaitHandle.WaitOne();
            throw new OperationCanceledException(run.Token);
        }
        Assert.Equal("did not end within 0.02 seconds; raise --timeout, or leave it out",
            brief.Run(ThisFile, Wait, CancellationToken.None).Failure);
        // What was spent on the file before counts, and the whole time is told.
        Assert.Equal("did not end within 3600 seconds; raise --timeout, or leave it out",
            Wide.Run(ThisFile, Wait, CancellationToken.None, spent: TimeSpan.FromHours(2)).Failure);
        Assert.Throws<OperationCanceledException>(() => Wide.Run(ThisFile, Wait, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void memory_follows_what_is_stored_within_half_of_the_machine()
    {
        var limits = new RunLimits();
        Assert.Equal(Math.Min(RunLimits.OfMachine, (1L << 30) + 8 * 1000 + 4 * 10), limits.MemoryFor(1000, 10));
        Assert.Equal(
            Math.Min(RunLimits.OfMachine, (1L << 30) + 8 * 1000 + 4 * 10 + (1 << 20)), limits.MemoryFor(1000, 10, 1 << 20));
        Assert.Equal(RunLimits.OfMachine, limits.MemoryFor(long.MaxValue / 4, long.MaxValue / 4));
        Assert.Equal(5, (limits with { Memory = 5 }).MemoryFor(1000, 10));
    }

    private static string? Failure(Func<CheckpointRun, int> work) => Wide.Run(ThisFile, work, CancellationToken.None).Failure;
}
