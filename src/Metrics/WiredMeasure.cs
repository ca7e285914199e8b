namespace Emergence.Analyzer.Metrics;

/// <summary>
/// E_w, node by node over the connections that exist: D(x) = Σ over edges (x, y) of ([y alive] + D(y)), where every route
/// through what lies between two layers is an edge.
/// </summary>
internal sealed class WiredMeasure(string name, string symbol) : Measure(name, symbol)
{
    /// <inheritdoc/>
    private protected override Func<int?, EmergenceValue[]> Prepare(NetworkGraph graph, LayerActivity[] activity)
    {
        var terms = graph.Edges.Select(edge => Math.Max(edge.Wiring?.Terms ?? 1, edge.Map?.FanOut ?? 1)).DefaultIfEmpty(1).Max();
        return end => new Pass(graph, activity, WideCounts.BitsFor(terms)).ByLayer(end);
    }

    /// <summary>One reverse pass through a network.</summary>
    private sealed class Pass(NetworkGraph graph, LayerActivity[] activity, int bits)
    {
        // By layer: [y alive] + D(y), and what its wirings make of it; kept as long as an earlier layer may ask.
        private readonly WideCounts?[] _counts = new WideCounts?[activity.Length];
        private readonly Dictionary<Wiring, WideCounts>?[] _wired = new Dictionary<Wiring, WideCounts>?[activity.Length];

        public EmergenceValue[] ByLayer(int? end)
        {
            var result = new EmergenceValue[activity.Length];
            var firstSource = new int[activity.Length];
            Array.Fill(firstSource, -1);
            foreach (var edge in graph.Edges.Reverse())
                firstSource[edge.To] = edge.From;

            for (var i = end ?? (activity.Length - 1); i >= 0; i--)
            {
                var layer = graph.Layers[i];
                var mask = activity[i].Mask(layer, i);
                if (activity[i].Alive < layer.Nodes || firstSource[i] >= 0)
                {
                    var counts = PathsFrom(i);
                    result[i] = new EmergenceValue(counts.Sum() - counts.Sum(mask));
                    if (end is null || end == i)
                        counts.Add(mask);
                    _counts[i] = counts;
                }
                foreach (var edge in graph.EdgesFrom(i))
                {
                    if (firstSource[edge.To] == i)
                        (_counts[edge.To], _wired[edge.To]) = (null, null);
                }
            }
            return result;
        }

        private WideCounts PathsFrom(int layer)
        {
            var sum = new WideCounts(graph.Layers[layer].Nodes, bits);
            foreach (var edge in graph.EdgesFrom(layer))
            {
                if (_counts[edge.To] is not { } counts)
                    continue;
                if (edge.Kind == EdgeKind.Dense && edge.Wiring is null)
                {
                    sum.Add(counts.Sum());
                    continue;
                }
                var pulled = edge.Wiring is null ? counts : Wired(edge.To, edge.Wiring, counts);
                sum.Add(edge.Map is null ? pulled : edge.Map.PullBack(pulled));
            }
            return sum;
        }

        private WideCounts Wired(int layer, Wiring wiring, WideCounts counts)
        {
            var known = _wired[layer] ??= [];
            if (!known.TryGetValue(wiring, out var pulled))
                known.Add(wiring, pulled = wiring.PullBack(counts));
            return pulled;
        }
    }
}
