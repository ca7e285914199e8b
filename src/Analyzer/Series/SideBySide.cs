using System.Runtime.ExceptionServices;

namespace Emergence.Analyzer.Series;

/// <summary>
/// Works on the items of a series side by side and hands over their outcomes one by one, in order. An item may have to be
/// alone: it begins when all before it are handed over, and none begins before it has ended.
/// </summary>
/// <param name="lanes">How many items at once.</param>
/// <param name="items">How many there are.</param>
/// <param name="isAlone">Whether an item has to be alone, as far as that is known when it is its turn.</param>
/// <param name="work">Works on an item; receives whether it is alone. Null where it turns out that it has to be: it is then
/// worked on again.</param>
/// <param name="deliver">Receives the outcome of an item; never two at once.</param>
internal sealed class SideBySide<T>(
    int lanes, int items, Func<int, bool> isAlone, Func<int, bool, CancellationToken, T?> work, Action<int, T> deliver)
    where T : class
{
    // What has ended before its turn waits; there must not be more and more of it.
    private readonly int ahead = 2 * lanes;
    private readonly object gate = new();
    private readonly Dictionary<int, (T? Value, ExceptionDispatchInfo? Error)> ended = [];
    private readonly SortedSet<int> again = [];
    private int begun;
    private int running;
    private bool oneIsAlone;
    private int delivered;
    private bool isDelivering;
    private ExceptionDispatchInfo? failure;

    /// <summary>Works on all items; on the first, in their order, that throws, whatever is in work is canceled and the exception
    /// is thrown.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public void Run(CancellationToken token)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(token);
        var others = Begin(end);
        Lane(end);
        foreach (var other in others)
            other.Join();
        // The caller's token, not the one that is linked to it.
        if (failure?.SourceException is OperationCanceledException)
            token.ThrowIfCancellationRequested();
        failure?.Throw();
    }

    private List<Thread> Begin(CancellationTokenSource end)
    {
        var begun = new List<Thread>();
        try
        {
            while (begun.Count < lanes - 1)
            {
                var lane = new Thread(() => Lane(end));
                lane.Start();
                begun.Add(lane);
            }
        }
        catch (OutOfMemoryException)
        {
            // The system gives no more threads: the others do the work.
        }
        return begun;
    }

    private void Lane(CancellationTokenSource end)
    {
        while (Next() is var (index, alone))
        {
            (T? Value, ExceptionDispatchInfo? Error) outcome;
            try
            {
                outcome = (work(index, alone, end.Token), null);
            }
            catch (Exception e)
            {
                outcome = (null, ExceptionDispatchInfo.Capture(e));
            }
            End(index, outcome);
            Deliver(end);
        }
    }

    /// <summary>The next item, as soon as it may begin; null where none is left.</summary>
    private (int Index, bool IsAlone)? Next()
    {
        lock (gate)
        {
            for (; ; Monitor.Wait(gate))
            {
                if (failure is not null || (begun == items && again.Count == 0))
                    return null;
                var index = again.Count > 0 ? again.Min : begun;
                if (oneIsAlone || index >= delivered + ahead)
                    continue;
                var alone = again.Count > 0 || lanes == 1 || isAlone(index);
                if (alone && (running > 0 || delivered < index))
                    continue;
                if (!again.Remove(index))
                    begun++;
                running++;
                oneIsAlone = alone;
                return (index, alone);
            }
        }
    }

    private void End(int index, (T? Value, ExceptionDispatchInfo? Error) outcome)
    {
        lock (gate)
        {
            running--;
            oneIsAlone = false;
            if (outcome is (null, null))
                again.Add(index);
            else
                ended.Add(index, outcome);
            Monitor.PulseAll(gate);
        }
    }

    private void Deliver(CancellationTokenSource end)
    {
        while (TakeTurn() is var (value, error))
        {
            try
            {
                error?.Throw();
                deliver(delivered, value!);
            }
            catch (Exception e)
            {
                lock (gate)
                    failure = ExceptionDispatchInfo.Capture(e);
                end.Cancel();
            }
            lock (gate)
            {
                isDelivering = false;
                delivered++;
                Monitor.PulseAll(gate);
            }
        }
    }

    /// <summary>The outcome that is next to be handed over, by this lane; null where it is not there, or another lane hands over.
    /// </summary>
    private (T? Value, ExceptionDispatchInfo? Error)? TakeTurn()
    {
        lock (gate)
        {
            if (isDelivering || failure is not null || !ended.Remove(delivered, out var outcome))
                return null;
            isDelivering = true;
            return outcome;
        }
    }
}
