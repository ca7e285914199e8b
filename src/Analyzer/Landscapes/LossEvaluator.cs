using System.Runtime.ExceptionServices;
using Emergence.Measuring.Losses;

namespace Emergence.Analyzer.Landscapes;

/// <summary>Measures the losses of points that are not known yet, several at a time.</summary>
/// <param name="surface">The loss.</param>
/// <param name="journal">What an interrupted run has left, and what this one leaves; null where nothing is kept.</param>
/// <param name="progress">Receives how many points are done, and of how many; optional.</param>
internal sealed class LossEvaluator(LossSurface surface, LossJournal? journal, Action<int, int>? progress)
{
    private readonly Lock gate = new();
    private int done;

    /// <summary>Measures all points of all groups; each loss is the same whoever measures it, and when.</summary>
    /// <exception cref="Checkpoints.UserException">The model does not run.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public void Measure(IReadOnlyList<PointGroup> groups, CancellationToken token)
    {
        var total = groups.Sum(group => group.Points.Count);
        var workers = new LossWorker[surface.Workers];
        try
        {
            for (var i = 0; i < workers.Length; i++)
                workers[i] = surface.NewWorker();
            var first = 0;
            foreach (var group in groups)
            {
                Measure(group, first, total, workers, token);
                first += group.Points.Count;
            }
        }
        finally
        {
            foreach (var worker in workers)
                worker?.Dispose();
        }
    }

    private void Measure(PointGroup group, int first, int total, LossWorker[] workers, CancellationToken token)
    {
        var directions = group.Make();
        var values = new LossValue[group.Points.Count];
        var next = -1;
        ExceptionDispatchInfo? failure = null;
        Parallel.For(0, workers.Length, new ParallelOptions { MaxDegreeOfParallelism = workers.Length }, worker =>
        {
            try
            {
                for (int i; failure is null && (i = Interlocked.Increment(ref next)) < values.Length;)
                    values[i] = Measure(group.Points[i], first + i, total, directions, workers[worker], token);
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        failure?.Throw();
        group.Take(values);
    }

    private LossValue Measure(
        (double X, double Y) point, int index, int total, Direction[] directions, LossWorker worker, CancellationToken token)
    {
        if (journal?.Find(index) is not { } value)
        {
            value = directions.Length > 1
                ? worker.At([new Move(directions[0], point.X), new Move(directions[1], point.Y)], token)
                : worker.At([new Move(directions[0], point.X)], token);
            journal?.Keep(index, value);
        }
        lock (gate)
            progress?.Invoke(++done, total);
        return value;
    }
}
