using System.Numerics;

namespace Emergence.Analyzer.Metrics;

/// <summary>
/// How many routes lead from a layer to another through identity edges alone, added up over the nodes they start from.
/// A node that a dense edge can land on and start from is any node for E and an alive node for E_H.
/// </summary>
/// <param name="To">The layer they lead to.</param>
/// <param name="All">Routes from the nodes that a dense edge can land on.</param>
/// <param name="AllToAlive">Of these, the ones that end at an alive node.</param>
/// <param name="Dead">Routes from dead nodes.</param>
/// <param name="DeadToAlive">Of these, the ones that end at an alive node.</param>
internal readonly record struct IdentityRoute(
    int To, BigInteger All, BigInteger AllToAlive, BigInteger Dead, BigInteger DeadToAlive);

/// <summary>
/// Counts identity routes. A path is a sequence of such routes joined by dense edges, and a dense edge treats all nodes
/// of a layer alike: so these few integers per pair of layers are all that E and E_H need to know of single nodes.
/// </summary>
internal static class IdentityRoutes
{
    /// <summary>The identity routes that leave each layer, in order of the layer they lead to.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="activity">One entry per layer; layers on identity edges need to know which nodes are alive.</param>
    /// <param name="activeOnly">Count only routes whose every node after the first is alive (E_H).</param>
    public static List<IdentityRoute>[] Count(NetworkGraph graph, ReadOnlySpan<LayerActivity> activity, bool activeOnly)
    {
        var found = new List<IdentityRoute>[graph.Layers.Length];
        for (var i = 0; i < found.Length; i++)
            found[i] = [];

        var bits = WideCounts.BitsFor(graph.Edges.Max(edge => edge.Kind == EdgeKind.Identity ? edge.Map?.FanOut ?? 1 : 1));
        foreach (var end in graph.Edges.Where(edge => edge.Kind == EdgeKind.Identity).Select(edge => edge.To).Distinct().Order())
        {
            // routes[i][x]: identity routes from node x of layer i to the end layer; toAlive: those that end alive.
            var routes = new WideCounts?[end + 1];
            var toAlive = new WideCounts?[end + 1];
            toAlive[end] = WideCounts.FromMask(activity[end].Mask(graph.Layers[end], end), graph.Layers[end].Nodes, bits);
            routes[end] = activeOnly ? toAlive[end] : Ones(graph.Layers[end].Nodes, bits);
            for (var i = end - 1; i >= 0; i--)
            {
                routes[i] = Step(graph, routes, i, bits);
                if (routes[i] is not { } fromHere)
                    continue;
                toAlive[i] = activeOnly ? fromHere : Step(graph, toAlive, i, bits)!;

                var alive = activity[i].Mask(graph.Layers[i], i);
                var (all, allToAlive) = (fromHere.Sum(), toAlive[i]!.Sum());
                var (live, liveToAlive) = (fromHere.Sum(alive), toAlive[i]!.Sum(alive));
                found[i].Add(new IdentityRoute(
                    end, activeOnly ? live : all, activeOnly ? liveToAlive : allToAlive, all - live, allToAlive - liveToAlive));
                if (activeOnly)
                    routes[i] = toAlive[i] = fromHere.Masked(alive);
            }
        }
        return found;
    }

    private static WideCounts? Step(NetworkGraph graph, WideCounts?[] after, int layer, int bits)
    {
        WideCounts? sum = null;
        foreach (var edge in graph.EdgesFrom(layer))
        {
            if (edge.Kind != EdgeKind.Identity || edge.To >= after.Length || after[edge.To] is not { } next)
                continue;
            sum ??= new WideCounts(graph.Layers[layer].Nodes, bits);
            sum.Add(edge.Map is null ? next : edge.Map.PullBack(next));
        }
        return sum;
    }

    private static WideCounts Ones(int length, int bits)
    {
        var ones = new WideCounts(length, bits);
        ones.Add(BigInteger.One);
        return ones;
    }
}
