using System.Collections.Immutable;
using System.Globalization;
using Emergence.Checkpoints;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Experiments.Steps;

/// <summary>Trains a network, fresh or from the checkpoint that another step left in the same folder.</summary>
/// <param name="Folder">Holds the checkpoints and <c>train.csv</c>.</param>
/// <param name="Setting">Network, data and hyper-parameters.</param>
/// <param name="FirstEpoch">Epochs the network has seen before; 0 for a fresh one.</param>
/// <param name="LastEpoch">Epochs it has seen afterwards.</param>
/// <param name="From">The step that leaves the checkpoint of <paramref name="FirstEpoch"/> here; null for a
/// fresh network.</param>
/// <param name="Regrow">Whether weights that were pruned may grow back.</param>
internal sealed record TrainStep(string Folder, TrainingSetting Setting, int FirstEpoch, int LastEpoch, Step? From = null,
    bool Regrow = false) : Step(Folder)
{
    public override string Description => string.Create(
        CultureInfo.InvariantCulture,
        $"train v1: {Setting.Describe()}; epochs {FirstEpoch} to {LastEpoch}{(Regrow ? ", regrowing" : "")}");

    public override string Title => $"train {Folder}";

    public override string Marker => "train.step";

    public override string Worker(Workbench bench) => $"{Workbench.Trainer} on {bench.Data[Setting.Dataset]}";

    public override ImmutableArray<Step> Inputs => From is null ? [] : [From];

    public override double Cost => 1 + (LastEpoch - FirstEpoch) * Setting.EpochCost;

    public override Task RunAsync(Workbench bench, IProgress<StepShare> progress, CancellationToken token) =>
        Task.Run(() => TrainingRun.Run(Plan(bench), new Epochs(progress, FirstEpoch), token), token);

    public override void Clear(Workbench bench)
    {
        var folder = bench.PathOf(Folder);
        if (!Directory.Exists(folder))
            return;
        File.Delete(CheckpointFolder.LogOf(folder));
        foreach (var path in CheckpointFolder.FilesIn(folder))
        {
            if (From is null || CheckpointFolder.EpochOf(Path.GetFileName(path)) != FirstEpoch)
                File.Delete(path);
        }
    }

    private TrainingPlan Plan(Workbench bench)
    {
        var folder = bench.PathOf(Folder);
        var start = StartEpoch(folder);
        NetworkSource source = start is { } epoch
            ? new NetworkSource.Saved(Checkpoint.Open(CheckpointFolder.PathOf(folder, epoch)), epoch)
            : new NetworkSource.Fresh(Setting.Design);
        return new TrainingPlan(
            source, Setting.Dataset, bench.DataDir, Setting.Samples, Preprocessing.Images, Setting.Hyper,
            LastEpoch - (start ?? 0), Setting.Threads, folder, Regrow,
            // A run that diverges is a result too: the report names it.
            KeepGoing: true)
        {
            Random = Setting.Random,
        };
    }

    /// <summary>
    /// The epoch to go on from: the last one that an interrupted attempt finished with all that the optimizer remembers. Null
    /// starts with fresh weights.
    /// </summary>
    private int? StartEpoch(string folder)
    {
        int? start = From is null ? null : FirstEpoch;
        var finished = CheckpointFolder.ReadLog(folder)
            .Select(record => record.Epoch)
            .Where(epoch => epoch < LastEpoch && IsWhole(CheckpointFolder.PathOf(folder, epoch)));
        return finished.Select(epoch => (int?)epoch).Append(start).Max();

        bool IsWhole(string checkpoint) =>
            File.Exists(checkpoint) && (!Setting.Hyper.HasState || File.Exists(OptimizerFile.PathOf(checkpoint)));
    }

    /// <summary>The share of a step's epochs, those of an interrupted attempt included.</summary>
    private sealed class Epochs(IProgress<StepShare> progress, int first) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value is not TrainingProgress.Step step)
                return;
            var done = step.Epoch - 1 - first + (double)step.SamplesDone / step.Samples;
            progress.Report(new StepShare(done / (step.LastEpoch - first), $"epoch {step.Epoch}/{step.LastEpoch}"));
        }
    }
}
