using System.Numerics;

namespace Emergence.Analyzer.Metrics;

/// <summary>
/// How E depends on each node. E = Σ over x, y of (1 − s_x) · s_y · P(x, y), where s is 1 for an alive node and 0 for a dead
/// one, and P(x, y), the number of paths, does not depend on s. So E is linear in every s_x, and its derivative is the
/// number of paths from dead nodes that arrive at x, less the number of paths to alive nodes that leave x.
/// </summary>
internal sealed class EmergenceGradient
{
    private EmergenceGradient(NodeCounts[] arriving, NodeCounts[] leaving)
    {
        (Arriving, Leaving) = (arriving, leaving);
    }

    /// <summary>By layer: paths from dead nodes to each node, dead or alive.</summary>
    public NodeCounts[] Arriving { get; }

    /// <summary>By layer: paths from each node, dead or alive, to alive nodes.</summary>
    public NodeCounts[] Leaving { get; }

    /// <summary>The derivative under one state of the nodes.</summary>
    public static EmergenceGradient Of(NetworkGraph graph, LayerActivity[] activity)
    {
        var identities = graph.Edges.Where(edge => edge.Kind == EdgeKind.Identity).ToArray();
        var terms = identities.Select(edge => edge.Map is { } map ? Math.Max(map.FanOut, map.Reversed().FanOut)
            : 1).DefaultIfEmpty(1).Max();
        var bits = WideCounts.BitsFor(terms);
        return new(Forward(graph, activity, bits), Backward(graph, activity, bits));
    }

    /// <summary>The derivative by a layer's nodes, on average over those that are dead; null where none is.</summary>
    public EmergenceChange? Slope(NetworkLayer layer, LayerActivity activity, int index)
    {
        var count = layer.Nodes - activity.Alive;
        if (count == 0)
            return null;
        ReadOnlySpan<ulong> dead = Arriving[index].Own is null && Leaving[index].Own is null ? [] : Dead(layer, activity, index);
        var sum = EmergenceChange.Between(Leaving[index].Sum(count, dead), Arriving[index].Sum(count, dead));
        return EmergenceChange.Of(sum.Numerator, sum.Denominator * count);
    }

    // A path that enters a layer by a dense edge goes on from m of its n nodes (the paper, section 3.2); one that enters by
    // an identity edge goes on from the node it enters.
    private static NodeCounts[] Backward(NetworkGraph graph, LayerActivity[] activity, int bits)
    {
        var leaving = new NodeCounts[activity.Length];
        var landing = new EmergenceValue[activity.Length];
        for (var i = activity.Length - 1; i >= 0; i--)
        {
            var sum = new NodeCounts(new EmergenceValue());
            foreach (var edge in graph.EdgesFrom(i))
            {
                sum = sum.Plus(edge.Kind == EdgeKind.Dense
                    ? new NodeCounts(landing[edge.To])
                    : Moved(edge, WholeOf(edge.To), backward: true));
            }
            leaving[i] = sum;
            var layer = graph.Layers[i];
            var all = sum.Sum(layer.Nodes);
            landing[i] = new EmergenceValue(activity[i].Alive)
                + new EmergenceValue(all.Numerator, all.Denominator * layer.Positions);
        }
        return leaving;

        (WideCounts, BigInteger) WholeOf(int to) =>
            leaving[to].Whole(activity[to].Mask(graph.Layers[to], to), graph.Layers[to].Nodes, bits);
    }

    private static NodeCounts[] Forward(NetworkGraph graph, LayerActivity[] activity, int bits)
    {
        var arriving = new NodeCounts[activity.Length];
        Array.Fill(arriving, new NodeCounts(new EmergenceValue()));
        foreach (var group in graph.Edges.GroupBy(edge => edge.From))
        {
            var i = group.Key;
            var layer = graph.Layers[i];
            // What goes on from each node: by a dense edge into the layer only 1 path in as many as a channel has positions.
            var (dense, own) = (arriving[i].Shared, arriving[i] with { Shared = new EmergenceValue() });
            var onward = own with { Shared = new EmergenceValue(dense.Numerator, dense.Denominator * layer.Positions) };
            var leaving = new EmergenceValue(layer.Nodes - activity[i].Alive) + onward.Sum(layer.Nodes);
            foreach (var edge in group)
            {
                arriving[edge.To] = arriving[edge.To].Plus(edge.Kind == EdgeKind.Dense
                    ? new NodeCounts(leaving)
                    : Moved(edge, onward.Whole(Dead(layer, activity[i], i), layer.Nodes, bits), backward: false));
            }
        }
        return arriving;
    }

    private static NodeCounts Moved(NetworkEdge edge, (WideCounts Counts, BigInteger Denominator) from, bool backward) =>
        new(new EmergenceValue(), edge.Map is not { } map ? from.Counts : backward ? map.PullBack(from.Counts)
            : map.Reversed().PullBack(from.Counts),
            from.Denominator);

    private static ulong[] Dead(NetworkLayer layer, LayerActivity activity, int index)
    {
        ulong[] dead = [.. activity.Mask(layer, index)];
        foreach (ref var word in dead.AsSpan())
            word = ~word;
        if (layer.Nodes % 64 != 0)
            dead[^1] &= ulong.MaxValue >>> (64 - (layer.Nodes % 64));
        return dead;
    }
}
