using System.Collections.Immutable;
using System.Globalization;

namespace Emergence.Trainer.Experiments.Steps;

/// <summary>A way of reading a series: the options of <c>emergence-analyze</c> that define what alive
/// means, and which layers count.</summary>
/// <param name="Name">Names the folder of the results.</param>
/// <param name="Rule">What is compared with θ, in words; {0} stands for the comparison.</param>
/// <param name="Options">The options.</param>
internal sealed record Reading(string Name, string Rule, ImmutableArray<string> Options)
{
    /// <summary>The thresholds of every reading; the first is the paper's.</summary>
    public static ImmutableArray<double> Thresholds { get; } = [0.05, 0.01, 0.1, 0.2];

    /// <summary>Mean activation over the samples: the default.</summary>
    public static Reading Mean { get; } = new("mean", "mean {0}", ["--statistic", "mean"]);

    /// <summary>Alive where any sample is above θ.</summary>
    public static Reading Max { get; } = new("max", "max {0}", ["--statistic", "max"]);

    /// <summary>Alive where more than half of the samples are above θ.</summary>
    public static Reading Share { get; } = new("share", "half of samples {0}", ["--statistic", "share"]);

    /// <summary>As <see cref="Mean"/>, with the network's input as its first layer.</summary>
    public static Reading MeanWithInput { get; } =
        new("mean-input", "mean {0}, input counted", ["--statistic", "mean", "--include-input"]);

    /// <summary>The same with whole filters as the nodes of convolutions.</summary>
    public Reading OfFilters() => new(Name + "-filters", Rule + ", filters", [.. Options, "--conv-nodes", "filters"]);

    /// <summary>The rule at a threshold, as <c>mean &gt; 0.05</c>.</summary>
    public string Describe(double threshold) =>
        Rule.Replace("{0}", string.Create(CultureInfo.InvariantCulture, $"> {threshold}"), StringComparison.Ordinal);
}

/// <summary>Analyses the checkpoints that a step left, with the <c>emergence-analyze</c> program.</summary>
/// <param name="Series">The step whose folder holds the checkpoints.</param>
/// <param name="Reading">What counts as alive.</param>
/// <param name="Samples">Size of the probe: the first samples of the test split.</param>
internal sealed record AnalyzeStep(TrainStep Series, Reading Reading, int Samples) : Step($"{Series.Folder}/{Reading.Name}")
{
    /// <summary>Name of the file with the results.</summary>
    public const string Results = "results.json";

    public override string Description => string.Create(
        CultureInfo.InvariantCulture, $"analyze v1: {string.Join(' ', Options)}");

    public override string Title => $"analyze {Folder}";

    public override string Marker => "analyze.step";

    public override string Worker(Workbench bench) => $"{bench.Analyzer.Version} on {bench.Data[Series.Setting.Dataset]}";

    public override ImmutableArray<Step> Inputs => [Series];

    public override double Cost =>
        0.5 + (Series.LastEpoch - Series.FirstEpoch
            + 1) * Samples / 10_000.0 * 0.2 * (Series.Setting.Design.Kind == Networks.NetworkKind.Mlp ? 1 : 3);

    private ImmutableArray<string> Options =>
    [
        // Where a network was moved to another data set, all its checkpoints are to be read on that one.
        "--data", Series.Setting.Dataset, "--samples", Samples.ToString(CultureInfo.InvariantCulture),
        "--threshold", string.Join(',', Reading.Thresholds.Select(threshold => threshold.ToString(CultureInfo.InvariantCulture))),
        "--measures", "wired", .. Reading.Options,
    ];

    public override async Task RunAsync(Workbench bench, IProgress<StepShare> progress, CancellationToken token) =>
        await bench.Analyzer.RunAsync(
        [
            bench.PathOf(Series.Folder), .. Options,
            .. bench.DataDir is { } data ? ["--data-dir", data] : ImmutableArray<string>.Empty,
            "--threads", Series.Setting.Threads.ToString(CultureInfo.InvariantCulture), "--device", "cpu",
            "--out", bench.PathOf(Folder), "--format", "csv", "--quiet",
        ],
        token);

    public override void Clear(Workbench bench)
    {
        if (Directory.Exists(bench.PathOf(Folder)))
            Directory.Delete(bench.PathOf(Folder), recursive: true);
    }
}
