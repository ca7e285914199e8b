using System.Collections.Immutable;

namespace Emergence.Pruning;

/// <summary>Units that are removed together.</summary>
/// <param name="Units">The units, ascending.</param>
/// <param name="Pin">Why they cannot be cut out; null where they can.</param>
internal sealed record UnitGroup(ImmutableArray<int> Units, string? Pin);

/// <summary>
/// Which units depend on each other, as in the dependency graph of DepGraph (Fang et al. 2023, arXiv 2301.12900): removing
/// one from the file takes the others with it.
/// </summary>
/// <param name="parents">For each channel, the one that represents those it is joined to.</param>
internal sealed class Coupling(int[] parents)
{
    private readonly Dictionary<int, SortedSet<int>> units = [];
    private readonly Dictionary<int, string> pins = [];

    /// <summary>Says which units feed a channel.</summary>
    public void Feed(int signal, ImmutableArray<int> fed)
    {
        var root = Root(signal);
        if (!units.TryGetValue(root, out var own))
            units[root] = own = [];
        own.UnionWith(fed);
    }

    /// <summary>Says why a channel, and with it those it is joined to, cannot be cut out.</summary>
    public void Pin(int signal, string reason) => pins.TryAdd(Root(signal), reason);

    /// <summary>The groups.</summary>
    /// <param name="balanced">Parts of axes that must lose equally many channels.</param>
    /// <param name="importance">The importance of each unit that may be removed.</param>
    public ImmutableArray<UnitGroup> Groups(IReadOnlyList<int[][]> balanced, IReadOnlyDictionary<int, double> importance)
    {
        foreach (var (root, own) in units)
        {
            if (!own.All(importance.ContainsKey))
                pins.TryAdd(root, "it is joined to nodes that are left alone");
        }
        // Joining for one convolution may leave another unequal; each round leaves fewer channels apart.
        while (balanced.Select(parts => Level(parts, importance)).ToArray().Contains(true))
        {
        }
        var groups = ImmutableArray.CreateBuilder<UnitGroup>();
        foreach (var group in units.GroupBy(entry => Root(entry.Key)))
        {
            ImmutableArray<int> own =
                [.. group.SelectMany(entry => entry.Value).Where(importance.ContainsKey).Distinct().Order()];
            if (own.IsEmpty)
                continue;
            if (pins.GetValueOrDefault(group.Key) is { } pin)
                groups.AddRange(own.Select(unit => new UnitGroup([unit], pin)));
            else
                groups.Add(new UnitGroup(own, null));
        }
        return groups.ToImmutable();
    }

    /// <summary>Joins the weakest channels of all parts, then the next, where a part would lose more than
    /// another; false where none would.</summary>
    private bool Level(int[][] parts, IReadOnlyDictionary<int, double> importance)
    {
        var counts = parts.Select(part =>
            part.Where(signal => signal != Signals.None).GroupBy(Root).ToDictionary(group => group.Key, group => group.Count()))
                .ToArray();
        var uneven = counts.SelectMany(part => part.Keys).Distinct()
            .Where(root => !pins.ContainsKey(root) && counts.Select(part => part.GetValueOrDefault(root)).Distinct().Count() > 1)
                .ToHashSet();
        if (uneven.Count == 0)
            return false;
        var ranked = counts.Select(part =>
            part.Keys.Where(uneven.Contains).OrderBy(root => Importance(root, importance)).ThenBy(root => root).ToArray())
                .ToArray();
        for (var rank = 0; rank < ranked.Max(part => part.Length); rank++)
        {
            int[] members = [.. ranked.Where(part => rank < part.Length).Select(part => part[rank])];
            var isLevel = members.Length == parts.Length && members.Distinct().Count() == members.Length
                && members.Select((root, part) => counts[part][root]).Distinct().Count() == 1
                && members.All(root => counts.Count(part => part.ContainsKey(root)) == 1);
            foreach (var root in members)
            {
                if (isLevel)
                    Unite(root, members[0]);
                else
                    pins.TryAdd(Root(root), "a grouped convolution needs groups of equal size");
            }
        }
        return true;
    }

    private void Unite(int a, int b)
    {
        var (from, to) = (Root(a), Root(b));
        if (from == to)
            return;
        parents[from] = to;
        units[to].UnionWith(units[from]);
        units.Remove(from);
        if (pins.GetValueOrDefault(from) is { } pin)
            pins.TryAdd(to, pin);
    }

    private double Importance(int root, IReadOnlyDictionary<int, double> importance) =>
        units[root].Select(unit => importance.GetValueOrDefault(unit)).DefaultIfEmpty().Average();

    private int Root(int signal)
    {
        while (parents[signal] != signal)
            signal = parents[signal];
        return signal;
    }
}
