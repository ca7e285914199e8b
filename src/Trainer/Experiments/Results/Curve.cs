using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Experiments.Results;

/// <summary>One epoch of a run: how well the network did, and what was found in it.</summary>
/// <param name="Record">Loss and accuracy.</param>
/// <param name="Readings">What the analysis found, by the name of the reading.</param>
internal sealed record CurvePoint(EpochRecord Record, ImmutableDictionary<string, AnalyzedCheckpoint> Readings)
{
    /// <summary>Epochs trained.</summary>
    public int Epoch => Record.Epoch;

    /// <summary>What the checkpoint has by a definition.</summary>
    public double Of(Definition definition) => definition.Of(Readings[definition.Reading.Name]);

    /// <summary>The measurement at the paper's threshold under a reading.</summary>
    public Measurement Measured(Reading reading, double threshold = 0.05) => Readings[reading.Name].At(threshold);
}

/// <summary>A run, epoch by epoch.</summary>
/// <param name="Points">In order of the epochs.</param>
internal sealed record Curve(ImmutableArray<CurvePoint> Points)
{
    /// <summary>The last epoch.</summary>
    public CurvePoint Last => Points[^1];

    /// <summary>The epoch of a number.</summary>
    public CurvePoint At(int epoch) => Points.First(point => point.Epoch == epoch);

    /// <summary>This run up to and with <paramref name="epoch"/>.</summary>
    public Curve Until(int epoch) => new([.. Points.Where(point => point.Epoch <= epoch)]);

    /// <summary>This run after <paramref name="epoch"/>.</summary>
    public Curve After(int epoch) => new([.. Points.Where(point => point.Epoch > epoch)]);

    /// <summary>This run and then what <paramref name="other"/> adds; where both have an epoch, that of the other.</summary>
    public Curve Then(Curve other) => new([.. Points.Where(point => point.Epoch < other.Points[0].Epoch), .. other.Points]);

    /// <summary>Reads what a training and its analyses left.</summary>
    /// <exception cref="UserException">A file cannot be read, or lacks epochs.</exception>
    public static Curve Read(Workbench bench, TrainStep run, ImmutableArray<Reading> readings)
    {
        var analyses = readings.ToDictionary(
            reading => reading.Name,
            reading => AnalyzedCheckpoint.ReadAll(Path.Combine(bench.PathOf(run.Folder), reading.Name, AnalyzeStep.Results))
                .ToDictionary(checkpoint => checkpoint.Epoch));
        var records = CheckpointFolder.ReadLog(bench.PathOf(run.Folder));
        var expected = Enumerable.Range(run.FirstEpoch, run.LastEpoch - run.FirstEpoch + 1).ToArray();
        if (!records.Select(record => record.Epoch).SequenceEqual(expected)
            || analyses.Values.Any(analysis => !expected.All(analysis.ContainsKey)))
            throw new UserException(
                $"{bench.PathOf(run.Folder)}: does not hold epochs {run.FirstEpoch} to {run.LastEpoch} any more; remove it "
                + "and run again");
        return new Curve(
        [
            .. from record in records
               select new CurvePoint(record,
                   analyses.ToImmutableDictionary(entry => entry.Key, entry => entry.Value[record.Epoch])),
        ]);
    }
}
