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
        Assert.Throws<OperationCanceledException>(() => Analysis.Run(Request(new(), Store()), progress, source.Token));
        var store = Store();
        Assert.Equal(Outputs(Run(new(), store: null)), Outputs(Run(new(), store)));
        Assert.Equal(2, store.Found);
    }

    [Fact]
    public void a_damaged_result_is_measured_again()
    {
        var expected = Outputs(Run(new(), Store()));
        foreach (var (i, file) in Directory.GetFiles(folder.Root).Index())
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
        var files = Directory.GetFiles(folder.Root);
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
        var store = new ResultStore(() => Path.Combine(file, "below"), isDurable: true, told.Add);
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
            ResultKey.Of(checkpoint, new AnalysisSettings { ProviderLibrary = library }, Few, probe, Device.Cpu);
        var (first, second) = (folder.Write("a.so", 1), folder.Write("b.so", 1));
        Assert.NotEqual(Key(null), Key(first));
        Assert.NotEqual(Key(first), Key(second));
        Assert.Equal(Key(first), Key(first));
        var before = Key(first);
        File.WriteAllBytes(first, [1, 2]);
        Assert.NotEqual(before, Key(first));
    }

    public void Dispose() => folder.Dispose();

    private ResultStore Store() => new(() => folder.Root, isDurable: false);

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
