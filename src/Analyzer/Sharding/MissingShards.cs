using Emergence.Analyzer.Series;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Sharding;

/// <summary>Refuses a whole of which parts are missing.</summary>
internal static class MissingShards
{
    // Of thousands that are missing a line names the first.
    private const int MostRanges = 20;

    /// <summary>Names those that are missing.</summary>
    /// <param name="count">How many shards there should be.</param>
    /// <param name="there">Those that are there.</param>
    /// <param name="option">The option that makes them.</param>
    /// <exception cref="UserException">Some are missing.</exception>
    public static void Require(int count, IEnumerable<int> there, string option)
    {
        var known = there.ToHashSet();
        int[] missing = [.. Enumerable.Range(1, count).Where(index => !known.Contains(index))];
        if (missing.Length > 0)
        {
            var (s, are, them) = missing.Length == 1 ? ("", "is", "it") : ("s", "are", "them");
            throw new UserException($"shard{s} {IndexRanges.Of(missing, MostRanges)} of {count} {are} missing; run {them} with "
                + $"{option} i/{count}, and name the folder of each");
        }
    }
}
