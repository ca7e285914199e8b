using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Export;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Prediction;

/// <summary>Does a run of the study: trains, measures with <c>emergence-analyze</c>, and gives its rows.</summary>
/// <param name="DataDir">Folder with the data sets' files, or null for the cache.</param>
/// <param name="Analyzer">The program that measures.</param>
internal sealed record StudyRun(string? DataDir, AnalyzerProgram Analyzer)
{
    private const string Probe = "500", Draws = "shuffle:19";

    // The last epoch at which all predictors are measured.
    private const int Early = 2;

    /// <summary>Works in a folder of its own, which is removed at the end.</summary>
    /// <exception cref="UserException">It cannot be trained or measured; the message names the run.</exception>
    /// <exception cref="OperationCanceledException">On request.</exception>
    public async Task<ImmutableArray<RunRow>> RunAsync(Configuration run, CancellationToken token)
    {
        var folder = Directory.CreateTempSubdirectory("emergence-predictor-").FullName;
        try
        {
            var records = await Task.Run(() => Train(run, folder, token), token);
            var analyses = await AnalyzeAsync(run, folder, token);
            return [.. records.Select((record, epoch) => Row(run, record, analyses[epoch]))];
        }
        catch (UserException e)
        {
            throw new UserException(
                string.Create(CultureInfo.InvariantCulture, $"run {run.Number} ({run.Group}): {e.Message}"), e);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private ImmutableArray<(EpochRecord Record, Score Validation)> Train(
        Configuration run, string folder, CancellationToken token)
    {
        var records = TrainingRun.Run(
            new TrainingPlan(
                new NetworkSource.Fresh(run.Design), run.Dataset, DataDir, Configuration.Samples, Preprocessing.Images, run.Hyper,
                Configuration.Epochs, 1, folder, KeepGoing: true, HeldOut: Configuration.Validation), null, token);
        using var samples = SampleTensors.From(
            DatasetCatalog.Load(run.Dataset, "train", DataDir, Configuration.Validation, token: token), Preprocessing.Images);
        return [.. records.Select(record => (record, Validate(record.Epoch)))];

        Score Validate(int epoch)
        {
            using var network = OnnxImport.ToNetwork(Checkpoint.Open(CheckpointFolder.PathOf(folder, epoch)));
            return Score.Of(network, samples, token);
        }
    }

    private async Task<ImmutableArray<ImmutableDictionary<string, double>>> AnalyzeAsync(
        Configuration run, string folder, CancellationToken token)
    {
        var early = await ReadAsync(
            0, Early, AnalyzedNumbers.Usual, "--threshold", "0.05", "--measures", "wired,rivals", "--null", Draws);
        var late = await ReadAsync(Early + 1, Configuration.Epochs, AnalyzedNumbers.Usual, "--threshold", "0.05");
        var dormant = await ReadAsync(
            0, Early, AnalyzedNumbers.DeadShare("dormant_ratio"), "--statistic", "dormancy", "--threshold", "0.025");
        var silent = await ReadAsync(
            0, Early, AnalyzedNumbers.DeadShare("silent_share"), "--statistic", "max", "--threshold", "0");
        return [.. early.Select((numbers, epoch) => numbers.AddRange(dormant[epoch]).AddRange(silent[epoch])), .. late];

        async Task<ImmutableArray<ImmutableDictionary<string, double>>> ReadAsync(
            int first, int last, Func<JsonElement, ImmutableDictionary<string, double>> read, params string[] options)
        {
            var target = Path.Combine(folder, $"analysis-{first}-{options[1]}");
            await Analyzer.RunAsync(
                [
                    .. Enumerable.Range(first, last - first + 1).Select(epoch => CheckpointFolder.PathOf(folder, epoch)),
                    .. options, "--data", run.Dataset, "--split", "train", "--samples", Probe,
                    .. DataDir is { } data ? ["--data-dir", data] : (string[])[],
                    "--threads", "1", "--device", "cpu", "--out", target, "--format", "csv", "--quiet",
                ],
                token);
            return AnalyzedNumbers.ReadAll(Path.Combine(target, AnalyzeStep.Results), read);
        }
    }

    private static RunRow Row(
        Configuration run, (EpochRecord Record, Score Validation) trained, ImmutableDictionary<string, double> analyzed)
    {
        var (record, validation) = trained;
        var numbers = analyzed
            .Add("train_loss", record.Train.Loss).Add("train_accuracy", record.Train.Accuracy)
            .Add("validation_loss", validation.Loss).Add("validation_accuracy", validation.Accuracy)
            .Add("test_loss", record.Test.Loss).Add("test_accuracy", record.Test.Accuracy);
        return new RunRow(run, record.Epoch, [.. RunRow.Names.Select(name => numbers.GetValueOrDefault(name, double.NaN))]);
    }
}
