using System.Collections.Immutable;
using System.Numerics;

namespace Emergence.Analyzer.Metrics;

/// <summary>What one node contributes to a change of E.</summary>
/// <param name="Layer">Index of its layer.</param>
/// <param name="Node">Its index in the layer, channel-major; null where only counts of alive nodes are known.</param>
/// <param name="BecameAlive">Whether it was dead before; else it died.</param>
/// <param name="Contribution">Its part of the change.</param>
public readonly record struct NodeStep(int Layer, int? Node, bool BecameAlive, EmergenceChange Contribution);

/// <summary>What the nodes of one layer contribute to a change of E.</summary>
/// <param name="BecameAlive">Alive nodes that were dead before; where only counts are known, by how many there are more.</param>
/// <param name="Died">Dead nodes that were alive before; where only counts are known, by how many there are fewer.</param>
/// <param name="Contribution">Their part of the change.</param>
public readonly record struct LayerStep(int BecameAlive, int Died, EmergenceChange Contribution);

/// <summary>
/// What moved E from one state of a network to another, split exactly: the contributions of the layers add up to the
/// change, and those of a layer's nodes add up to the layer's.
/// </summary>
/// <remarks>
/// The contribution of a node is its Shapley value: how much E changes when the node changes, averaged over every order in
/// which the nodes that changed could have done so. No product in E has more than two factors that depend on which nodes
/// are alive, one for each end of a path; so that average is the derivative of E halfway between the states, times the
/// node's step. Taken over orders of whole layers it gives the same, as no path leads from a layer to itself. This holds
/// for E; in E_H a path depends on every node that it passes.
/// </remarks>
/// <param name="Change">From the E before to the E after: the sum of the contributions.</param>
/// <param name="Layers">One entry per layer, in order.</param>
/// <param name="Moved">The magnitudes of the contributions of all nodes, added up.</param>
/// <param name="Largest">The node whose contribution is the largest in magnitude; null where none contributes.</param>
public sealed record EmergenceSplit(
    EmergenceChange Change, ImmutableArray<LayerStep> Layers, EmergenceValue Moved, NodeStep? Largest)
{
    /// <summary>
    /// The share of <see cref="Moved"/> that the largest contribution of one node has; 0 where none contributes.
    /// </summary>
    public double LargestShare => Largest is { } node
        ? new EmergenceValue(node.Contribution.Magnitude.Numerator * Moved.Denominator,
            node.Contribution.Magnitude.Denominator * Moved.Numerator)
            .ToDouble() ?? 0
        : 0;

    /// <summary>
    /// The contributions of the layers as whole numbers that add up to a whole total: each is rounded down, and what is then
    /// missing goes, 1 each, to those that lost the most, the first of equal ones.
    /// </summary>
    /// <param name="total">The change as it is printed, less than one from <see cref="Change"/>.</param>
    public ImmutableArray<BigInteger> Whole(BigInteger total)
    {
        var floors = Layers.Select(layer => Floor(layer.Contribution)).ToArray();
        var missing = total - floors.Aggregate(BigInteger.Zero, (sum, floor) => sum + floor);
        var byLoss = Enumerable.Range(0, floors.Length)
            .OrderByDescending(i => (Layers[i].Contribution - EmergenceChange.Of(floors[i], 1)).Magnitude).ToArray();
        for (var next = 0; !missing.IsZero && byLoss.Length > 0; next = (next + 1) % byLoss.Length)
        {
            var step = missing.Sign > 0 ? byLoss[next] : byLoss[^(next + 1)];
            floors[step] += missing.Sign;
            missing -= missing.Sign;
        }
        return [.. floors];
    }

    private static BigInteger Floor(EmergenceChange change)
    {
        var quotient = BigInteger.DivRem(change.Numerator, change.Denominator, out var remainder);
        return remainder.Sign < 0 ? quotient - 1 : quotient;
    }

    /// <summary>Splits the change of E between two states of one network.</summary>
    /// <param name="graph">Its layers and edges.</param>
    /// <param name="before">Which nodes were alive, or how many: one entry per layer, in order.</param>
    /// <param name="after">Which are alive now.</param>
    /// <exception cref="ArgumentException">An activity does not fit the layers, or a layer on identity edges has only
    /// counts.</exception>
    public static EmergenceSplit Of(NetworkGraph graph, ReadOnlySpan<LayerActivity> before, ReadOnlySpan<LayerActivity> after)
    {
        var steps = LayerFlips.Between(graph, before, after);
        var moved = new EmergenceValue();
        NodeStep? largest = null;
        foreach (var layer in steps)
        {
            moved += layer.Moved();
            foreach (var node in layer.Candidates())
            {
                if (!node.Contribution.Magnitude.IsZero
                    && (largest is null || node.Contribution.Magnitude > largest.Value.Contribution.Magnitude))
                    largest = node;
            }
        }
        ImmutableArray<LayerStep> layers = [.. steps.Select(layer =>
            new LayerStep(layer.BecameAlive, layer.Died, layer.Contribution()))];
        var change = layers.Aggregate(new EmergenceChange(), (sum, layer) => sum + layer.Contribution);
        return new EmergenceSplit(change, layers, moved, largest);
    }

    /// <summary>The contributions of the single nodes of one layer that changed, in order of the nodes.</summary>
    /// <param name="graph">The layers and edges.</param>
    /// <param name="before">Which nodes were alive: one mask per layer, in order.</param>
    /// <param name="after">Which are alive now.</param>
    /// <param name="layer">Index of the layer.</param>
    /// <exception cref="ArgumentException">An activity does not fit the layers, or the layer has only counts.</exception>
    public static ImmutableArray<NodeStep> NodesOf(
        NetworkGraph graph, ReadOnlySpan<LayerActivity> before, ReadOnlySpan<LayerActivity> after, int layer) =>
        [.. LayerFlips.Between(graph, before, after)[layer].Nodes()];

    /// <summary>
    /// The slope of each layer: by how much E changes if one more of its nodes were alive, on average over its dead nodes.
    /// Where the layer is on no identity edge, that is the same for every node. Null where no node is dead.
    /// </summary>
    /// <param name="graph">The layers and edges.</param>
    /// <param name="activity">Which nodes are alive, or how many: one entry per layer, in order.</param>
    /// <exception cref="ArgumentException">The activity does not fit the layers, or a layer on identity edges has only
    /// counts.</exception>
    public static ImmutableArray<EmergenceChange?> Slopes(NetworkGraph graph, params ReadOnlySpan<LayerActivity> activity)
    {
        ArgumentNullException.ThrowIfNull(graph);
        LayerActivity.Check(graph, activity);
        var state = activity.ToArray();
        var gradient = EmergenceGradient.Of(graph, state);
        return [.. state.Select((of, i) => gradient.Slope(graph.Layers[i], of, i))];
    }
}
