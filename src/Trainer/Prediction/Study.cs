using System.Collections.Immutable;
using System.Globalization;

namespace Emergence.Trainer.Prediction;

/// <summary>Does the runs that a file lacks, and writes each as soon as it is finished.</summary>
internal static class Study
{
    /// <summary>Runs in an order that finishes all groups alike: first number 0 of each, then 1, discovery first.</summary>
    /// <param name="rows">The file.</param>
    /// <param name="limit">The most runs to do now; null for all.</param>
    /// <param name="jobs">How many at a time; changes no number.</param>
    /// <param name="work">Does one.</param>
    /// <param name="progress">Receives a line after each.</param>
    /// <param name="token">Ends the work; what is finished is in the file.</param>
    /// <returns>All rows.</returns>
    /// <exception cref="Checkpoints.UserException">The file cannot be read or written, or a run cannot be done.</exception>
    /// <exception cref="OperationCanceledException">On request.</exception>
    public static async Task<ImmutableArray<RunRow>> RunAsync(
        string rows, int? limit, int jobs, Func<Configuration, CancellationToken, Task<ImmutableArray<RunRow>>> work,
        Action<string> progress, CancellationToken token)
    {
        using var place = RunFile.Lock(rows);
        var finished = RunFile.Read(rows);
        // What cannot be written should not be found so after the first run.
        RunFile.Write(rows, finished);
        var missing = Configuration.All.Except(finished.Select(row => row.Run))
            .OrderBy(run => run.Number % 10).ThenBy(run => run.Number).ToImmutableArray();
        var waiting = new Queue<Configuration>(missing.Take(limit ?? missing.Length));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(token);
        var running = new List<Task<ImmutableArray<RunRow>>>();
        try
        {
            while (waiting.Count > 0 || running.Count > 0)
            {
                while (running.Count < jobs && waiting.TryDequeue(out var next))
                    running.Add(work(next, stop.Token));
                var done = await Task.WhenAny(running);
                running.Remove(done);
                var added = await done;
                finished = finished.AddRange(added);
                RunFile.Write(rows, finished);
                progress(string.Create(CultureInfo.InvariantCulture,
                    $"[{finished.Length / (Configuration.Epochs + 1)}/{Configuration.All.Length}] run {added[0].Run.Number}: "
                    + $"{added[0].Run.Group}, {added[^1]["test_accuracy"] * 100:0.00} %"));
            }
        }
        finally
        {
            await stop.CancelAsync();
            // The failure that is on its way is the one to read; the others only obey.
            await Task.WhenAll(running.Select(Quiet));
        }
        return finished;

        static async Task Quiet(Task task) => await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
