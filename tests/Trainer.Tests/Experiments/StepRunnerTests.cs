using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Testing;
using Emergence.Trainer.Cli;
using Emergence.Trainer.Experiments.Steps;

namespace Emergence.Trainer.Tests.Experiments;

/// <summary>The order of steps, and what is done again.</summary>
public sealed class StepRunnerTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("emergence-test-").FullName;
    private readonly ConcurrentQueue<string> log = [];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Inputs_come_first_and_shared_ones_once(int jobs)
    {
        var root = Make("root");
        var (left, right) = (Make("left", root), Make("right", root));
        await Run(jobs, Make("end", left, right), left);
        Assert.Equal(["end", "left", "right", "root"], log.Order());
        Assert.Equal("root", log.First());
        Assert.Equal("end", log.Last());
    }

    [Fact]
    public async Task What_is_done_is_not_done_again()
    {
        await Run(2, Make("end", Make("root")));
        log.Clear();
        await Run(2, Make("end", Make("root")));
        Assert.Empty(log);
    }

    [Fact]
    public async Task What_other_settings_made_is_not_thrown_away()
    {
        await Run(1, Make("end", Make("root")), Make("other"));
        log.Clear();
        // The root is the same, but not what builds on it.
        var error = await Assert.ThrowsAsync<UsageException>(() =>
            Run(1, Make("end", Make("root")) with { Setting = "new" }, Make("other")));
        Assert.StartsWith(Path.Combine(folder, "end") + ": was made with other options", error.Message, StringComparison.Ordinal);
        Assert.Empty(log);
    }

    [Fact]
    public async Task What_builds_on_a_step_that_is_done_anew_is_done_anew()
    {
        await Run(1, Make("end", Make("middle", Make("root"))), Make("other"));
        log.Clear();
        await Run(1, Make("end", Make("middle", Make("root") with { Version = "2" })), Make("other"));
        Assert.Equal(["clear root", "root", "clear middle", "middle", "clear end", "end"], log);
    }

    [Fact]
    public async Task A_folder_serves_one_run_at_a_time()
    {
        using var started = new SemaphoreSlim(0);
        using var cancel = new CancellationTokenSource();
        var first = StepRunner.RunAsync(
            [Make("endless") with { Wait = Timeout.InfiniteTimeSpan, Started = () => started.Release() }], Bench(), 1, null,
            cancel.Token);
        await started.WaitAsync(TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<UserException>(() => Run(1, Make("other")));
        Assert.Contains("is in use by another run", error.Message, StringComparison.Ordinal);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Run(1, Make("other"));
    }

    [Fact]
    public async Task Shards_do_each_step_once_and_the_whole_finds_all_done()
    {
        Step[] wanted = [.. Enumerable.Range(0, 5).SelectMany(i =>
        {
            var root = Make($"root-{i}");
            return (Step[])[Make($"left-{i}", root), Make($"right-{i}", root)];
        })];
        for (var index = 3; index >= 1; index--)
            await RunShare(new Shard(index, 3), wanted);
        Assert.Equal(15, log.Count(line => !line.StartsWith("clear", StringComparison.Ordinal)));
        log.Clear();
        await RunShare(new Shard(2, 3), wanted);
        await Run(1, wanted);
        Assert.Empty(log);
    }

    [Fact]
    public async Task Shards_work_side_by_side_but_neither_twice_nor_beside_the_whole()
    {
        using var started = new SemaphoreSlim(0);
        using var cancel = new CancellationTokenSource();
        Step[] wanted =
            [Make("endless") with { Wait = Timeout.InfiniteTimeSpan, Started = () => started.Release() }, Make("other")];
        var first = StepRunner.RunShareAsync(wanted, new Shard(1, 2), Bench(), 1, null, cancel.Token);
        await started.WaitAsync(TestContext.Current.CancellationToken);
        foreach (var refused in (Func<Task>[])[() => RunShare(new Shard(1, 2), wanted), () => Run(1, Make("other"))])
        {
            var error = await Assert.ThrowsAsync<UserException>(refused);
            Assert.Contains("is in use by another run", error.Message, StringComparison.Ordinal);
        }
        await RunShare(new Shard(2, 2), wanted);
        Assert.Contains("other", log);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Run(1, Make("other"));
    }

    [Fact]
    public async Task Another_version_of_the_worker_does_it_anew()
    {
        await Run(1, Make("root"));
        log.Clear();
        await Run(1, Make("root") with { Version = "2" });
        Assert.Equal(["clear root", "root"], log);
    }

    [Fact]
    public async Task A_failure_stops_the_rest_and_what_was_finished_stays()
    {
        var broken = Make("broken", Make("root")) with { Fail = true };
        var error = await Assert.ThrowsAsync<UserException>(() => Run(2, broken, Make("end", broken)));
        Assert.Equal("broken: fails", error.Message);
        Assert.DoesNotContain("end", log);

        log.Clear();
        await Run(2, broken with { Fail = false }, Make("end", broken with { Fail = false }));
        // The attempt that failed was of the same key: what it left may be gone on from.
        Assert.Equal(["broken", "end"], log);
    }

    [Fact]
    public async Task Cancelling_stops_steps_that_are_being_worked_on()
    {
        using var cancel = new CancellationTokenSource();
        var endless = Make("endless") with { Wait = Timeout.InfiniteTimeSpan, Started = cancel.Cancel };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            StepRunner.RunAsync([endless], Bench(), 1, null, cancel.Token));
    }

    [Fact]
    public async Task No_more_are_worked_on_at_a_time_than_asked_for()
    {
        var (now, most, gate) = (0, 0, new Lock());
        var full = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var steps = Enumerable.Range(0, 12).Select(i => Make($"step-{i}") with
        {
            Wait = TimeSpan.FromMilliseconds(5),
            Until = full.Task,
            Started = () =>
            {
                lock (gate)
                {
                    most = Math.Max(most, ++now);
                    if (now == 3)
                        full.TrySetResult();
                }
            },
            Ended = () => { lock (gate) now--; },
        });
        await Run(3, [.. steps]);
        Assert.Equal(3, most);
        Assert.Equal(12, log.Count(line => !line.StartsWith("clear", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Progress_counts_to_the_end()
    {
        var told = new List<StepProgress>();
        await StepRunner.RunAsync([Make("end", Make("root"))], Bench(), 1, new Collect(told), CancellationToken.None);
        Assert.Equal([(1, 2, 0.5), (2, 2, 1)], told.Select(progress => (progress.StepsDone, progress.Steps, progress.Share)));

        told.Clear();
        await StepRunner.RunAsync([Make("end", Make("root"))], Bench(), 1, new Collect(told), CancellationToken.None);
        Assert.Equal(new StepProgress(null, null, 2, 2, 1), Assert.Single(told));
    }

    [Fact]
    public async Task A_step_tells_how_far_it_is()
    {
        var told = new List<StepProgress>();
        var end = Make("end", Make("root")) with { Shares = [0.25, 0.5] };
        await StepRunner.RunAsync([end], Bench(), 1, new Collect(told), CancellationToken.None);
        Assert.Equal([0.5, 0.625, 0.75, 1], told.Select(progress => progress.Share));
        Assert.Equal([null, "at 0.25", "at 0.5", null], told.Select(progress => progress.Working?.Where));
        Assert.Equal([1, 1, 1, 2], told.Select(progress => progress.StepsDone));
    }

    [Fact]
    public void A_terminal_shows_where_a_step_is_and_a_log_hears_of_it_now_and_then()
    {
        var (clock, live, plain) = (new ManualClock(), new StringWriter(), new StringWriter());
        var screen = new StepDisplay(new Terminal(Stream.Null, live, ErrorWidth: 80, clock), quiet: false);
        var log = new StepDisplay(new Terminal(Stream.Null, plain, ErrorWidth: null, clock), quiet: false);
        var silent = new StepDisplay(new Terminal(Stream.Null, TextWriter.Null, ErrorWidth: null, clock), quiet: true);
        var step = Make("train");
        for (var second = 1; second <= 25; second++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            var progress = new StepProgress(step, new StepShare(second / 50.0, $"epoch {second}/50"), 0, 2, second / 100.0);
            screen.Report(progress);
            log.Report(progress);
            silent.Report(progress);
        }
        log.Report(new StepProgress(step, null, 1, 2, 0.5));
        Assert.Equal("[0/2, about 2 min left] train, epoch 25/50", live.ToString().Split('\r')[^1].TrimEnd());
        Assert.Equal(
            ["[0/2, about 2 min left] train, epoch 10/50", "[0/2, about 2 min left] train, epoch 20/50",
                "[1/2, about 25 s left] train"],
            plain.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        screen.Clear();
        Assert.EndsWith("\r", live.ToString(), StringComparison.Ordinal);
    }

    private Task<double> Run(int jobs, params IEnumerable<Step> steps) =>
        StepRunner.RunAsync(steps, Bench(), jobs, null, CancellationToken.None);

    private Task RunShare(Shard shard, params IEnumerable<Step> steps) =>
        StepRunner.RunShareAsync(steps, shard, Bench(), 1, null, CancellationToken.None);

    private Workbench Bench() => new(folder, null, ImmutableDictionary<string, string>.Empty, null!);

    private FakeStep Make(string name, params ImmutableArray<Step> inputs) => new(name, inputs, log);

    private sealed class Collect(List<StepProgress> told) : IProgress<StepProgress>
    {
        public void Report(StepProgress value) => told.Add(value);
    }

    private sealed record FakeStep(string Name, ImmutableArray<Step> Needed, ConcurrentQueue<string> Log) : Step(Name)
    {
        public string Setting { get; init; } = "";

        public string Version { get; init; } = "1";

        public bool Fail { get; init; }

        public TimeSpan Wait { get; init; }

        public ImmutableArray<double> Shares { get; init; } = [];

        public Task Until { get; init; } = Task.CompletedTask;

        public Action? Started { get; init; }

        public Action? Ended { get; init; }

        public override string Description => Name + Setting;

        public override string Title => Name;

        public override string Marker => "fake.step";

        public override ImmutableArray<Step> Inputs => Needed;

        public override double Cost => 1;

        public override string Worker(Workbench bench) => Version;

        public override async Task RunAsync(Workbench bench, IProgress<StepShare> progress, CancellationToken token)
        {
            Log.Enqueue(Name);
            foreach (var share in Shares)
                progress.Report(new StepShare(share, $"at {share.ToString(CultureInfo.InvariantCulture)}"));
            Started?.Invoke();
            await Until.WaitAsync(TimeSpan.FromMinutes(1), token);
            await Task.Delay(Wait, token);
            Ended?.Invoke();
            if (Fail)
                throw new UserException($"{Name}: fails");
        }

        public override void Clear(Workbench bench)
        {
            if (Directory.Exists(bench.PathOf(Folder)))
                Log.Enqueue("clear " + Name);
        }
    }
}
