using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Emergence.Analyzer.Series;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Sharding;

/// <summary>
/// How a series is split: into parts that follow each other, so that what a checkpoint is compared with stands right before
/// it. Every shard makes the same plan by itself.
/// </summary>
/// <param name="Checkpoints">How many there are.</param>
/// <param name="Names">Hash of their names in order.</param>
/// <param name="Costs">Hash of what they cost, which is by their sizes and layers.</param>
/// <param name="First">Of the shard: its first checkpoint, from 0.</param>
/// <param name="Count">Of the shard: how many it has; none where there are more shards than checkpoints.</param>
internal sealed record ShardPlan(int Checkpoints, string Names, string Costs, int First, int Count)
{
    /// <summary>The plan of one shard.</summary>
    public static ShardPlan Of(ImmutableArray<string> files, Shard shard)
    {
        ArgumentNullException.ThrowIfNull(shard);
        long[] costs = [.. files.Select(CheckpointCost.Of)];
        var starts = Starts(costs, shard.Count);
        return new ShardPlan(files.Length, HashOf(files), HashOf(costs.Select(cost => cost.ToString(null as IFormatProvider))),
            starts[shard.Index - 1], starts[shard.Index] - starts[shard.Index - 1]);
    }

    /// <summary>
    /// The first checkpoint of each shard, and at last the number of checkpoints: each goes to the shard in whose part of the
    /// whole cost its middle lies. So no shard costs more than its even part and one checkpoint, and of equal ones no two
    /// shards have numbers that differ by more than one.
    /// </summary>
    /// <param name="costs">Of each checkpoint, above 0.</param>
    /// <param name="shards">How many.</param>
    public static int[] Starts(ReadOnlySpan<long> costs, int shards)
    {
        var total = Int128.Zero;
        foreach (var cost in costs)
            total += cost;
        var starts = new int[shards + 1];
        var (before, shard) = (Int128.Zero, 0);
        for (var i = 0; i < costs.Length; i++)
        {
            var middle = (2 * before) + costs[i];
            while ((shard + 1) * 2 * total <= middle * shards)
                starts[++shard] = i;
            before += costs[i];
        }
        while (shard < shards)
            starts[++shard] = costs.Length;
        return starts;
    }

    private static string HashOf(IEnumerable<string> words)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var word in words)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(word));
            hash.AppendData([0]);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
