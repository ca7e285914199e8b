using System.Collections.Immutable;
using System.Diagnostics;

namespace Emergence.Analyzer.Containment;

/// <summary>What a worker works on, and whether it keeps within its limits. Several threads may ask and tell.</summary>
/// <remarks>Part of what the supervisor costs every run: it loads no more than it needs.</remarks>
/// <param name="grace">What the worker may take to end by itself once a run's time is over.</param>
internal sealed class RunsInWork(TimeSpan grace)
{
    private readonly Lock gate = new();
    // By the number that the worker gave it.
    private readonly Dictionary<int, Run> runs = [];
    private long memoryOfAll;
    // What all in work were allowed to take at one time: a process keeps what it had, for what comes.
    private long most;

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
            runs[number] = new Run(file, limit, left);
            memoryOfAll = memory;
        }
    }

    /// <summary>It is known what a run may take.</summary>
    public void MayTake(int number, long memory)
    {
        lock (gate)
        {
            runs[number].Memory = memory;
            var sum = 0L;
            foreach (var run in runs.Values)
                sum = long.MaxValue - sum < run.Memory ? long.MaxValue : sum + (run.Memory ?? 0);
            most = Math.Max(most, sum);
        }
    }

    /// <summary>A run has ended.</summary>
    public void End(int number)
    {
        lock (gate)
            runs.Remove(number);
    }

    /// <summary>Why the worker must end now; null where it may go on.</summary>
    public WorkerEnd? WhyEnd(ProcessMemory taken)
    {
        lock (gate)
        {
            if (runs.Count == 0)
                return null;
            // While files and samples are read, all there is.
            var allowed = Math.Min(memoryOfAll, most);
            foreach (var run in runs.Values)
            {
                if (Stopwatch.GetElapsedTime(run.Started) > run.Left + grace)
                    return new WorkerEnd(run.File, Boundary.TookTooLong(run.Limit));
                if (run.Memory is null)
                    allowed = memoryOfAll;
            }
            return taken.Bytes > allowed ? TooMuch(allowed) : null;
        }
    }

    private static WorkerEnd TooMuch(long allowed) =>
        new(null, $"needs more than {CheckpointRun.Gibibytes(allowed)} of memory; raise --memory, or leave it out");

    private sealed class Run(string file, TimeSpan limit, TimeSpan left)
    {
        public string File => file;

        public TimeSpan Limit => limit;

        public TimeSpan Left => left;

        public long Started { get; } = Stopwatch.GetTimestamp();

        public long? Memory { get; set; }
    }
}
