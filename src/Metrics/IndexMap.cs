namespace Emergence.Analyzer.Metrics;

/// <summary>
/// Where the elements of one tensor go in another: for each source, its counterparts among the targets. A source may
/// have several (broadcast, overlapping windows), the same one several times (each is a route of its own) or none
/// (cut off by a slice). Immutable.
/// </summary>
public sealed partial class IndexMap
{
    // Targets of source s are _targets[_first[s].._first[s + 1]]; without _first, each source has exactly one.
    private readonly int[]? _first;
    private readonly int[] _targets;

    private IndexMap(int targets, int[]? first, int[] targetsOf)
    {
        (Targets, _first, _targets) = (targets, first, targetsOf);
        Sources = first is null ? targetsOf.Length : first.Length - 1;
        FanOut = first is null ? 1 : 0;
        for (var s = 0; first is not null && s < Sources; s++)
            FanOut = Math.Max(FanOut, first[s + 1] - first[s]);
    }

    /// <summary>Number of source elements.</summary>
    public int Sources { get; }

    /// <summary>Number of target elements.</summary>
    public int Targets { get; }

    /// <summary>The largest number of counterparts that a source has.</summary>
    public int FanOut { get; }

    /// <summary>The largest number of sources that a target has.</summary>
    internal int FanIn
    {
        get
        {
            var sources = new int[Targets];
            foreach (var target in _targets)
                sources[target]++;
            return sources.Append(0).Max();
        }
    }

    /// <summary>Each of so many elements goes to the element of the same index.</summary>
    public static IndexMap Identity(int elements)
    {
        var targets = new int[elements];
        for (var i = 0; i < elements; i++)
            targets[i] = i;
        return new(elements, null, targets);
    }

    /// <summary>From the source of each target: what slices, transposes, pads and broadcasts.</summary>
    /// <param name="sources">Number of source elements.</param>
    /// <param name="sourceOf">For each target its source, or -1 where it has none.</param>
    /// <exception cref="ArgumentOutOfRangeException">A source that does not exist.</exception>
    public static IndexMap FromSources(int sources, ReadOnlySpan<int> sourceOf)
    {
        var first = new int[sources + 1];
        foreach (var source in sourceOf)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(source, -1, nameof(sourceOf));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(source, sources, nameof(sourceOf));
            if (source >= 0)
                first[source + 1]++;
        }
        var next = Accumulate(first);
        var targets = new int[first[^1]];
        for (var target = 0; target < sourceOf.Length; target++)
        {
            if (sourceOf[target] >= 0)
                targets[next[sourceOf[target]]++] = target;
        }
        return new(sourceOf.Length, first, targets);
    }

    /// <summary>From all routes, in any order; a pair that occurs twice is two routes.</summary>
    /// <param name="sources">Number of source elements.</param>
    /// <param name="targets">Number of target elements.</param>
    /// <param name="routes">The routes.</param>
    /// <exception cref="ArgumentOutOfRangeException">An element that does not exist.</exception>
    public static IndexMap FromPairs(int sources, int targets, ReadOnlySpan<(int Source, int Target)> routes)
    {
        var first = new int[sources + 1];
        foreach (var (source, target) in routes)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(source, nameof(routes));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(source, sources, nameof(routes));
            ArgumentOutOfRangeException.ThrowIfNegative(target, nameof(routes));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(target, targets, nameof(routes));
            first[source + 1]++;
        }
        var next = Accumulate(first);
        var targetsOf = new int[routes.Length];
        foreach (var (source, target) in routes)
            targetsOf[next[source]++] = target;
        return new(targets, first, targetsOf);
    }

    /// <summary>The counterparts of <paramref name="source"/>.</summary>
    public ReadOnlySpan<int> CounterpartsOf(int source) =>
        _first is null ? _targets.AsSpan(source, 1) : _targets.AsSpan(_first[source].._first[source + 1]);

    /// <summary>This map and then <paramref name="next"/>; every route through both counts.</summary>
    /// <exception cref="ArgumentException"><paramref name="next"/> does not begin where this map ends.</exception>
    public IndexMap Then(IndexMap next)
    {
        ArgumentNullException.ThrowIfNull(next);
        if (next.Sources != Targets)
            throw new ArgumentException($"A map from {next.Sources} elements cannot follow one to {Targets}.", nameof(next));
        var first = new int[Sources + 1];
        for (var source = 0; source < Sources; source++)
        {
            first[source + 1] = first[source];
            foreach (var middle in CounterpartsOf(source))
                first[source + 1] += next.CounterpartsOf(middle).Length;
        }
        var targets = new int[first[^1]];
        var at = 0;
        for (var source = 0; source < Sources; source++)
        {
            foreach (var middle in CounterpartsOf(source))
            {
                var ends = next.CounterpartsOf(middle);
                ends.CopyTo(targets.AsSpan(at));
                at += ends.Length;
            }
        }
        return new(next.Targets, first, targets);
    }

    /// <summary>The routes of this map and those of <paramref name="other"/>.</summary>
    /// <exception cref="ArgumentException">The maps do not lead between the same elements.</exception>
    public IndexMap Merge(IndexMap other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if ((other.Sources, other.Targets) != (Sources, Targets))
        {
            throw new ArgumentException(
                $"A map from {other.Sources} to {other.Targets} elements cannot join one from {Sources} to {Targets}.", nameof(other));
        }
        var first = new int[Sources + 1];
        var targets = new int[_targets.Length + other._targets.Length];
        for (var source = 0; source < Sources; source++)
        {
            var mine = CounterpartsOf(source);
            var theirs = other.CounterpartsOf(source);
            mine.CopyTo(targets.AsSpan(first[source]));
            theirs.CopyTo(targets.AsSpan(first[source] + mine.Length));
            first[source + 1] = first[source] + mine.Length + theirs.Length;
        }
        return new(Targets, first, targets);
    }

    /// <summary>This map for each of <paramref name="count"/> consecutive blocks of elements, such as the channels of an image.</summary>
    public IndexMap Repeat(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var routes = _targets.Length;
        var targets = new int[checked(routes * count)];
        var first = new int[checked(Sources * count) + 1];
        for (var block = 0; block < count; block++)
        {
            for (var t = 0; t < routes; t++)
                targets[(block * routes) + t] = (block * Targets) + _targets[t];
            for (var s = 0; s < Sources; s++)
                first[(block * Sources) + s + 1] = (block * routes) + (_first is null ? s + 1 : _first[s + 1]);
        }
        return new(checked(Targets * count), first, targets);
    }

    /// <summary>Sums, for each source, the counts of its counterparts.</summary>
    internal WideCounts PullBack(WideCounts counts) => counts.Apply(Sources, PullBack);

    /// <summary>Sums, for each target, the counts of its sources.</summary>
    internal WideCounts PushForward(WideCounts counts) => counts.Apply(Targets, PushForward);

    private void PushForward(ReadOnlySpan<ulong> from, Span<ulong> to)
    {
        for (var s = 0; s < from.Length; s++)
        {
            foreach (var target in CounterpartsOf(s))
                to[target] += from[s];
        }
    }

    private void PullBack(ReadOnlySpan<ulong> from, Span<ulong> to)
    {
        if (_first is null)
        {
            for (var s = 0; s < to.Length; s++)
                to[s] = from[_targets[s]];
            return;
        }
        var begin = 0;
        for (var s = 0; s < to.Length; s++)
        {
            var end = _first[s + 1];
            var sum = 0UL;
            for (var t = begin; t < end; t++)
                sum += from[_targets[t]];
            to[s] = sum;
            begin = end;
        }
    }

    // Counts to offsets, in place; returns a copy to fill from.
    private static int[] Accumulate(int[] first)
    {
        for (var s = 1; s < first.Length; s++)
            first[s] += first[s - 1];
        return [.. first];
    }
}
