using System.Collections.Immutable;
using System.Globalization;
using Emergence.Checkpoints;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Sharding;

/// <summary>Shares of the samples joined: the same whatever their order, and however often each is given.</summary>
internal sealed class SampleMerge
{
    private readonly Dictionary<string, ImmutableArray<CountedCheckpoint>> counted;
    private readonly ImmutableArray<FoundSamples> shares;

    private SampleMerge(ImmutableArray<FoundSamples> shares)
    {
        this.shares = shares;
        counted = Files.Select((file, i) => (file, Shares: shares.Select(share => share.Part.Checkpoints[i]).ToImmutableArray()))
            .DistinctBy(each => each.file).ToDictionary(each => each.file, each => each.Shares, StringComparer.Ordinal);
    }

    /// <summary>The checkpoints, in series order.</summary>
    public ImmutableArray<string> Files => [.. shares[0].Part.Checkpoints.Select(checkpoint => checkpoint.File)];

    /// <summary>The shares of a whole.</summary>
    /// <param name="found">The shares, in any order.</param>
    /// <param name="warn">Receives what is odd about them, a line each.</param>
    /// <exception cref="UserException">They do not belong together, or some are missing.</exception>
    public static SampleMerge Of(IEnumerable<FoundSamples> found, Action<string> warn)
    {
        ArgumentNullException.ThrowIfNull(warn);
        // So that messages do not depend on the order either.
        FoundSamples[] parts = [.. found.OrderBy(part => part.Part.Shard.Index).ThenBy(part => part.Part.Failures)
            .ThenBy(part => part.Seal, StringComparer.Ordinal).ThenBy(part => part.Place, StringComparer.Ordinal)];
        foreach (var part in parts[1..])
            RequireSameRun(parts[0], part);
        foreach (var part in parts[1..])
            RequireSameFiles(parts[0], part);
        ImmutableArray<FoundSamples> chosen =
            [.. parts.GroupBy(part => part.Part.Shard.Index).Select(same => Choose([.. same], warn))];
        MissingShards.Require(chosen[0].Part.Shard.Count, chosen.Select(part => part.Part.Shard.Index), "--shard-samples");
        return new SampleMerge(chosen);
    }

    /// <summary>Any of the shares: what shaped all of them.</summary>
    public SamplePart Any => shares[0].Part;

    /// <summary>The checkpoints of which at least one share counted something, each with what the first such share says of
    /// it.</summary>
    public IEnumerable<(string File, Counted Known)> Known =>
        from each in counted
        let known = each.Value.FirstOrDefault(share => share.Counted is not null)?.Counted
        where known is not null
        select (each.Key, known);

    /// <summary>What was counted of a checkpoint, on each share.</summary>
    /// <exception cref="UserException">It could not be counted on one: what that share said.</exception>
    public ImmutableArray<ProbeCounts> Of(string file) =>
        counted[file].FirstOrDefault(each => each.Failure is not null) is { Failure: { } failure }
            ? throw new UserException(failure)
            : [.. counted[file].Select(each => each.Counted!.Counts)];

    private static void RequireSameRun(FoundSamples a, FoundSamples b)
    {
        string[] differences = [.. Fact.Differences(FactsOf(a.Part), FactsOf(b.Part))];
        if (differences.Length > 0)
        {
            throw new UserException($"{a.Place} and {b.Place}: are not shares of one probe ({string.Join("; ", differences)}); "
                + "merge shards of the same command on the same files");
        }
    }

    private static ImmutableArray<Fact> FactsOf(SamplePart part) =>
    [
        new("emergence-analyze", part.ToolVersion),
        new("ONNX Runtime", part.RuntimeVersion),
        new("number of shards", part.Shard.Count.ToString(CultureInfo.InvariantCulture)),
        new("checkpoints", string.Join(' ', part.Checkpoints.Select(checkpoint => $"'{checkpoint.File}'"))),
        new("--strict-series", $"{part.IsStrictSeries}"),
        .. Fact.Of(part.Settings),
        .. Fact.Of(part.Probe),
    ];

    private static void RequireSameFiles(FoundSamples a, FoundSamples b)
    {
        foreach (var (ours, theirs) in a.Part.Checkpoints.Zip(b.Part.Checkpoints))
        {
            if (ours.Counted is not { } one || theirs.Counted is not { } other)
                continue;
            string[] differences = [.. Fact.Differences(FactsOf(one), FactsOf(other))];
            if (differences.Length > 0)
            {
                throw new UserException($"{a.Place} and {b.Place}: did not count the same {ours.File} "
                    + $"({string.Join("; ", differences)}); run both shards again on the same files and devices");
            }
        }
    }

    private static ImmutableArray<Fact> FactsOf(Counted counted) =>
    [
        new("SHA-256 of the checkpoint", counted.Sha256[..16]),
        new("SHA-256 of the samples (probe)", counted.Probe.Sha256[..16]),
        new("device", $"{counted.Device}"),
    ];

    private static FoundSamples Choose(FoundSamples[] same, Action<string> warn)
    {
        foreach (var other in same[1..].Where(other => other.Seal != same[0].Seal))
        {
            warn($"{same[0].Place} and {other.Place}: are both shard {same[0].Part.Shard} and not the same, as checkpoints "
                + $"failed or machines round differently; {same[0].Place} is taken");
        }
        return same[0];
    }
}
