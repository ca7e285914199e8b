using System.ComponentModel;
using System.Globalization;
using Emergence.Analyzer.Journal;
using Emergence.Analyzer.Series;
using Emergence.Checkpoints;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Containment;

/// <summary>The outcome of the work on one checkpoint.</summary>
/// <param name="Value">The result; default where the work failed.</param>
/// <param name="Failure">Why there is none, in one line that does not name the file first; null where the work was done.</param>
public readonly record struct Contained<T>(T? Value, string? Failure);

/// <summary>
/// The line between one checkpoint and the others: whatever goes wrong on one side, an exception of any kind, no end, too
/// much memory or the death of the process, ends up on the other as a sentence that says so.
/// </summary>
/// <param name="limits">What one checkpoint may take.</param>
/// <param name="worker">The process that may die; null where there is no other that would go on.</param>
public sealed class Boundary(RunLimits limits, Worker? worker = null)
{
    // About what another process takes to start and to read again what was measured. As long as none has died, writing is paid
    // for by every run.
    private static readonly TimeSpan MayBeLost = TimeSpan.FromSeconds(0.5);

    /// <summary>What one checkpoint may take.</summary>
    public RunLimits Limits => limits;

    /// <summary>What keeps results as long as the command runs, whatever becomes of this process; null where there is no other
    /// that would go on.</summary>
    internal IKeptResults? Store { get; } = worker is null ? null : new ResultLog(
        worker.KeepsIn, worker.KeptBefore, worker.IsFirst ? MayBeLost : TimeSpan.Zero, TimeProvider.System);

    /// <summary>Whether a process has ended on this file, so that nobody tries it again.</summary>
    public bool HasEndedOn(string file) => worker?.Deaths.ContainsKey(file) == true;

    /// <summary>Whether a process has ended while it worked on this file and on others, or took too much memory, so that the file
    /// is tried alone.</summary>
    internal bool IsSuspect(string file) => worker is not null && (worker.IsOneByOne || worker.Suspects.Contains(file));

    /// <summary>Works on one checkpoint; on several threads at once, on several.</summary>
    /// <param name="file">Its file.</param>
    /// <param name="work">The work; it takes a token and receives what it may hold.</param>
    /// <param name="token">The user's wish to end.</param>
    /// <param name="spent">What work on this file has taken before, which counts.</param>
    /// <exception cref="UsageException">An option does not fit the model.</exception>
    /// <exception cref="StructureException">The series must have one structure and has not.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public Contained<T> Run<T>(string file, Func<CheckpointRun, T> work, CancellationToken token, TimeSpan spent = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (worker?.Deaths.GetValueOrDefault(file) is { } death)
            return new(default, death);
        var left = spent < limits.Timeout ? limits.Timeout - spent : TimeSpan.Zero;
        using var clock = new CancellationTokenSource(left);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(token, clock.Token);
        var number = worker?.Starts(file, limits.Timeout, left, limits.MemoryOfAll) ?? 0;
        try
        {
            return new(work(new CheckpointRun(limits, memory => worker?.MayTake(number, memory), either.Token)), null);
        }
        catch (OperationCanceledException) when (!token.IsCancellationRequested && clock.IsCancellationRequested)
        {
            return new(default, TookTooLong(limits.Timeout));
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            throw;
        }
        // A file that has vanished since it was found says nothing about the call.
        catch (UserException e) when (e is not (UsageException or StructureException) || !File.Exists(file))
        {
            return new(default, e.Message);
        }
        catch (Exception e) when (e is OutOfMemoryException or InsufficientMemoryException)
        {
            return new(default, "needs more memory than there is; run it on a machine with more, or with a smaller --batch");
        }
        catch (Exception e) when (e is not UserException)
        {
            return new(default, Unforeseen(e));
        }
        finally
        {
            worker?.Ends(number);
        }
    }

    /// <summary>How a checkpoint is named that did not end in time.</summary>
    internal static string TookTooLong(TimeSpan limit) => string.Create(
        CultureInfo.InvariantCulture, $"did not end within {limit.TotalSeconds:0.###} seconds; raise --timeout, or leave it out");

    /// <summary>How a defect of ours is told, or a machine that has no more to give: one line, with what finds it.</summary>
    internal static string Unforeseen(Exception e)
    {
        if (e is IOException or UnauthorizedAccessException or Win32Exception or TaskSchedulerException)
            return $"cannot go on ({(e.InnerException ?? e).Message}); check permissions, the free space and the limits on "
                + "open files";
        // A library that is missing ends the first type that needs it, which holds the reason.
        for (var cause = e; cause is not null; cause = cause.InnerException)
        {
            if (cause is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
                return $"a library of ONNX Runtime cannot be loaded ({cause.Message.Split('\n', 2)[0].Trim()}); install "
                    + "emergence-analyze again for this system, with all files beside it";
        }
        var place = e.StackTrace?.Split('\n', 2)[0].Trim().Split(" in ", 2)[0];
        return $"unexpected {e.GetType().Name} {place} ({e.Message}); this is a defect of emergence-analyze: report it with "
            + "the file";
    }
}

/// <summary>The work on one checkpoint as its boundary sees it.</summary>
/// <param name="limits">What it may take.</param>
/// <param name="mayTake">Receives how much memory it may take, once that is known; optional.</param>
/// <param name="token">Ends when the user or the clock says so.</param>
public sealed class CheckpointRun(RunLimits limits, Action<long>? mayTake, CancellationToken token)
{
    /// <summary>Ends when the user or the clock says so.</summary>
    public CancellationToken Token => token;

    /// <summary>Memory that the process may take.</summary>
    public long Memory { get; private set; } = limits.MemoryOfAll;

    /// <summary>Says what has been read: all that follows may take memory in proportion.</summary>
    /// <param name="stored">Bytes of the checkpoint, external data included.</param>
    /// <param name="samples">Bytes of the samples.</param>
    /// <param name="device">Bytes that the libraries of a device take.</param>
    public void Holds(long stored, long samples, long device = 0)
    {
        Memory = limits.MemoryFor(stored, samples, device);
        mayTake?.Invoke(Memory);
    }

    /// <summary>Refuses a model that cannot be run in the memory that it may take.</summary>
    /// <param name="widest">The largest tensor that a run makes.</param>
    /// <exception cref="UserException">That tensor alone takes more.</exception>
    public void Require(WideTensor? widest)
    {
        if (widest is not null && widest.Bytes > Memory)
        {
            throw new UserException(string.Create(
                CultureInfo.InvariantCulture,
                $"tensor '{widest.Name}': takes {Gibibytes((double)widest.Bytes)} for one sample, more than the "
                + $"{Gibibytes(Memory)} there may be; raise --memory"));
        }
    }

    /// <summary>An amount of memory for people.</summary>
    internal static string Gibibytes(double bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{bytes / (1 << 30):0.##} GiB");
}
