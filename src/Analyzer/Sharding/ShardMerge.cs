using System.Collections.Immutable;
using System.Globalization;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;

namespace Emergence.Analyzer.Sharding;

/// <summary>A part with where it was found.</summary>
/// <param name="Place">The folder, for messages.</param>
/// <param name="Part">What it holds.</param>
/// <param name="Seal">Hash of the file.</param>
internal sealed record FoundPart(string Place, ShardPart Part, string Seal);

/// <summary>Parts of a series joined to the whole: the same whatever their order, and however often each is given.</summary>
internal static class ShardMerge
{
    /// <summary>The parts of a whole, in series order, each once.</summary>
    /// <param name="found">The parts, in any order.</param>
    /// <param name="warn">Receives what is odd about them, a line each.</param>
    /// <exception cref="UserException">They do not belong together, or some are missing.</exception>
    public static ImmutableArray<FoundPart> Join(IEnumerable<FoundPart> found, Action<string> warn)
    {
        ArgumentNullException.ThrowIfNull(warn);
        // So that messages do not depend on the order either.
        FoundPart[] parts = [.. found.OrderBy(part => part.Part.Shard.Index).ThenBy(part => part.Part.Failures)
            .ThenBy(part => part.Seal, StringComparer.Ordinal).ThenBy(part => part.Place, StringComparer.Ordinal)];
        if (parts.Length == 0)
            throw new UserException("there is no part of a series to merge; name the folders that --shard wrote with --out");
        foreach (var part in parts[1..])
            RequireSameSeries(parts[0], part);
        ImmutableArray<FoundPart> chosen =
            [.. parts.GroupBy(part => part.Part.Shard.Index).Select(same => Choose([.. same], warn))];
        MissingShards.Require(chosen[0].Part.Shard.Count, chosen.Select(part => part.Part.Shard.Index), "--shard");
        RequireSeams(chosen);
        return chosen;
    }

    /// <summary>Refuses two parts that are not of one run, and names what differs.</summary>
    private static void RequireSameSeries(FoundPart a, FoundPart b)
    {
        string[] differences = [.. Fact.Differences(FactsOf(a.Part), FactsOf(b.Part))];
        if (differences.Length > 0)
        {
            throw new UserException($"{a.Place} and {b.Place}: are not parts of one series ({string.Join("; ", differences)}); "
                + "merge shards of the same command on the same files");
        }
    }

    private static ImmutableArray<Fact> FactsOf(ShardPart part) =>
    [
        new("emergence-analyze", part.ToolVersion),
        new("ONNX Runtime", part.RuntimeVersion),
        new("number of shards", part.Shard.Count.ToString(CultureInfo.InvariantCulture)),
        new("number of checkpoints", part.Plan.Checkpoints.ToString(CultureInfo.InvariantCulture)),
        new("SHA-256 of the checkpoints' names", part.Plan.Names[..16]),
        new("SHA-256 of the checkpoints' sizes", part.Plan.Costs[..16]),
        .. Fact.Of(part.Settings),
        .. part.Samples,
    ];

    /// <summary>One of several outputs of the same shard: that with the fewest failures.</summary>
    private static FoundPart Choose(FoundPart[] same, Action<string> warn)
    {
        var chosen = same[0];
        foreach (var other in same[1..].Where(other => other.Seal != chosen.Seal))
        {
            RequireSameFiles(chosen, other);
            warn($"{chosen.Place} and {other.Place}: are both shard {chosen.Part.Shard} and not the same, as checkpoints failed "
                + $"or machines round differently; {chosen.Place} is taken");
        }
        return chosen;
    }

    private static void RequireSameFiles(FoundPart a, FoundPart b)
    {
        foreach (var (ours, theirs) in a.Part.Entries.Zip(b.Part.Entries))
        {
            if (ours.Result is { } one && theirs.Result is { } other)
                RequireSame(ours.File, a.Place, FactsOf(one.Sha256, one.Probe), b.Place, FactsOf(other.Sha256, other.Probe));
        }
    }

    private static void RequireSame(
        string file, string place, ImmutableArray<Fact> facts, string otherPlace, ImmutableArray<Fact> others)
    {
        string[] differences = [.. Fact.Differences(facts, others)];
        if (differences.Length > 0)
        {
            throw new UserException(
                $"{place} and {otherPlace}: did not measure the same {file} ({string.Join("; ", differences)}); run both "
                + "shards again on the same files");
        }
    }

    private static ImmutableArray<Fact> FactsOf(string sha256, ProbeProvenance probe) =>
        [new("SHA-256 of the checkpoint", sha256[..16]), new("SHA-256 of the samples (probe)", probe.Sha256[..16])];

    /// <summary>
    /// Where two parts meet, the later one has measured the last checkpoint of the earlier one too: so each pair proves that
    /// they had the same files and the same samples.
    /// </summary>
    private static void RequireSeams(ImmutableArray<FoundPart> parts)
    {
        (FoundPart Part, int Index, SeriesEntry Entry)? last = null;
        foreach (var part in parts)
        {
            if (part.Part.Failures < part.Part.Entries.Length)
                RequireSeam(last, part);
            foreach (var (i, entry) in part.Part.Entries.Index())
            {
                if (entry.Result is not null)
                    last = (part, part.Part.Plan.First + i, entry);
            }
        }
        var devices = parts.SelectMany(part => part.Part.Entries, (part, entry) => (part.Place, entry.Result?.Device))
            .Where(each => each.Device is not null).DistinctBy(each => each.Device).ToArray();
        if (devices is [var one, var other, ..])
        {
            throw new UserException($"{one.Place} and {other.Place}: were measured on other devices ({one.Device} and "
                + $"{other.Device}); choose one with --device for all shards");
        }
    }

    private static void RequireSeam((FoundPart Part, int Index, SeriesEntry Entry)? last, FoundPart part)
    {
        var before = part.Part.Before;
        if (last?.Index != before?.Index)
        {
            var expected = last is null ? "no checkpoint" : last.Value.Entry.File;
            var number = before is null ? "none"
                : string.Create(CultureInfo.InvariantCulture, $"number {before.Index + 1} of the series");
            throw new UserException($"{part.Place}: compared its first checkpoint with {number}, where {expected} is the last "
                + $"before it that could be analyzed; run shard {part.Part.Shard} and the one before it again");
        }
        if (last is { } seam && before is not null)
        {
            var result = seam.Entry.Result!;
            RequireSame(seam.Entry.File, seam.Part.Place, FactsOf(result.Sha256, result.Probe), part.Place,
                FactsOf(before.Sha256, before.Probe));
        }
    }
}
