using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Experiments.Steps;

/// <summary>What a pruning removes.</summary>
internal enum PruningStructure
{
    /// <summary>Single weights of smallest magnitude, in each layer.</summary>
    Weights,

    /// <summary>Nodes of smallest incoming norm, in each layer but the last, cut out of the network.</summary>
    Nodes,
}

/// <summary>Prunes a checkpoint of another step, with the <c>emergence-analyze prune</c> program.</summary>
/// <param name="Folder">Gets the pruned checkpoint, under the same name.</param>
/// <param name="Source">The step that trained it.</param>
/// <param name="Epoch">Which of its checkpoints.</param>
/// <param name="Structure">What is removed.</param>
/// <param name="Amount">The share, 0 to below 1; 0 makes a copy.</param>
internal sealed record PruneStep(string Folder, TrainStep Source, int Epoch, PruningStructure Structure, double Amount)
    : Step(Folder)
{
    public override string Description => string.Create(
        CultureInfo.InvariantCulture, $"prune v1: epoch {Epoch}, {string.Join(' ', Options)}");

    public override string Title => $"prune {Folder}";

    public override string Marker => "prune.step";

    public override string Worker(Workbench bench) => bench.Analyzer.Version;

    public override ImmutableArray<Step> Inputs => [Source];

    public override double Cost => 0.3;

    private ImmutableArray<string> Options =>
    [
        "--amount", Amount.ToString(CultureInfo.InvariantCulture),
        "--scope", "layer",
        .. Structure == PruningStructure.Nodes
            ? ["--structure", "nodes", "--keep-output", "--shrink"]
            : ImmutableArray<string>.Empty,
    ];

    public override async Task RunAsync(Workbench bench, IProgress<StepShare> progress, CancellationToken token)
    {
        var target = bench.PathOf(Folder);
        Directory.CreateDirectory(target);
        await bench.Analyzer.RunAsync(
            [
                "prune", CheckpointFolder.PathOf(bench.PathOf(Source.Folder), Epoch), .. Options,
                "--out", CheckpointFolder.PathOf(target, Epoch), "--format", "csv",
            ],
            token);
    }

    public override void Clear(Workbench bench)
    {
        if (Directory.Exists(bench.PathOf(Folder)))
            File.Delete(CheckpointFolder.PathOf(bench.PathOf(Folder), Epoch));
    }
}
