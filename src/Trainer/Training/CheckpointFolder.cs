using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Emergence.Checkpoints;
using Emergence.Trainer.Export;
using Emergence.Trainer.Networks;

namespace Emergence.Trainer.Training;

/// <summary>The folder of a run: <c>ckpt_000.onnx</c>, <c>ckpt_001.onnx</c>, … and <c>train.csv</c>, each
/// written whole or not at all.</summary>
internal sealed partial class CheckpointFolder
{
    private const string Log = "train.csv";

    private readonly string folder;
    private readonly List<string> rows;

    private CheckpointFolder(string folder, List<string> rows) => (this.folder, this.rows) = (folder, rows);

    /// <summary>
    /// Makes the folder ready for a run. What an earlier run left there is removed, as its checkpoints would pass for
    /// some of this run's; a run that goes on from one of them keeps those up to it.
    /// </summary>
    /// <param name="folder">Made where it does not exist.</param>
    /// <param name="goesOnFrom">The checkpoint that the run starts with, or null.</param>
    /// <param name="epoch">Its epoch.</param>
    /// <exception cref="UserException">The folder or a file in it cannot be written.</exception>
    public static CheckpointFolder Prepare(string folder, Checkpoint? goesOnFrom, int epoch)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var kept = goesOnFrom?.Directory == Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar) ? epoch : -1;
            foreach (var path in FilesIn(folder))
            {
                if (EpochOf(Path.GetFileName(path)) > kept)
                    File.Delete(path);
            }
            var log = LogOf(folder);
            var rows = File.Exists(log) ? File.ReadAllLines(log).Skip(1).Where(row => EpochOfRow(row) <= kept).ToList() : [];
            if (rows.Count == 0)
                File.Delete(log);
            return new CheckpointFolder(folder, rows);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{folder}: cannot be written ({e.Message}); name another folder with --out", e);
        }
    }

    /// <summary>What may be a checkpoint of ours or belong to one.</summary>
    public static IEnumerable<string> FilesIn(string folder) =>
        Directory.GetFiles(folder, "ckpt_*.onnx").Concat(Directory.GetFiles(folder, $"ckpt_*{OptimizerFile.Extension}"));

    /// <summary>The epoch in the name of a checkpoint of ours or of a file that belongs to one, or null.</summary>
    public static int? EpochOf(string fileName) =>
        Name().Match(fileName) is { Success: true, Groups: [_, var digits, _] }
        && int.TryParse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            ? epoch
            : null;

    /// <summary>Path of an epoch's checkpoint.</summary>
    public static string PathOf(string folder, int epoch) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"ckpt_{epoch:000}.onnx"));

    /// <summary>Path of the log.</summary>
    public static string LogOf(string folder) => Path.Combine(folder, Log);

    /// <summary>The log's records, in order; none where there is no log.</summary>
    /// <exception cref="UserException">The log cannot be read.</exception>
    public static ImmutableArray<EpochRecord> ReadLog(string folder)
    {
        var path = LogOf(folder);
        try
        {
            return File.Exists(path) ? [.. File.ReadAllLines(path).Skip(1).Select(EpochRecord.Parse)] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or OverflowException)
        {
            throw new UserException($"{path}: cannot be read ({e.Message}); remove the folder and train again", e);
        }
    }

    /// <summary>Whether the log tells of this epoch.</summary>
    public bool HasRow(int epoch) => rows.Exists(row => EpochOfRow(row) == epoch);

    /// <summary>Adds a row to the log.</summary>
    /// <exception cref="UserException">The log cannot be written.</exception>
    public void WriteRow(EpochRecord record)
    {
        rows.Add(record.ToCsv());
        AtomicFile.WriteText(LogOf(folder), string.Concat(rows.Prepend(EpochRecord.CsvHeader).Select(row => row + "\n")));
    }

    /// <summary>Writes an epoch's checkpoint, then the log with its row.</summary>
    /// <param name="network">The weights.</param>
    /// <param name="run">What all checkpoints of the run say of themselves.</param>
    /// <param name="record">What this one adds.</param>
    /// <param name="pruned">The history of pruning that still holds for the weights.</param>
    /// <param name="state">What the optimizer remembers; null where it is nothing.</param>
    /// <exception cref="UserException">A file cannot be written.</exception>
    public void Write(Network network, CheckpointMetadata run, EpochRecord record, ImmutableArray<PruningRecord> pruned,
        OptimizerState? state)
    {
        var metadata = run with
        {
            Epoch = record.Epoch,
            TrainLoss = record.Train.Loss,
            TrainAccuracy = record.Train.Accuracy,
            TestLoss = record.Test.Loss,
            TestAccuracy = record.Test.Accuracy,
        };
        var model = OnnxExport.ToModel(network, metadata);
        foreach (var pruning in pruned)
            pruning.AppendTo(model);
        var (path, bytes) = (PathOf(folder, record.Epoch), ModelFile.Serialize(model));
        // First what the checkpoint needs to be gone on from.
        if (state is not null)
            OptimizerFile.Write(path, Convert.ToHexStringLower(SHA256.HashData(bytes)), state);
        AtomicFile.Write(path, stream => stream.Write(bytes));
        WriteRow(record);
    }

    private static int EpochOfRow(string row) =>
        int.TryParse(row.Split(',')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch) ? epoch : int.MaxValue;

    [GeneratedRegex(@"^ckpt_([0-9]{3,})\.(onnx|optimizer)$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
