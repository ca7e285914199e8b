using System.Collections.Immutable;
using Emergence.CommandLine;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Sharding;

/// <summary>All that a share of the samples contributes to the whole.</summary>
internal sealed record SamplePart
{
    /// <summary>Which share it is.</summary>
    public required Shard Shard { get; init; }

    /// <summary>Version of the program.</summary>
    public required string ToolVersion { get; init; }

    /// <summary>Version of ONNX Runtime.</summary>
    public required string RuntimeVersion { get; init; }

    /// <summary>What shaped every number.</summary>
    public required AnalysisSettings Settings { get; init; }

    /// <summary>What the user said of the samples.</summary>
    public required ProbeOptions Probe { get; init; }

    /// <summary>Whether a series whose structure changes is refused.</summary>
    public required bool IsStrictSeries { get; init; }

    /// <summary>The checkpoints, in series order.</summary>
    public required ImmutableArray<CountedCheckpoint> Checkpoints { get; init; }

    /// <summary>How many of them failed.</summary>
    public int Failures => Checkpoints.Count(checkpoint => checkpoint.Counted is null);
}

/// <summary>What became of one checkpoint: counts or a failure.</summary>
/// <param name="File">The file as the user named it.</param>
/// <param name="Counted">What was counted; null where that failed.</param>
/// <param name="Failure">Why, in one line; null where it was counted.</param>
internal sealed record CountedCheckpoint(string File, Counted? Counted, string? Failure);

/// <summary>What was counted of a checkpoint, and on what.</summary>
/// <param name="Sha256">Of its content.</param>
/// <param name="Probe">All samples.</param>
/// <param name="Device">Where it ran.</param>
/// <param name="Counts">On the share.</param>
internal sealed record Counted(string Sha256, ProbeProvenance Probe, Device Device, ProbeCounts Counts);

/// <summary>A share with where it was found.</summary>
/// <param name="Place">The folder, for messages.</param>
/// <param name="Part">What it holds.</param>
/// <param name="Seal">Hash of the file.</param>
internal sealed record FoundSamples(string Place, SamplePart Part, string Seal);
