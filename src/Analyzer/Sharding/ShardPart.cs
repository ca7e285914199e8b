using System.Collections.Immutable;
using Emergence.CommandLine;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Sharding;

/// <summary>What became of one checkpoint: a result or a failure.</summary>
/// <param name="File">The file as the user named it.</param>
/// <param name="Result">Compared with the checkpoint before it; null where it failed.</param>
/// <param name="Failure">Why there is none, in one line; null for a result.</param>
internal sealed record SeriesEntry(string File, CheckpointResult? Result, string? Failure);

/// <summary>The checkpoint that the first result of a shard is compared with; another shard has it too.</summary>
/// <param name="Index">Its place in the series, from 0.</param>
/// <param name="Sha256">Of its content.</param>
/// <param name="Probe">What it was measured on.</param>
internal sealed record Predecessor(int Index, string Sha256, ProbeProvenance Probe);

/// <summary>All that a shard contributes to the whole: nothing of it depends on the other shards.</summary>
internal sealed record ShardPart
{
    /// <summary>Which part it is.</summary>
    public required Shard Shard { get; init; }

    /// <summary>The plan by which it was cut.</summary>
    public required ShardPlan Plan { get; init; }

    /// <summary>What shaped every number.</summary>
    public required AnalysisSettings Settings { get; init; }

    /// <summary>Where its models ran, and why there.</summary>
    public required string DeviceReason { get; init; }

    /// <summary>What the user said of the samples, by option.</summary>
    public required ImmutableArray<Fact> Samples { get; init; }

    /// <summary>Version of the program.</summary>
    public required string ToolVersion { get; init; }

    /// <summary>Version of ONNX Runtime.</summary>
    public required string RuntimeVersion { get; init; }

    /// <summary>What the first result is compared with; null if there is none before it.</summary>
    public required Predecessor? Before { get; init; }

    /// <summary>Its checkpoints, in series order.</summary>
    public required ImmutableArray<SeriesEntry> Entries { get; init; }

    /// <summary>What each node of its last result is judged by under the first threshold, layer by layer.</summary>
    public required ImmutableArray<float[]> NodeValues { get; init; }

    /// <summary>How many of its checkpoints failed.</summary>
    public int Failures => Entries.Count(entry => entry.Result is null);
}
