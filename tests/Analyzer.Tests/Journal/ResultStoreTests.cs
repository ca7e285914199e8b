using System.Collections.Immutable;
using Emergence.Analyzer.Journal;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Journal;

/// <summary>A run that goes on where another stopped ends as one that was never interrupted.</summary>
public sealed class ResultStoreTests : IDisposable
{
    private static readonly ProbeOptions Few = new() { Samples = 64 };

    private static readonly Dictionary<string, AnalysisSettings> Asked = new(StringComparer.Ordinal)
    {
        ["plain"] = new(),
        ["everything"] = new()
        {
            Wired = true,
            Contributions = true,
            Rivals = true,
            Units = true,
            Bootstrap = new(100),
            Nulls = [new(NullKind.Shuffle, 1), new(NullKind.Place, 2, Seed: 5), new(NullKind.Spread, 1)],
            Thresholds = [0.05f, 0.5f],
        },
        ["per sample"] = new() { Statistic = Statistic.Sample },
        ["shares"] = new() { Statistic = Statistic.Share, Thresholds = [0f, 1f], IncludeInput = true },
        ["filters"] = new() { ConvNodes = Enum.GetValues<Tracing.Networks.ConvNodes>()[^1], Exclude = ["fc2"] },
    };

    private static readonly ImmutableArray<string> Series =
    [
        .. new[] { "digits-mlp", "digits-lenet" }.SelectMany(folder =>
            Directory.GetFiles(Path.Combine(SharedFiles.Repository, "models", folder), "*.onnx").Order(StringComparer.Ordinal)
                .Take(3)),
    ];

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Names { get; } = [.. Asked.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void every_output_is_the_same_byte_by_byte(string name)
    {
        var expected = Outputs(Run(Asked[name], store: null));
        Assert.Equal(expected, Outputs(Run(Asked[name], Store())));
        var second = Store();
        Assert.Equal(expected, Outputs(Run(Asked[name], second)));
        Assert.Equal(Series.Length, second.Found);
    }

    [Fact]
    public void a_canceled_run_is_gone_on_with()
    {
        using var source = new CancellationTokenSource();
        var progress = new Progress(step =>
        {
            if (step.Index == 2)
                source.Cancel();
        });
        // One after the other: of several in work, any number may be finished by then.
        AnalysisSettings settings = new() { Threads = 1 };
        Assert.Throws<OperationCanceledException>(() => Analysis.Run(Request(settings, Store()), progress, source.Token));
        var store = Store();
        Assert.Equal(Outputs(Run(settings, store: null)), Outputs(Run(settings, store)));
        Assert.Equal(2, store.Found);
    }

    [Fact]
    public void a_damaged_result_is_measured_again()
    {
        var expected = Outputs(Run(new(), Store()));
        foreach (var (i, file) in Kept().Index())
        {
            var bytes = File.ReadAllBytes(file);
            bytes[i * 31 % bytes.Length] ^= 1;
            File.WriteAllBytes(file, i % 2 == 0 ? bytes : bytes[..(bytes.Length / 2)]);
        }
        var store = Store();
        Assert.Equal(expected, Outputs(Run(new(), store)));
        Assert.Equal(0, store.Found);
    }

    [Fact]
    public void a_result_under_the_name_of_another_is_not_taken()
    {
        Run(new(), Store());
        var files = Kept();
        File.Copy(files[0], files[1], overwrite: true);
        var store = Store();
        Run(new(), store);
        Assert.Equal(Series.Length - 1, store.Found);
    }

    [Fact]
    public void results_that_cannot_be_kept_are_said_once_and_delivered()
    {
        var told = new List<string>();
        var file = folder.Write("file", 1);
        var store = new ResultStore(() => Path.Combine(file, "below"), told.Add);
        Assert.Equal(Outputs(Run(new(), store: null)), Outputs(Run(new(), store)));
        Assert.Single(told);
    }

    /// <summary>Each setting, and each thing said of the samples, gives results of its own.</summary>
    [Fact]
    public void whatever_shapes_a_number_is_in_the_key()
    {
        (string Name, AnalysisSettings Settings)[] changed =
        [
            (nameof(AnalysisSettings.Thresholds), new() { Thresholds = [0.1f] }),
            (nameof(AnalysisSettings.Statistic), new() { Statistic = Statistic.Max }),
            (nameof(AnalysisSettings.AliveShare), new() { AliveShare = 0.25 }),
            (nameof(AnalysisSettings.ConvNodes), new() { ConvNodes = Enum.GetValues<Tracing.Networks.ConvNodes>()[^1] }),
            (nameof(AnalysisSettings.IncludeInput), new() { IncludeInput = true }),
            (nameof(AnalysisSettings.Only), new() { Only = ["*"] }),
            (nameof(AnalysisSettings.Exclude), new() { Exclude = ["fc2"] }),
            (nameof(AnalysisSettings.Wired), new() { Wired = true }),
            (nameof(AnalysisSettings.Contributions), new() { Contributions = true }),
            (nameof(AnalysisSettings.Rivals), new() { Rivals = true }),
            (nameof(AnalysisSettings.Units), new() { Units = true }),
            (nameof(AnalysisSettings.Maxima), new() { Maxima = true }),
            (nameof(AnalysisSettings.Bootstrap), new() { Bootstrap = new(100) }),
            (nameof(AnalysisSettings.Nulls), new() { Nulls = [new(NullKind.Place, 3)] }),
            (nameof(AnalysisSettings.Optimization), new() { Optimization = Enum.GetValues<Optimization>()[^1] }),
            (nameof(AnalysisSettings.Threads), new() { Threads = 1 }),
            (nameof(AnalysisSettings.Batch), new() { Batch = 7 }),
            (nameof(AnalysisSettings.Device), new() { Device = Device.Cpu }),
        ];
        string[] apart = [nameof(AnalysisSettings.ProviderLibrary)];
        Assert.Equal(typeof(AnalysisSettings).GetProperties().Select(property => property.Name).Order(StringComparer.Ordinal),
            changed.Select(change => change.Name).Concat(apart).Order(StringComparer.Ordinal));
        Run(new(), Store());
        foreach (var (name, settings) in changed)
        {
            var store = Store();
            Run(settings, store);
            Assert.True(store.Found == 0, name);
        }
        ProbeOptions[] others = [Few with { Samples = 63 }, Few with { Scale = 2 }, Few with { Split = DataSplit.Train }];
        foreach (var probe in others)
        {
            var store = Store();
            Analysis.Run(Request(new(), store) with { Probe = probe }, progress: null, TestContext.Current.CancellationToken);
            Assert.Equal(0, store.Found);
        }
    }

    /// <summary>There is no such library to measure with here.</summary>
    [Fact]
    public void another_library_of_providers_gives_results_of_its_own()
    {
        var checkpoint = Checkpoint.Open(Series[0]);
        var probe = new Probe([], 1, null, new ProbeProvenance("none", "", 1, 0), []);
        byte[] Key(string? library) =>
            ResultKey.Of(checkpoint, [], new AnalysisSettings { ProviderLibrary = library }, Few, probe, Device.Cpu);
        var (first, second) = (folder.Write("a.so", 1), folder.Write("b.so", 1));
        Assert.NotEqual(Key(null), Key(first));
        Assert.NotEqual(Key(first), Key(second));
        Assert.Equal(Key(first), Key(first));
        var before = Key(first);
        File.WriteAllBytes(first, [1, 2]);
        Assert.NotEqual(before, Key(first));
    }

    /// <summary>A cache is shared by people who have the same files in other places.</summary>
    [Fact]
    public void a_result_is_found_wherever_its_checkpoint_is()
    {
        Run(new(), Store());
        ImmutableArray<string> moved =
            [.. Series.Select((file, i) => folder.Write($"elsewhere/{i}.onnx", File.ReadAllBytes(file)))];
        var store = Store();
        var request = Request(new(), store) with { Checkpoints = moved };
        var outcome = Analysis.Run(request, progress: null, TestContext.Current.CancellationToken);
        Assert.Equal((Series.Length, 0), (store.Found, store.Kept));
        var expected = Analysis.Run(request with { Store = null }, progress: null, TestContext.Current.CancellationToken);
        Assert.Equal(Outputs(expected), Outputs(outcome));
    }

    /// <summary>Where a warning says the file's name, a result is another one under another name.</summary>
    [Fact]
    public void a_name_counts_where_a_warning_says_it()
    {
        var checkpoint = Checkpoint.Open(Series[0]);
        var probe = new Probe([], 1, null, new ProbeProvenance("random", "0", 1, 0), []);
        byte[] Key(string file, params ImmutableArray<Diagnostic> traced) =>
            ResultKey.Of(Checkpoint.Open(file), traced, new(), Few, probe, Device.Cpu);
        var other = folder.Write("other.onnx", File.ReadAllBytes(Series[0]));
        Assert.Equal(Key(Series[0]), Key(other));
        Assert.NotEqual(Key(Series[0]), Key(Series[0], Diagnostic.Warning("x", $"in {checkpoint.FileName}")));
        Assert.NotEqual(Key(Series[0], Diagnostic.Warning("x", $"in {checkpoint.FileName}")),
            Key(other, Diagnostic.Warning("x", "in other.onnx")));
    }

    [Fact]
    public async Task what_another_measures_is_waited_for()
    {
        var (measured, running) = (0, 0);
        var result = new MeasuredCheckpoint([], 0.5, [], [], []);
        var key = new byte[32];
        var stores = Enumerable.Range(0, 8).Select(_ => Shared(TimeSpan.FromMinutes(1))).ToArray();
        await Task.WhenAll(stores.Select(store => Task.Run(() => store.Get(key, () =>
        {
            Assert.Equal(1, Interlocked.Increment(ref running));
            Interlocked.Increment(ref measured);
            Thread.Sleep(100);
            Interlocked.Decrement(ref running);
            return result;
        }, TestContext.Current.CancellationToken))));
        Assert.Equal((1, 7, 1), (measured, stores.Sum(store => store.Found), stores.Sum(store => store.Kept)));
        // What failed is not kept: the next one measures.
        Assert.Throws<InvalidOperationException>(() => stores[0].Get([.. key[..31], 1],
            () => throw new InvalidOperationException(), TestContext.Current.CancellationToken));
        Assert.Equal(0.5, stores[1].Get([.. key[..31], 1], () => result, TestContext.Current.CancellationToken).Accuracy);
    }

    [Fact]
    public void patience_ends_and_a_wait_can_be_canceled()
    {
        var result = new MeasuredCheckpoint([], 0.5, [], [], []);
        var key = new byte[32];
        using var canceled = new CancellationTokenSource();
        canceled.Cancel();
        var measured = Shared(TimeSpan.FromMinutes(1)).Get(key, () =>
        {
            Assert.Throws<OperationCanceledException>(() =>
                Shared(TimeSpan.FromMinutes(1)).Get(key, () => result, canceled.Token));
            return Shared(TimeSpan.FromMilliseconds(1)).Get(key, () => result, TestContext.Current.CancellationToken);
        }, TestContext.Current.CancellationToken);
        Assert.Equal(0.5, measured.Accuracy);
    }

    [Fact]
    public void a_cache_keeps_what_was_used_last()
    {
        var store = Shared(TimeSpan.Zero);
        var day = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        for (byte i = 0; i < 10; i++)
            store.Keep([.. new byte[31], i], new MeasuredCheckpoint([], i, [], [], []));
        foreach (var (i, file) in Kept().Order(StringComparer.Ordinal).Index())
            File.SetLastWriteTimeUtc(file, day.AddDays(i));
        var content = ResultCache.Show(folder.Root);
        Assert.Equal((10, day), (content.Results, content.OldestUse));
        Assert.Equal(2, ResultCache.Prune(folder.Root, null, TimeSpan.FromDays(8), day.AddDays(10)).Results);
        Assert.Equal(5, ResultCache.Prune(folder.Root, content.Bytes / 10 * 3, null, day.AddDays(10)).Results);
        Assert.Equal(3, Kept().Length);
        Assert.Null(store.Find([.. new byte[31], 6]));
        // A use makes it young.
        Assert.NotNull(store.Find([.. new byte[31], 7]));
        Assert.Equal(2, ResultCache.Prune(folder.Root, content.Bytes / 10, null, day.AddDays(10)).Results);
        Assert.NotNull(store.Find([.. new byte[31], 7]));
        // What killed processes left goes when it is old; other files stay.
        var below = Path.GetDirectoryName(Kept()[0])!;
        string[] left = [.. new[] { "a.measured.1.2.tmp", "a.claim", "notes.txt" }.Select(name => Path.Combine(below, name))];
        foreach (var file in left)
            File.WriteAllText(file, "");
        Assert.Equal(0, ResultCache.Prune(folder.Root, long.MaxValue, null, DateTime.UtcNow.AddHours(1)).Results);
        Assert.All(left, file => Assert.True(File.Exists(file)));
        ResultCache.Prune(folder.Root, long.MaxValue, null, DateTime.UtcNow.AddDays(2));
        Assert.Equal([false, false, true], left.Select(File.Exists));
    }

    public void Dispose() => folder.Dispose();

    private ResultStore Shared(TimeSpan patience) => new(() => folder.Root) { Patience = patience };

    private string[] Kept() => Directory.GetFiles(folder.Root, "*.measured", SearchOption.AllDirectories);

    private ResultStore Store() => new(() => folder.Root);

    private static AnalysisOutcome Run(AnalysisSettings settings, ResultStore? store) =>
        Analysis.Run(Request(settings, store), progress: null, TestContext.Current.CancellationToken);

    private static AnalysisRequest Request(AnalysisSettings settings, ResultStore? store) =>
        new(Series, settings, Few) { Store = store };

    private static string[] Outputs(AnalysisOutcome outcome)
    {
        Assert.Equal(Series.Length, outcome.Series.Checkpoints.Length);
        return [.. ReportWriters.All.Where(writer => outcome.Series.Settings.Units || !writer.OfUnits).Select(writer =>
        {
            using var stream = new MemoryStream();
            writer.Write(outcome, stream);
            return Convert.ToBase64String(stream.ToArray());
        })];
    }

    private sealed class Progress(Action<AnalysisProgress> report) : IProgress<AnalysisProgress>
    {
        public void Report(AnalysisProgress value) => report(value);
    }
}
