namespace Emergence.Analyzer.Metrics;

/// <summary>
/// For each element of one tensor, its corresponding elements of another. An element may have several (broadcast, overlapping
/// windows), the same one several times (each is a route of its own) or none (padding, or cut off by a slice). Immutable.
/// </summary>
public sealed class ElementMap
{
    // Those of element e are _others[_first[e].._first[e + 1]]. Without _first each element has one, or none (-1); without
    // _others each has the one of its own index.
    private readonly int[]? _first;
    private readonly int[]? _others;
    private int[]? _own;

    private ElementMap(int from, int to, int[]? first, int[]? others)
    {
        (From, To, _first, _others) = (from, to, first, others);
        FanOut = first is null ? Math.Min(1, from) : 0;
        for (var e = 0; first is not null && e < from; e++)
            FanOut = Math.Max(FanOut, first[e + 1] - first[e]);
    }

    /// <summary>Number of elements of the tensor that the map starts from.</summary>
    public int From { get; }

    /// <summary>Number of elements of the tensor that it leads to.</summary>
    public int To { get; }

    /// <summary>The largest number of elements that one corresponds to.</summary>
    public int FanOut { get; }

    /// <summary>True for a map that was made by <see cref="Identity"/>.</summary>
    public bool IsIdentity => _others is null;

    /// <summary>The elements that <paramref name="element"/> corresponds to.</summary>
    public ReadOnlySpan<int> this[int element]
    {
        get
        {
            if (_first is not null)
                return _others.AsSpan(_first[element].._first[element + 1]);
            if (_others is null)
                return (_own ??= [.. Enumerable.Range(0, From)]).AsSpan(element, 1);
            return _others[element] < 0 ? [] : _others.AsSpan(element, 1);
        }
    }

    /// <summary>Each element corresponds to the one of its own index.</summary>
    /// <param name="elements">Number of elements of both tensors.</param>
    public static ElementMap Identity(int elements) => new(elements, elements, null, null);

    /// <summary>Each element corresponds to one, or to none.</summary>
    /// <param name="to">Number of elements that the map leads to.</param>
    /// <param name="others">For each element the one it corresponds to, or -1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An element that does not exist.</exception>
    public static ElementMap OneEach(int to, int[] others)
    {
        ArgumentNullException.ThrowIfNull(others);
        foreach (var other in others)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(other, -1, nameof(others));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(other, to, nameof(others));
        }
        return new(others.Length, to, null, others);
    }

    /// <summary>From all routes, in any order; a pair that occurs twice is two routes.</summary>
    /// <param name="from">Number of elements that the map starts from.</param>
    /// <param name="to">Number of elements that it leads to.</param>
    /// <param name="routes">The routes.</param>
    /// <exception cref="ArgumentOutOfRangeException">An element that does not exist.</exception>
    public static ElementMap FromPairs(int from, int to, ReadOnlySpan<(int From, int To)> routes)
    {
        var first = new int[from + 1];
        foreach (var (element, other) in routes)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(element, nameof(routes));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(element, from, nameof(routes));
            ArgumentOutOfRangeException.ThrowIfNegative(other, nameof(routes));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(other, to, nameof(routes));
            first[element + 1]++;
        }
        var next = Accumulate(first);
        var others = new int[routes.Length];
        foreach (var (element, other) in routes)
            others[next[element]++] = other;
        return new(from, to, first, others);
    }

    /// <summary>From lists that lie one behind the other.</summary>
    /// <param name="to">Number of elements that the map leads to.</param>
    /// <param name="first">Where the list of each element begins, and behind the last one, where it ends.</param>
    /// <param name="others">The lists.</param>
    /// <exception cref="ArgumentException">The lists do not lie one behind the other.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An element that does not exist.</exception>
    public static ElementMap FromLists(int to, int[] first, int[] others)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(others);
        if (first.Length == 0 || first[0] != 0 || first[^1] != others.Length
            || first.Zip(first.Skip(1)).Any(pair => pair.First > pair.Second))
            throw new ArgumentException("The lists do not lie one behind the other.", nameof(first));
        foreach (var other in others)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(other, nameof(others));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(other, to, nameof(others));
        }
        return new(first.Length - 1, to, first, others);
    }

    /// <summary>Pooling: each output of a window corresponds to the inputs it covers, in each of several planes.</summary>
    /// <param name="planes">Number of planes, such as the channels of an image: they follow one another in both tensors.</param>
    /// <param name="window">The window.</param>
    public static ElementMap Windows(int planes, SlidingWindow window)
    {
        ArgumentNullException.ThrowIfNull(window);
        var (inputs, outputs) = (window.InputPositions, window.OutputPositions);
        var under = window.InputsUnder(window.Input.Length);
        var first = new int[checked(planes * outputs) + 1];
        var others = new List<int>(under.Length * planes);
        for (var element = 0; element < planes * outputs; element++)
        {
            for (var tap = element % outputs; tap < under.Length; tap += outputs)
            {
                if (under[tap] >= 0)
                    others.Add(element / outputs * inputs + under[tap]);
            }
            first[element + 1] = others.Count;
        }
        return new(planes * outputs, checked(planes * inputs), first, [.. others]);
    }

    /// <summary>This map and then <paramref name="next"/>; every route through both counts.</summary>
    /// <exception cref="ArgumentException"><paramref name="next"/> does not begin where this map ends.</exception>
    public ElementMap Then(ElementMap next)
    {
        ArgumentNullException.ThrowIfNull(next);
        if (next.From != To)
            throw new ArgumentException($"A map from {next.From} elements cannot follow one to {To}.", nameof(next));
        if (next.IsIdentity || IsIdentity)
            return IsIdentity ? next : this;
        if (_first is null && next._first is null)
        {
            var single = new int[From];
            for (var e = 0; e < From; e++)
                single[e] = _others![e] < 0 ? -1 : next._others![_others[e]];
            return new(From, next.To, null, single);
        }
        var first = new int[From + 1];
        for (var e = 0; e < From; e++)
        {
            first[e + 1] = first[e];
            foreach (var middle in this[e])
                first[e + 1] = checked(first[e + 1] + next[middle].Length);
        }
        var others = new int[first[^1]];
        var at = 0;
        for (var e = 0; e < From; e++)
        {
            foreach (var middle in this[e])
            {
                next[middle].CopyTo(others.AsSpan(at));
                at += next[middle].Length;
            }
        }
        return new(From, next.To, first, others);
    }

    /// <summary>The correspondences of this map and of <paramref name="other"/>; those of both count once.</summary>
    /// <exception cref="ArgumentException">The maps do not lead between the same elements.</exception>
    public ElementMap Union(ElementMap other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if ((other.From, other.To) != (From, To))
            throw new ArgumentException($"A map from {other.From} to {other.To} elements cannot join one from {From} to {To}.",
                nameof(other));
        if (Enumerable.Range(0, From).All(e => this[e].SequenceEqual(other[e])))
            return this;
        var first = new int[From + 1];
        var others = new List<int>();
        for (var e = 0; e < From; e++)
        {
            var mine = this[e];
            others.AddRange(mine);
            foreach (var candidate in other[e])
            {
                if (!mine.Contains(candidate))
                    others.Add(candidate);
            }
            first[e + 1] = others.Count;
        }
        return new(From, To, first, [.. others]);
    }

    /// <summary>The same correspondences, seen from the other tensor.</summary>
    public ElementMap Reversed()
    {
        if (IsIdentity)
            return this;
        var first = new int[To + 1];
        for (var e = 0; e < From; e++)
        {
            foreach (var other in this[e])
                first[other + 1]++;
        }
        var next = Accumulate(first);
        var elements = new int[first[^1]];
        for (var e = 0; e < From; e++)
        {
            foreach (var other in this[e])
                elements[next[other]++] = e;
        }
        return new(To, From, first, elements);
    }

    /// <summary>Sums, for each element, the counts of those it corresponds to.</summary>
    internal WideCounts PullBack(WideCounts counts) => IsIdentity ? counts : counts.Apply(From, PullBack);

    private void PullBack(ReadOnlySpan<ulong> from, Span<ulong> to)
    {
        if (_first is null)
        {
            for (var e = 0; e < to.Length; e++)
                to[e] = _others![e] < 0 ? 0 : from[_others[e]];
            return;
        }
        var begin = 0;
        for (var e = 0; e < to.Length; e++)
        {
            var end = _first[e + 1];
            var sum = 0UL;
            for (var t = begin; t < end; t++)
                sum += from[_others![t]];
            to[e] = sum;
            begin = end;
        }
    }

    // Counts to offsets, in place; returns a copy to fill from.
    private static int[] Accumulate(int[] first)
    {
        for (var e = 1; e < first.Length; e++)
            first[e] += first[e - 1];
        return [.. first];
    }
}
