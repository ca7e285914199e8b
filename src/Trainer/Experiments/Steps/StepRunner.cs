using System.Collections.Immutable;
using System.Diagnostics;
using Emergence.Checkpoints;
using Emergence.CommandLine;

namespace Emergence.Trainer.Experiments.Steps;

/// <summary>Does steps in the order of their inputs, several at a time, and none that is done already.</summary>
internal static class StepRunner
{
    /// <summary>Does <paramref name="wanted"/> and everything they build on.</summary>
    /// <param name="wanted">The steps whose results are wanted; equal ones are done once.</param>
    /// <param name="bench">Where, and what with.</param>
    /// <param name="jobs">How many are worked on at a time.</param>
    /// <param name="progress">Receives progress while a step is worked on and after each.</param>
    /// <param name="token">Stops the work; what is finished stays finished.</param>
    /// <returns>Working time of all steps in seconds, those of earlier runs included.</returns>
    /// <exception cref="UsageException">The folder holds finished work of other settings, which would be lost.</exception>
    /// <exception cref="UserException">A step cannot be done, or the folder is in use.</exception>
    /// <exception cref="OperationCanceledException">On request.</exception>
    public static async Task<double> RunAsync(
        IEnumerable<Step> wanted, Workbench bench, int jobs, IProgress<StepProgress>? progress, CancellationToken token)
    {
        using var place = WorkLock.Take(LockOf(bench), bench.Folder, Remedy);
        return await RunAsync(InOrder(wanted), bench, jobs, progress, token);
    }

    /// <summary>Does the share of one of several processes, on any machines, that have one folder.</summary>
    /// <param name="wanted">The steps whose results are wanted, of all shards.</param>
    /// <param name="shard">Which share.</param>
    /// <param name="bench">Where, and what with.</param>
    /// <param name="jobs">How many are worked on at a time.</param>
    /// <param name="progress">Receives progress while a step is worked on and after each.</param>
    /// <param name="token">Stops the work; what is finished stays finished.</param>
    /// <returns>The steps of the share, and their working time in seconds.</returns>
    /// <inheritdoc cref="RunAsync(IEnumerable{Step}, Workbench, int, IProgress{StepProgress}, CancellationToken)"
    /// path="/exception"/>
    public static async Task<(int Steps, double Seconds)> RunShareAsync(
        IEnumerable<Step> wanted, Shard shard, Workbench bench, int jobs, IProgress<StepProgress>? progress,
        CancellationToken token)
    {
        var groups = StepShares.Of(InOrder(wanted), shard);
        var locks = new List<IDisposable>();
        try
        {
            // Not while one process does it all; nor the same steps twice, as where a task is queued again that still runs.
            locks.Add(WorkLock.Share(LockOf(bench), bench.Folder, Remedy));
            foreach (var group in groups)
                locks.Add(WorkLock.Take(StepShares.LockOf(group, bench), bench.PathOf(group[0].Folder), Remedy));
            ImmutableArray<Step> steps = [.. groups.SelectMany(group => group)];
            return (steps.Length, await RunAsync(steps, bench, jobs, progress, token));
        }
        finally
        {
            locks.ForEach(taken => taken.Dispose());
        }
    }

    private const string Remedy = "another folder with --out";

    private static string LockOf(Workbench bench) => Path.Combine(bench.Folder, ".lock");

    private static async Task<double> RunAsync(
        ImmutableArray<Step> steps, Workbench bench, int jobs, IProgress<StepProgress>? progress, CancellationToken token)
    {
        RefuseToDiscard(steps, bench);
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var step in steps)
        {
            // Steps that build on a repeated step are repeated too.
            if (OwnMarker(step, bench) is { Done: true } && step.Inputs.All(input => done.Contains(input.Place)))
                done.Add(step.Place);
        }
        var waiting = steps.Where(step => !done.Contains(step.Place)).ToList();
        var tally = new StepTally([.. waiting], done.Count, progress);
        if (waiting.Count == 0)
            tally.Nothing();

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(token);
        var running = new List<(Task Task, Step Step)>();
        var redone = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            while (done.Count < steps.Length)
            {
                while (running.Count < jobs
                    && waiting.Find(step => step.Inputs.All(input => done.Contains(input.Place))) is { } next)
                {
                    waiting.Remove(next);
                    var afresh = next.Inputs.Any(input => redone.Contains(input.Place));
                    running.Add((DoAsync(next, bench, afresh, tally.Of(next), stop.Token), next));
                }
                await Task.WhenAny(running.Select(work => work.Task));
                var finished = running.FindIndex(work => work.Task.IsCompleted);
                var (task, step) = running[finished];
                await task;
                running.RemoveAt(finished);
                done.Add(step.Place);
                redone.Add(step.Place);
                tally.Finish(step);
            }
        }
        finally
        {
            await stop.CancelAsync();
            // The failure that is on its way is the one to read; the others only obey.
            await Task.WhenAll(running.Select(work => work.Task)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return steps.Sum(step => StepMarker.Read(bench, step)?.Seconds ?? 0);
    }

    /// <summary>The steps and all they build on, inputs first, each once.</summary>
    internal static ImmutableArray<Step> InOrder(IEnumerable<Step> wanted)
    {
        var ordered = ImmutableArray.CreateBuilder<Step>();
        var seen = new Dictionary<string, Step>(StringComparer.Ordinal);
        foreach (var step in wanted)
            Visit(step);
        return ordered.ToImmutable();

        void Visit(Step step)
        {
            if (seen.TryGetValue(step.Place, out var other))
            {
                if (other.Key != step.Key)
                    throw new InvalidOperationException($"two different steps in one place: {step.Place}");
                return;
            }
            foreach (var input in step.Inputs)
                Visit(input);
            seen.Add(step.Place, step);
            ordered.Add(step);
        }
    }

    private static void RefuseToDiscard(ImmutableArray<Step> steps, Workbench bench)
    {
        foreach (var step in steps)
        {
            if (StepMarker.Read(bench, step) is { Done: true } marker && marker.Key != step.Key)
                throw new UsageException(
                    $"{bench.PathOf(step.Folder)}: was made with other options, and would be lost; name another folder with "
                    + $"--out, or remove {bench.Folder}");
        }
    }

    /// <summary>The note that this very step left, or null.</summary>
    private static StepMarker? OwnMarker(Step step, Workbench bench) =>
        StepMarker.Read(bench, step) is { } marker && marker.Key == step.Key && marker.Worker == step.Worker(bench)
            ? marker
            : null;

    private static void Clear(Step step, Workbench bench)
    {
        try
        {
            step.Clear(bench);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{bench.PathOf(step.Folder)}: cannot be cleared ({e.Message}); remove it and run again", e);
        }
    }

    private static async Task DoAsync(
        Step step, Workbench bench, bool afresh, IProgress<StepShare> progress, CancellationToken token)
    {
        var begin = Stopwatch.GetTimestamp();
        // Only what an interrupted attempt left is worth going on from, and only on the same inputs.
        if (afresh || OwnMarker(step, bench) is not { Done: false })
            Clear(step, bench);
        new StepMarker(step.Key, step.Worker(bench), Done: false, 0).Write(bench, step);
        await step.RunAsync(bench, progress, token);
        new StepMarker(step.Key, step.Worker(bench), Done: true, Math.Round(Stopwatch.GetElapsedTime(begin).TotalSeconds, 1))
            .Write(bench, step);
    }
}
