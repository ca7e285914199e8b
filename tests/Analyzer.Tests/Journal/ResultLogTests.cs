using System.Globalization;
using System.Security.Cryptography;
using Emergence.Analyzer.Journal;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Journal;

/// <summary>What a process that dies takes along is bounded, and keeping the rest costs little.</summary>
public sealed class ResultLogTests : IDisposable
{
    private static readonly TimeSpan HalfASecond = TimeSpan.FromSeconds(0.5);

    private readonly TemporaryFolder folder = new();
    private readonly ManualClock clock = new();

    [Fact]
    public void a_short_run_writes_nothing()
    {
        var log = new ResultLog(() => throw new InvalidOperationException("written"), null, HalfASecond, clock);
        for (var i = 0; i < 24; i++)
            Assert.Equal(i, Measure(log, i, milliseconds: 20));
        // What is held is found as well: a watched series is gone through again where a file comes late.
        Assert.Equal(0, Lost(log, 24));
    }

    [Theory]
    [InlineData(10_000, 20, 25)]
    [InlineData(1_000, 1, 500)]
    [InlineData(7, 600, 1)]
    [InlineData(40, 499, 2)]
    public void of_a_long_one_a_death_loses_no_more_than_may_be_lost(int checkpoints, int milliseconds, int together)
    {
        var log = First();
        for (var i = 0; i < checkpoints; i++)
            Measure(log, i, milliseconds);
        Assert.Equal(checkpoints % together, Lost(Next(), checkpoints));
        Assert.Equal(0, Lost(log, checkpoints));
    }

    [Fact]
    public void after_a_death_each_result_is_written()
    {
        Measure(First(), 0, milliseconds: 600);
        var second = Next();
        for (var i = 0; i < 3; i++)
            Measure(second, i, milliseconds: 1);
        Assert.Equal(0, Lost(Next(), 3));
        Assert.Equal(2, Directory.GetFiles(folder.Root).Length);
    }

    [Fact]
    public void a_process_that_dies_as_it_writes_takes_that_result_along()
    {
        var first = new ResultLog(() => folder.Root, null, TimeSpan.Zero, clock);
        for (var i = 0; i < 3; i++)
            Measure(first, i, milliseconds: 1);
        var file = Assert.Single(Directory.GetFiles(folder.Root));
        var bytes = File.ReadAllBytes(file);
        for (var length = bytes.Length - 1; length >= 0; length -= 7)
        {
            File.WriteAllBytes(file, bytes[..length]);
            Assert.Equal(3 - (int)(length * 3L / bytes.Length), Lost(Next(), 3));
        }
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);
        var second = Next();
        Assert.Equal(1, Lost(second, 3));
        Measure(second, 2, milliseconds: 1);
        Assert.Equal(0, Lost(Next(), 3));
    }

    [Fact]
    public async Task several_threads_may_share_it()
    {
        var log = new ResultLog(() => folder.Root, null, TimeSpan.FromMilliseconds(3), clock);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 100; i++)
                Measure(log, (100 * thread) + i, milliseconds: 1);
        })));
        Assert.InRange(Lost(Next(), 400), 0, 2);
        Assert.Equal(0, Lost(log, 400));
    }

    [Fact]
    public void where_nothing_can_be_written_results_are_delivered()
    {
        var file = folder.Write("file", 1);
        var log = new ResultLog(() => Path.Combine(file, "below"), null, TimeSpan.Zero, clock);
        for (var i = 0; i < 3; i++)
            Assert.Equal(i, Measure(log, i, milliseconds: 1));
    }

    public void Dispose() => folder.Dispose();

    private ResultLog First() => new(() => folder.Root, null, HalfASecond, clock);

    private ResultLog Next() => new(() => folder.Root, folder.Root, TimeSpan.Zero, clock);

    private double? Measure(ResultLog log, int checkpoint, int milliseconds) => log.Get(Key(checkpoint), () =>
    {
        clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
        return new MeasuredCheckpoint([], checkpoint, [], [], []);
    }, TestContext.Current.CancellationToken).Accuracy;

    private static double? Find(ResultLog log, int checkpoint) => log.Find(Key(checkpoint))?.Accuracy;

    /// <summary>How many results are not found as they were measured.</summary>
    private static int Lost(ResultLog log, int checkpoints) => Enumerable.Range(0, checkpoints).Count(i => Find(log, i) != i);

    private static byte[] Key(int checkpoint) =>
        SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(checkpoint.ToString(CultureInfo.InvariantCulture)));
}
