using Emergence.CommandLine;

namespace Emergence.Analyzer.Sharding;

/// <summary>What shards of one kind leave in their folders.</summary>
/// <param name="FileName">The file.</param>
/// <param name="Read">Reads it: from a folder, for messages, and its path.</param>
/// <param name="ShardOf">Which shard it is of.</param>
internal sealed record ShardKind<T>(string FileName, Func<string, string, T> Read, Func<T, Shard> ShardOf) where T : class;

/// <summary>The kinds there are.</summary>
internal static class ShardKinds
{
    /// <summary>Parts of a series.</summary>
    public static ShardKind<FoundPart> Series { get; } = new(
        ShardWriter.FileName, (place, file) => new FoundPart(place, ShardReader.Read(file, out var seal), seal),
        found => found.Part.Shard);

    /// <summary>Shares of the samples.</summary>
    public static ShardKind<FoundSamples> Samples { get; } = new(
        SampleWriter.FileName, (place, file) => new FoundSamples(place, SampleReader.Read(file, out var seal), seal),
        found => found.Part.Shard);
}
