using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Experiments;

/// <summary>What a reader must know of single runs: those that diverged, and what the analyzer warned of.</summary>
internal static class RunRemarks
{
    /// <summary>One line for each run that diverged, then one for each different warning.</summary>
    public static ImmutableArray<string> Of(ExperimentPlan plan, Workbench bench)
    {
        var steps = StepRunner.InOrder(plan.Steps);
        return
        [
            .. steps.OfType<TrainStep>().Select(run => Diverged(run, bench)).OfType<string>(),
            .. steps.OfType<AnalyzeStep>()
                .SelectMany(step => Warnings(step, bench), (step, warning) => (step.Folder, Warning: warning))
                .GroupBy(said => said.Warning, said => said.Folder)
                .Select(said => $"emergence-analyze warns of {Folders([.. said])}: {said.Key}"),
        ];
    }

    private static string? Diverged(TrainStep run, Workbench bench) => CheckpointFolder.ReadLog(bench.PathOf(run.Folder))
        .FirstOrDefault(record => !double.IsFinite(record.Train.Loss) || !double.IsFinite(record.Test.Loss)) is { } record
            ? string.Create(CultureInfo.InvariantCulture,
                $"{run.Folder} diverged: its loss is not finite from epoch {record.Epoch} on; what is said of it is that of a "
                + $"network that is lost. Try a smaller --lr.")
            : null;

    private static IEnumerable<string> Warnings(AnalyzeStep step, Workbench bench) =>
        AnalyzedCheckpoint.ReadAll(Path.Combine(bench.PathOf(step.Folder), AnalyzeStep.Results))
            .SelectMany(checkpoint => checkpoint.Warnings).Distinct();

    private static string Folders(ImmutableArray<string> folders) => folders is [var only] ? only
        : string.Create(CultureInfo.InvariantCulture, $"{folders[0]} and {folders.Length - 1} more");
}
