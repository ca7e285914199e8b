using System.Collections.Immutable;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Gates;
using Emergence.Analyzer.Journal;
using Emergence.Analyzer.Series;
using Emergence.Analyzer.Sharding;
using Emergence.CommandLine;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer;

/// <summary>What to analyze, and how.</summary>
/// <param name="Checkpoints">The files, in series order.</param>
/// <param name="Settings">What shapes every number.</param>
/// <param name="Probe">The samples to record activations on.</param>
public sealed record AnalysisRequest(ImmutableArray<string> Checkpoints, AnalysisSettings Settings, ProbeOptions Probe)
{
    /// <summary>Whether a series whose structure changes is refused; else it falls into segments.</summary>
    public bool IsStrictSeries { get; init; }

    /// <summary>Whether the checkpoints are of one run, so that a change of structure is worth a warning.</summary>
    public bool IsSeries { get; init; } = true;

    /// <summary>What keeps a checkpoint that fails from the others.</summary>
    public Boundary Boundary { get; init; } = new(new RunLimits());

    /// <summary>The part of the series to analyze; null: all of it.</summary>
    internal Shard? Shard { get; init; }

    /// <summary>The share of the samples to count on; null: all of them.</summary>
    internal Shard? SampleShard { get; init; }

    /// <summary>What was counted on shares of the samples, which then are not run; null where they are.</summary>
    internal SampleMerge? Counts { get; init; }

    /// <summary>What keeps results beyond the run; null where there is nothing to go on with.</summary>
    internal IKeptResults? Store { get; init; }
}

/// <summary>The outcome of an analysis.</summary>
/// <param name="Series">The checkpoints that could be analyzed, in series order.</param>
/// <param name="Failures">Those that could not, in series order.</param>
public sealed record AnalysisOutcome(SeriesResult Series, ImmutableArray<FailedCheckpoint> Failures)
{
    /// <summary>
    /// What each node of the last checkpoint is judged by under the first threshold, layer by layer: only of the last, as a long
    /// series of large networks has too many. Empty with <see cref="Statistic.Sample"/>.
    /// </summary>
    public ImmutableArray<float[]> NodeValues { get; init; } = [];

    /// <summary>What this part of a series contributes to the whole; null where it is the whole.</summary>
    internal ShardPart? Part { get; init; }

    /// <summary>What this share of the samples contributes to the whole; null where it is the whole.</summary>
    internal SamplePart? Samples { get; init; }

    /// <summary>The checkpoint of another shard that the first is compared with; null where there is none.</summary>
    internal CheckpointResult? Before { get; init; }

    /// <summary>What the gates said of the last checkpoint, by gate and threshold; empty where none were given.</summary>
    public ImmutableArray<GateResult> Gates { get; init; } = [];

    // Every form of the answer asks for them; of a long series they take seconds.
    private Judgment? judged;

    /// <summary>The verdict on the series under each threshold, in the order asked for; empty for one checkpoint.</summary>
    public ImmutableArray<SeriesVerdict> Verdicts
    {
        get
        {
            if (judged?.Of is not { } of || !ReferenceEquals(of, Series))
                judged = new Judgment(Series, Judge(Series));
            return judged.Verdicts;
        }
    }

    private sealed record Judgment(SeriesResult Of, ImmutableArray<SeriesVerdict> Verdicts);

    private static ImmutableArray<SeriesVerdict> Judge(SeriesResult series) => series.Checkpoints.Length < 2
        ? []
        : [.. Enumerable.Range(0, series.Settings.Thresholds.Length)
            .Select(threshold => SeriesVerdicts.Of(series.Checkpoints, threshold))];

    /// <summary>The outcome of a series, or of a part of one.</summary>
    /// <param name="about">What all its checkpoints share.</param>
    /// <param name="entries">What became of each checkpoint.</param>
    /// <param name="nodeValues">Of the last that could be analyzed.</param>
    internal static AnalysisOutcome Of(
        SeriesResult about, IReadOnlyCollection<SeriesEntry> entries, ImmutableArray<float[]> nodeValues)
    {
        var results = entries.Select(entry => entry.Result).OfType<CheckpointResult>().ToImmutableArray();
        return new AnalysisOutcome(
            about with { Checkpoints = SamplingNoise.Remark(FileNameEpochs.Fill(results), about.Settings) },
            [.. entries.Where(entry => entry.Failure is not null)
                .Select(entry => new FailedCheckpoint(entry.File, entry.Failure!))])
        {
            NodeValues = nodeValues,
        };
    }

    /// <summary>The outcome of the whole series, as one run would have it.</summary>
    /// <param name="parts">All parts, in order, each once.</param>
    internal static AnalysisOutcome Of(ImmutableArray<ShardPart> parts) => Of(
        new SeriesResult(parts[0].Settings, parts[0].ToolVersion, parts[0].RuntimeVersion, [])
        {
            DeviceReason = parts[0].DeviceReason,
        },
        [.. parts.SelectMany(part => part.Entries)],
        parts.LastOrDefault(part => part.Failures < part.Entries.Length)?.NodeValues ?? []);
}

/// <summary>A checkpoint that could not be analyzed while others could.</summary>
/// <param name="File">The file as the user named it.</param>
/// <param name="Message">One line: subject, finding, remedy.</param>
public sealed record FailedCheckpoint(string File, string Message);

/// <summary>How far an analysis is.</summary>
/// <param name="File">The checkpoint being analyzed.</param>
/// <param name="Index">Its position in the series, from 0.</param>
/// <param name="Total">Number of checkpoints.</param>
/// <param name="SamplesDone">Samples of the probe that have been run.</param>
/// <param name="SamplesTotal">Number of samples of the probe.</param>
/// <param name="Activity">What goes on before samples run, such as a download; null while they run.</param>
public sealed record AnalysisProgress(string File, int Index, int Total, int SamplesDone, int SamplesTotal,
    string? Activity = null);
