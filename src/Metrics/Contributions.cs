namespace Emergence.Analyzer.Metrics;

/// <summary>An emergence, split by the layer its paths start from and the layer they end in.</summary>
public sealed class Contributions
{
    // By end layer, then by start layer.
    private readonly EmergenceValue[][] _columns;

    internal Contributions(EmergenceValue[][] columns)
    {
        _columns = columns;
    }

    /// <summary>These contributions.</summary>
    /// <param name="values">By start layer, then by end layer.</param>
    public Contributions(EmergenceValue[,] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var layers = Enumerable.Range(0, values.GetLength(0)).ToArray();
        _columns = [.. layers.Select(to => layers.Select(from => values[from, to]).ToArray())];
    }

    /// <summary>N: number of layers.</summary>
    public int Layers => _columns.Length;

    /// <summary>The paths from dead nodes of layer <paramref name="from"/> to alive nodes of layer
    /// <paramref name="to"/>.</summary>
    public EmergenceValue this[int from, int to] => _columns[to][from];

    /// <summary>The paths from dead nodes of one layer.</summary>
    public EmergenceValue From(int layer) => Sum(_columns.Select(column => column[layer]));

    /// <summary>The paths to alive nodes of one layer.</summary>
    public EmergenceValue To(int layer) => Sum(_columns[layer]);

    /// <summary>All paths: the emergence.</summary>
    public EmergenceValue Total => Sum(Enumerable.Range(0, Layers).Select(To));

    private static EmergenceValue Sum(IEnumerable<EmergenceValue> values) =>
        values.Aggregate(new EmergenceValue(), (sum, value) => sum + value);
}
