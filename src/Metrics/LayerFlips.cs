using System.Numerics;

namespace Emergence.Analyzer.Metrics;

/// <summary>
/// The nodes of one layer that differ between two states of a network, and what each of them contributes to E's change.
/// </summary>
internal sealed class LayerFlips
{
    private readonly int _index;
    // Twice the derivative of E by a node, halfway between the states: gain less loss.
    private readonly NodeCounts _gain;
    private readonly NodeCounts _loss;
    // Which nodes became alive and which died; null where only counts are known.
    private readonly ulong[]? _born;
    private readonly ulong[]? _dead;

    private LayerFlips(int index, NetworkLayer layer, LayerActivity before, LayerActivity after, NodeCounts gain, NodeCounts loss)
    {
        (_index, _gain, _loss) = (index, gain, loss);
        if (before.IsMask(layer) && after.IsMask(layer))
        {
            var was = before.Mask(layer, index);
            var now = after.Mask(layer, index);
            (_born, _dead) = (OnlyIn(now, was), OnlyIn(was, now));
            (BecameAlive, Died) = (_born.Sum(BitOperations.PopCount), _dead.Sum(BitOperations.PopCount));
        }
        else
        {
            BecameAlive = Math.Max(0, after.Alive - before.Alive);
            Died = Math.Max(0, before.Alive - after.Alive);
        }
    }

    /// <summary>Alive nodes that were dead.</summary>
    public int BecameAlive { get; }

    /// <summary>Dead nodes that were alive.</summary>
    public int Died { get; }

    /// <summary>One entry per layer.</summary>
    public static LayerFlips[] Between(NetworkGraph graph, ReadOnlySpan<LayerActivity> before, ReadOnlySpan<LayerActivity> after)
    {
        ArgumentNullException.ThrowIfNull(graph);
        LayerActivity.Check(graph, before);
        LayerActivity.Check(graph, after);
        LayerActivity[] was = before.ToArray(), now = after.ToArray();
        var (first, last) = (EmergenceGradient.Of(graph, was), EmergenceGradient.Of(graph, now));
        return
        [
            .. graph.Layers.Select((layer, i) => new LayerFlips(
                i, layer, was[i], now[i], first.Arriving[i].Plus(last.Arriving[i]), first.Leaving[i].Plus(last.Leaving[i]))),
        ];
    }

    /// <summary>What all of them contribute together.</summary>
    public EmergenceChange Contribution() => Half(
        _gain.Sum(BecameAlive, _born) + _loss.Sum(Died, _dead), _loss.Sum(BecameAlive, _born) + _gain.Sum(Died, _dead));

    /// <summary>The magnitudes of their contributions, added up.</summary>
    public EmergenceValue Moved()
    {
        if (AreAlike)
            return (BecameAlive + Died) * OfOne(0, becameAlive: true).Magnitude;
        return Nodes().Aggregate(new EmergenceValue(), (sum, node) => sum + node.Contribution.Magnitude);
    }

    /// <summary>Nodes among which one contributes the most.</summary>
    public IEnumerable<NodeStep> Candidates()
    {
        if (BecameAlive + Died == 0)
            return [];
        if (!AreAlike)
            return Nodes();
        var becameAlive = BecameAlive > 0;
        int? node = (becameAlive ? _born : _dead) is { } mask ? Set(mask).First() : null;
        return [new NodeStep(_index, node, becameAlive, OfOne(0, becameAlive))];
    }

    /// <summary>What each of them contributes, in order of the nodes.</summary>
    /// <exception cref="ArgumentException">Only counts are known.</exception>
    public IEnumerable<NodeStep> Nodes()
    {
        if (_born is null || _dead is null)
            throw new ArgumentException($"Layer {_index}: only the number of alive nodes is known; give a mask.");
        return Set(_born).Select(node => Step(node, true)).Concat(Set(_dead).Select(node => Step(node, false))).OrderBy(step =>
            step.Node);

        NodeStep Step(int node, bool becameAlive) => new(_index, node, becameAlive, OfOne(node, becameAlive));
    }

    private bool AreAlike => _gain.Own is null && _loss.Own is null;

    private EmergenceChange OfOne(int node, bool becameAlive) =>
        becameAlive ? Half(_gain[node], _loss[node]) : Half(_loss[node], _gain[node]);

    private static EmergenceChange Half(EmergenceValue up, EmergenceValue down)
    {
        var twice = EmergenceChange.Between(down, up);
        return EmergenceChange.Of(twice.Numerator, 2 * twice.Denominator);
    }

    private static ulong[] OnlyIn(ReadOnlySpan<ulong> one, ReadOnlySpan<ulong> other)
    {
        var only = one.ToArray();
        for (var word = 0; word < only.Length; word++)
            only[word] &= ~other[word];
        return only;
    }

    private static IEnumerable<int> Set(ulong[] mask)
    {
        for (var word = 0; word < mask.Length; word++)
        {
            for (var bits = mask[word]; bits != 0; bits &= bits - 1)
                yield return (word * 64) + BitOperations.TrailingZeroCount(bits);
        }
    }
}
