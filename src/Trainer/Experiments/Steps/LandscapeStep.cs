using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Experiments.Steps;

/// <summary>Measures the loss around checkpoints that a step left, with the <c>emergence-analyze landscape</c> program.</summary>
/// <param name="Series">The step whose folder holds the checkpoints.</param>
/// <param name="Epochs">Which of them.</param>
/// <param name="Samples">The first samples of the test split.</param>
/// <param name="Grid">Points along each direction.</param>
/// <param name="Pairs">Pairs of random directions.</param>
internal sealed record LandscapeStep(TrainStep Series, ImmutableArray<int> Epochs, int Samples, int Grid, int Pairs)
    : Step($"{Series.Folder}/landscape")
{
    /// <summary>Name of the file with the results.</summary>
    public const string Results = "landscape.json";

    public override string Description => string.Create(CultureInfo.InvariantCulture,
        $"landscape v1: epochs {string.Join(',', Epochs)}, {string.Join(' ', Options)}");

    public override string Title => $"landscape {Folder}";

    public override string Marker => "landscape.step";

    public override string Worker(Workbench bench) => $"{bench.Analyzer.Version} on {bench.Data[Series.Setting.Dataset]}";

    public override ImmutableArray<Step> Inputs => [Series];

    // About five runs of the samples for each point of the grid and of the numbers.
    public override double Cost => Epochs.Length * (Grid * Grid + 100.0 * Pairs) * Samples / 500_000.0;

    private ImmutableArray<string> Options =>
    [
        "--data", Series.Setting.Dataset, "--samples", Samples.ToString(CultureInfo.InvariantCulture),
        "--grid", Grid.ToString(CultureInfo.InvariantCulture), "--pairs", Pairs.ToString(CultureInfo.InvariantCulture),
        "--seed", Series.Setting.Hyper.Seed.ToString(CultureInfo.InvariantCulture),
    ];

    public override async Task RunAsync(Workbench bench, IProgress<StepShare> progress, CancellationToken token) =>
        await bench.Analyzer.RunAsync(
        [
            "landscape", .. Epochs.Select(epoch => CheckpointFolder.PathOf(bench.PathOf(Series.Folder), epoch)), .. Options,
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
