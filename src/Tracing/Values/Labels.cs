namespace Emergence.Tracing.Values;

/// <summary>
/// Which elements of an earlier tensor each element of a tensor comes from. Moves through layout operators and pooling
/// as the values do; an overlapping window gives an element several sources, padding none.
/// </summary>
internal sealed class Labels
{
    // Sources of element e are _sources[_first[e].._first[e + 1]]; without _first each element has one, -1 for none.
    private readonly int[]? _first;
    private readonly int[] _sources;

    private Labels(int[] dims, int[]? first, int[] sources) => (Dims, _first, _sources) = (dims, first, sources);

    public int[] Dims { get; }

    public int Count => Shapes.Count(Dims);

    /// <summary>Each element is its own source.</summary>
    public static Labels Start(int[] dims) => new(dims, null, [.. Enumerable.Range(0, Shapes.Count(dims))]);

    public ReadOnlySpan<int> this[int element] => _first is not null
        ? _sources.AsSpan(_first[element].._first[element + 1])
        : _sources[element] < 0 ? [] : _sources.AsSpan(element, 1);

    /// <summary>The same elements in the same order under another shape.</summary>
    public Labels Reshaped(int[] dims) => new(dims, _first, _sources);

    /// <summary>Each element is a copy of one, or (-1) of none.</summary>
    public Labels Gathered((int[] Dims, int[] Indices) map)
    {
        if (_first is null)
            return new Labels(map.Dims, null, [.. map.Indices.Select(index => index < 0 ? -1 : _sources[index])]);
        return Build(map.Dims, map.Indices, (index, sources) =>
        {
            if (index >= 0)
                sources.AddRange(this[index]);
        });
    }

    /// <summary>Each element gathers a window of elements.</summary>
    public Labels Windowed(int[] dims, IEnumerable<int[]> windows) => Build(dims, windows, (window, sources) =>
    {
        foreach (var element in window)
            sources.AddRange(this[element]);
    });

    /// <summary>Two paths to the same elements: the routes of both.</summary>
    public Labels With(Labels other)
    {
        if (_first is null && other._first is null && _sources.AsSpan().SequenceEqual(other._sources))
            return this;
        return Build(Dims, Enumerable.Range(0, Count), (element, sources) =>
        {
            sources.AddRange(this[element]);
            foreach (var source in other[element])
            {
                if (!this[element].Contains(source))
                    sources.Add(source);
            }
        });
    }

    /// <summary>This tensor placed in a larger one, whose other elements have no source.</summary>
    public Labels Placed(int[] dims, int axis, int start)
    {
        var inner = Shapes.Count(dims.AsSpan(axis + 1));
        var map = new int[Shapes.Count(dims)];
        for (var i = 0; i < map.Length; i++)
        {
            var position = i / inner % dims[axis] - start;
            map[i] = position < 0 || position >= Dims[axis] ? -1 : (i / inner / dims[axis] * Dims[axis] + position) * inner + i % inner;
        }
        return Gathered((dims, map));
    }

    private static Labels Build<T>(int[] dims, IEnumerable<T> items, Action<T, List<int>> add)
    {
        var first = new List<int> { 0 };
        var sources = new List<int>();
        foreach (var item in items)
        {
            add(item, sources);
            first.Add(sources.Count);
        }
        return new Labels(dims, [.. first], [.. sources]);
    }
}
