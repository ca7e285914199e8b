using System.Numerics;

namespace Emergence.Analyzer.Metrics;

/// <summary>
/// E and E_H: a dense edge leads from every node to every node, whatever the weights. With m channels, n nodes, a alive
/// nodes and α channels with any alive node in layer j, and D(y) the number of paths that leave node y for alive nodes,
/// a dense edge into j is worth a_j + m_j · mean D(y) over all y (E), or a_j + α_j · mean D(y) over alive y (E_H).
/// </summary>
internal sealed class PathMeasure(string name, string symbol, bool activeOnly) : Measure(name, symbol)
{
    /// <inheritdoc/>
    private protected override Func<int?, EmergenceValue[]> Prepare(NetworkGraph graph, LayerActivity[] activity)
    {
        var multiplicity = new int[activity.Length];
        for (var i = 0; i < activity.Length; i++)
            multiplicity[i] = activeOnly ? activity[i].ChannelsOf(graph.Layers[i], i) : graph.Layers[i].Channels;
        var routes = graph.HasIdentityEdges ? IdentityRoutes.Count(graph, activity, activeOnly) : null;
        return end => ByLayer(graph, activity, multiplicity, routes, end);
    }

    private EmergenceValue[] ByLayer(
        NetworkGraph graph, LayerActivity[] activity, int[] multiplicity, List<IdentityRoute>[]? routes, int? end)
    {
        var result = new EmergenceValue[activity.Length];
        // What a dense edge into a layer is worth, and what all dense edges out of one are worth to each of its nodes.
        var landing = new EmergenceValue[activity.Length];
        var leaving = new EmergenceValue[activity.Length];
        for (var i = activity.Length - 1; i >= 0; i--)
        {
            foreach (var edge in graph.EdgesFrom(i))
            {
                if (edge.Kind == EdgeKind.Dense)
                    leaving[i] += landing[edge.To];
            }

            var (n, a) = (graph.Layers[i].Nodes, activity[i].Alive);
            landing[i] = new EmergenceValue(end is null || end == i ? a : 0) + (multiplicity[i] * leaving[i]);
            result[i] = (n - a) * leaving[i];
            if (routes is null || routes[i].Count == 0)
                continue;

            // D(x) = leaving + what x reaches through identity routes: summed over the nodes a path can land on, and
            // over dead nodes.
            var (all, dead) = (new EmergenceValue(), new EmergenceValue());
            foreach (var route in routes[i])
            {
                var ends = end is null || end == route.To;
                all += (route.All * leaving[route.To]) + new EmergenceValue(ends ? route.AllToAlive : BigInteger.Zero);
                dead += (route.Dead * leaving[route.To]) + new EmergenceValue(ends ? route.DeadToAlive : BigInteger.Zero);
            }
            var nodes = activeOnly ? a : n;
            if (nodes > 0)
                landing[i] += new EmergenceValue(multiplicity[i] * all.Numerator, nodes * all.Denominator);
            result[i] += dead;
        }
        return result;
    }
}
