using System.Collections.Immutable;
using System.Diagnostics;

namespace Emergence.Analyzer.Containment;

/// <summary>What a worker works on, and whether it keeps within its limits. Several threads may ask and tell.</summary>
/// <param name="grace">What the worker may take to end by itself once a run's time is over.</param>
internal sealed class RunsInWork(TimeSpan grace)
{
    private readonly Lock gate = new();
    // By the number that the worker gave it.
    private readonly Dictionary<int, Run> runs = [];
    private long memoryOfAll;
    // What all in work were allowed to take at one time: a process keeps what it had, for what comes.
    private Int128 most;

    /// <summary>The checkpoints in work.</summary>
    public ImmutableArray<string> Files
    {
        get
        {
            lock (gate)
                return [.. runs.Values.Select(run => run.File).Distinct()];
        }
    }

    /// <summary>A run begins.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="file">Its checkpoint.</param>
    /// <param name="limit">The time for the checkpoint.</param>
    /// <param name="left">What is left of it.</param>
    /// <param name="memory">What all runs together may take.</param>
    public void Start(int number, string file, TimeSpan limit, TimeSpan left, long memory)
    {
        lock (gate)
        {
            runs[number] = new Run(file, limit, left, Stopwatch.GetTimestamp(), null);
            memoryOfAll = memory;
        }
    }

    /// <summary>It is known what a run may take.</summary>
    public void MayTake(int number, long memory)
    {
        lock (gate)
        {
            runs[number] = runs[number] with { Memory = memory };
            most = Int128.Max(most, runs.Values.Aggregate((Int128)0, (sum, run) => sum + (run.Memory ?? 0)));
        }
    }

    /// <summary>A run has ended.</summary>
    public void End(int number)
    {
        lock (gate)
            runs.Remove(number);
    }

    /// <summary>Why the worker must end now, and on which file if that is certain; null where it may go on.</summary>
    public (string? File, string Why)? WhyEnd(ProcessMemory taken)
    {
        lock (gate)
        {
            if (runs.Count == 0)
                return null;
            if (runs.Values.FirstOrDefault(run => Stopwatch.GetElapsedTime(run.Started) > run.Left + grace) is { } late)
                return (late.File, Boundary.TookTooLong(late.Limit));
            // While files and samples are read, all there is.
            var allowed = runs.Values.Any(run => run.Memory is null) ? memoryOfAll : (long)Int128.Min(memoryOfAll, most);
            return taken.Bytes > allowed
                ? (null, $"needs more than {CheckpointRun.Gibibytes(allowed)} of memory; raise --memory, or leave it out")
                : null;
        }
    }

    private sealed record Run(string File, TimeSpan Limit, TimeSpan Left, long Started, long? Memory);
}
