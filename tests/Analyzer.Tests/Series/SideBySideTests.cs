using Emergence.Analyzer.Series;

namespace Emergence.Analyzer.Tests.Series;

/// <summary>Work on a series by several threads looks like work by one.</summary>
public class SideBySideTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly Lock gate = new();
    private readonly List<int> delivered = [];
    private int running;
    private int most;
    private bool oneWasNotAlone;

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 1)]
    [InlineData(3, 40)]
    [InlineData(4, 0)]
    public void everything_is_worked_on_once_and_delivered_in_order(int lanes, int items)
    {
        var worked = new int[items];
        Run(lanes, items, _ => false, (index, _, _) =>
        {
            Interlocked.Increment(ref worked[index]);
            Thread.SpinWait(index % 3 * 2000);
            return $"{index}";
        });
        Assert.Equal(Enumerable.Range(0, items), delivered);
        Assert.All(worked, times => Assert.Equal(1, times));
        Assert.True(most <= lanes);
    }

    [Fact]
    public void two_lanes_work_at_the_same_time()
    {
        using var both = new Barrier(2);
        Run(2, 2, _ => false, (index, _, end) => both.SignalAndWait(Limit, end) ? $"{index}" : throw new TimeoutException());
        Assert.Equal([0, 1], delivered);
    }

    [Fact]
    public void what_ends_early_waits_for_its_turn_and_does_not_pile_up()
    {
        using var first = new ManualResetEventSlim();
        Run(2, 20, _ => false, (index, _, end) =>
        {
            if (index == 3)
                first.Set();
            else if (index == 0)
                Assert.True(first.Wait(Limit, end));
            Assert.True(index < 4 || delivered.Count > 0);
            return $"{index}";
        });
        Assert.Equal(Enumerable.Range(0, 20), delivered);
    }

    [Fact]
    public void what_has_to_be_alone_is()
    {
        Run(4, 30, index => index % 5 == 2, (index, alone, _) =>
        {
            Assert.Equal(index % 5 == 2, alone);
            Thread.SpinWait(2000);
            return $"{index}";
        });
        Assert.Equal(Enumerable.Range(0, 30), delivered);
        Assert.False(oneWasNotAlone);
    }

    [Fact]
    public void what_turns_out_to_have_to_be_alone_is_worked_on_again()
    {
        var worked = new int[12];
        Run(4, 12, _ => false, (index, alone, _) =>
        {
            Interlocked.Increment(ref worked[index]);
            return index % 3 == 1 && !alone ? null : $"{index}";
        });
        Assert.Equal(Enumerable.Range(0, 12), delivered);
        Assert.Equal(Enumerable.Range(0, 12).Select(index => index % 3 == 1 ? 2 : 1), worked);
        Assert.False(oneWasNotAlone);
    }

    [Fact]
    public void the_first_in_the_series_that_throws_is_the_one_that_is_heard_of()
    {
        using var later = new ManualResetEventSlim();
        var canceled = false;
        var e = Assert.Throws<InvalidOperationException>(() => Run(3, 50, _ => false, (index, _, token) =>
        {
            if (index == 2)
            {
                later.Set();
                throw new InvalidOperationException("2");
            }
            if (index == 1)
            {
                Assert.True(later.Wait(Limit, token));
                throw new InvalidOperationException("1");
            }
            if (index == 3)
            {
                canceled = token.WaitHandle.WaitOne(Limit);
                token.ThrowIfCancellationRequested();
            }
            return $"{index}";
        }));
        Assert.Equal("1", e.Message);
        Assert.Equal([0], delivered);
        Assert.True(canceled);
    }

    [Fact]
    public void the_users_wish_ends_all_that_is_in_work()
    {
        using var source = new CancellationTokenSource();
        var waiting = 0;
        var e = Assert.Throws<OperationCanceledException>(() => Run(3, 50, _ => false, (index, _, token) =>
        {
            if (Interlocked.Increment(ref waiting) == 3)
                source.Cancel();
            Assert.True(token.WaitHandle.WaitOne(Limit));
            token.ThrowIfCancellationRequested();
            return $"{index}";
        }, source.Token));
        Assert.Equal(source.Token, e.CancellationToken);
        Assert.Empty(delivered);
    }

    [Theory]
    [InlineData(8, 25, 16L << 30, 8)]
    [InlineData(8, 3, 16L << 30, 3)]
    [InlineData(8, 25, 1L << 30, 2)]
    [InlineData(8, 25, 1000, 1)]
    [InlineData(1, 25, 16L << 30, 1)]
    [InlineData(2, 0, 16L << 30, 1)]
    public void lanes_share_threads_and_memory(int threads, int checkpoints, long memory, int lanes) =>
        Assert.Equal(lanes, LaneRule.Count(threads, checkpoints, memory));

    private void Run(
        int lanes, int items, Func<int, bool> isAlone, Func<int, bool, CancellationToken, string?> work,
        CancellationToken token = default) => new SideBySide<string>(lanes, items, isAlone, (index, alone, end) =>
        {
            lock (gate)
            {
                most = Math.Max(most, ++running);
                oneWasNotAlone |= alone && running > 1;
            }
            try
            {
                return work(index, alone, end);
            }
            finally
            {
                lock (gate)
                    running--;
            }
        }, (index, value) =>
        {
            Assert.Equal($"{index}", value);
            delivered.Add(index);
        }).Run(token);
}
