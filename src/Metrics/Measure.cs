using System.Collections.Immutable;

namespace Emergence.Analyzer.Metrics;

/// <summary>
/// A measure of emergence: the number of paths from dead nodes to alive ones, under one rule of what a path is. Exact.
/// The rules stand in <see cref="MeasureCatalog"/>.
/// </summary>
public abstract class Measure
{
    private protected Measure(string name, string symbol)
    {
        (Name, Symbol) = (name, symbol);
    }

    /// <summary>Its name in outputs, such as <c>emergence_active</c>.</summary>
    public string Name { get; }

    /// <summary>Its symbol in formulas, such as <c>E_H</c>.</summary>
    public string Symbol { get; }

    /// <summary>The emergence of a network.</summary>
    /// <param name="graph">Its layers and edges.</param>
    /// <param name="activity">Which nodes are alive, or how many: one entry per layer, in order.</param>
    /// <exception cref="ArgumentException">
    /// The activity does not fit the layers, or only counts are known where the measure needs more.
    /// </exception>
    public EmergenceValue Of(NetworkGraph graph, params ReadOnlySpan<LayerActivity> activity)
    {
        var total = new EmergenceValue();
        foreach (var part in ByLayer(graph, activity))
            total += part;
        return total;
    }

    /// <summary>The emergence of a network, given the number of alive nodes of each layer.</summary>
    /// <param name="graph">Its layers and edges.</param>
    /// <param name="alive">Alive nodes of each layer, in order.</param>
    /// <exception cref="ArgumentException">The counts do not fit the layers, or do not suffice for this measure.</exception>
    public EmergenceValue Of(NetworkGraph graph, params ReadOnlySpan<int> alive)
    {
        var activity = new LayerActivity[alive.Length];
        for (var i = 0; i < alive.Length; i++)
            activity[i] = LayerActivity.Count(alive[i]);
        return Of(graph, activity);
    }

    /// <summary>What the dead nodes of each layer contribute: Σ over dead x of D(x). The entries add up to
    /// the emergence.</summary>
    /// <inheritdoc cref="Of(NetworkGraph, ReadOnlySpan{LayerActivity})"/>
    public ImmutableArray<EmergenceValue> ByLayer(NetworkGraph graph, params ReadOnlySpan<LayerActivity> activity)
    {
        ArgumentNullException.ThrowIfNull(graph);
        LayerActivity.Check(graph, activity);
        return [.. Prepare(graph, activity.ToArray())(null)];
    }

    /// <summary>
    /// Which dead layers feed which alive layers. This costs as much as the measure itself for every layer, and N² numbers.
    /// </summary>
    /// <inheritdoc cref="Of(NetworkGraph, ReadOnlySpan{LayerActivity})"/>
    public Contributions Contributions(NetworkGraph graph, params ReadOnlySpan<LayerActivity> activity)
    {
        ArgumentNullException.ThrowIfNull(graph);
        LayerActivity.Check(graph, activity);
        var byLayer = Prepare(graph, activity.ToArray());
        var columns = new EmergenceValue[graph.Layers.Length][];
        for (var end = 0; end < columns.Length; end++)
            columns[end] = byLayer(end);
        return new Contributions(columns);
    }

    /// <summary>
    /// Returns what gives, for each layer, the paths from its dead nodes that end at alive nodes: of one layer, or of any
    /// (null). Arguments are checked.
    /// </summary>
    private protected abstract Func<int?, EmergenceValue[]> Prepare(NetworkGraph graph, LayerActivity[] activity);
}
