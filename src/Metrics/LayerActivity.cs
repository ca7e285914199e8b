using System.Numerics;

namespace Emergence.Analyzer.Metrics;

/// <summary>
/// Which nodes of a layer are alive, or only how many. Counts suffice for E and E_H unless the layer takes part in an
/// identity edge; E_w needs to know which. A count of none or of all nodes says which, too.
/// </summary>
public sealed class LayerActivity
{
    private readonly ulong[]? _mask;
    private readonly int _nodes;

    private LayerActivity(int alive, int? aliveChannels)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(alive);
        (Alive, AliveChannels) = (alive, aliveChannels);
    }

    private LayerActivity(NetworkLayer layer, ulong[] mask)
    {
        _mask = mask;
        _nodes = layer.Nodes;
        Alive = mask.Sum(BitOperations.PopCount);
        AliveChannels = layer.Positions == 1 ? Alive : CountChannels(layer, mask);
    }

    /// <summary>a: number of alive nodes.</summary>
    public int Alive { get; }

    /// <summary>α: number of channels with any alive position; null where it was not told.</summary>
    public int? AliveChannels { get; }

    /// <summary>The number of alive nodes; for a dense layer also that of alive channels.</summary>
    /// <param name="alive">a, from 0 to n.</param>
    public static LayerActivity Count(int alive) => new(alive, null);

    /// <summary>The numbers of alive nodes and of channels that have any.</summary>
    /// <param name="alive">a, from 0 to n.</param>
    /// <param name="aliveChannels">α: channels with any alive position, from 0 to m.</param>
    public static LayerActivity Count(int alive, int aliveChannels) => new(alive, aliveChannels);

    /// <summary>These nodes are alive.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="alive">One entry per node, channel-major.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static LayerActivity FromMask(NetworkLayer layer, ReadOnlySpan<bool> alive)
    {
        CheckLength(layer, alive.Length, nameof(alive));
        return FromMask(layer, new NodeMask(alive));
    }

    /// <inheritdoc cref="FromMask(NetworkLayer, ReadOnlySpan{bool})"/>
    public static LayerActivity FromMask(NetworkLayer layer, NodeMask alive)
    {
        ArgumentNullException.ThrowIfNull(alive);
        CheckLength(layer, alive.Count, nameof(alive));
        return new(layer, alive.Words.ToArray());
    }

    /// <summary>These nodes are alive, 8 to a byte, node 0 in the lowest bit of the first.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="alive">As many bytes as the nodes need; bits beyond the last node are not looked at.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static LayerActivity FromPackedMask(NetworkLayer layer, ReadOnlySpan<byte> alive)
    {
        if (alive.Length != (layer.Nodes + 7) / 8)
            throw new ArgumentException($"A packed mask of {alive.Length} bytes for a layer of {layer.Nodes} nodes.",
                nameof(alive));
        var mask = new ulong[(layer.Nodes + 63) / 64];
        for (var i = 0; i < layer.Nodes; i++)
            mask[i / 64] |= ((ulong)(alive[i / 8] >> (i % 8)) & 1) << (i % 64);
        return new(layer, mask);
    }

    /// <summary>These nodes are alive, 64 to a word, node 0 in the lowest bit of the first.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="alive">As many words as the nodes need; bits beyond the last node are not looked at.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static LayerActivity FromMaskWords(NetworkLayer layer, ReadOnlySpan<ulong> alive)
    {
        if (alive.Length != (layer.Nodes + 63) / 64)
            throw new ArgumentException($"A mask of {alive.Length} words for a layer of {layer.Nodes} nodes.", nameof(alive));
        var mask = alive.ToArray();
        if (layer.Nodes % 64 != 0)
            mask[^1] &= ulong.MaxValue >>> (64 - (layer.Nodes % 64));
        return new(layer, mask);
    }

    /// <summary>Whether it is known which nodes of the layer are alive.</summary>
    internal bool IsMask(NetworkLayer layer) => _mask is not null || Alive == 0 || Alive == layer.Nodes;

    /// <summary>The alive nodes, 64 to a word, node 0 in the lowest bit of the first.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="index">Its index, for the message.</param>
    /// <exception cref="ArgumentException">Only the number of alive nodes is known.</exception>
    internal ReadOnlySpan<ulong> Mask(NetworkLayer layer, int index)
    {
        if (_mask is not null)
            return _mask;
        var mask = new ulong[(layer.Nodes + 63) / 64];
        if (Alive == 0)
            return mask;
        if (Alive != layer.Nodes)
        {
            throw new ArgumentException(
                $"Layer {index}: {Alive} of {layer.Nodes} nodes are alive, but identity edges and E_w need to know which; "
                + "give a mask.");
        }
        Array.Fill(mask, ulong.MaxValue);
        if (layer.Nodes % 64 != 0)
            mask[^1] >>>= 64 - (layer.Nodes % 64);
        return mask;
    }

    /// <summary>α.</summary>
    /// <exception cref="ArgumentException">It was not told and does not follow from a.</exception>
    internal int ChannelsOf(NetworkLayer layer, int index) => AliveChannels
        ?? (layer.Positions == 1 || Alive == 0 ? Alive
            : Alive == layer.Nodes ? layer.Channels
            : throw new ArgumentException(
                $"Layer {index}: E_H needs the number of channels with an alive position; give it, or a mask."));

    /// <summary>Checks that there is one activity per layer and that each fits its layer.</summary>
    /// <exception cref="ArgumentException">One does not.</exception>
    internal static void Check(NetworkGraph graph, ReadOnlySpan<LayerActivity> activity)
    {
        if (activity.Length != graph.Layers.Length)
            throw new ArgumentException($"{activity.Length} activities for {graph.Layers.Length} layers.", nameof(activity));
        for (var i = 0; i < activity.Length; i++)
        {
            var (layer, of) = (graph.Layers[i], activity[i]);
            if (of._mask is not null && of._nodes != layer.Nodes)
                throw new ArgumentException($"Layer {i}: a mask of {of._nodes} nodes for {layer.Nodes}.", nameof(activity));
            if (of.Alive > layer.Nodes)
                throw new ArgumentException($"Layer {i}: {of.Alive} of {layer.Nodes} nodes alive.", nameof(activity));
            if (of.AliveChannels is { } channels
                && (channels > Math.Min(layer.Channels, of.Alive) || (long)channels * layer.Positions < of.Alive))
            {
                throw new ArgumentException(
                    $"Layer {i}: {of.Alive} alive nodes cannot stand on {channels} of {layer.Channels} channels of "
                    + $"{layer.Positions}.",
                    nameof(activity));
            }
        }
    }

    private static void CheckLength(NetworkLayer layer, int length, string name)
    {
        if (length != layer.Nodes)
            throw new ArgumentException($"A mask of {length} nodes for a layer of {layer.Nodes}.", name);
    }

    private static int CountChannels(NetworkLayer layer, ulong[] mask)
    {
        var (count, last) = (0, -1);
        for (var word = 0; word < mask.Length; word++)
        {
            for (var bits = mask[word]; bits != 0; bits &= bits - 1)
            {
                var channel = ((word * 64) + BitOperations.TrailingZeroCount(bits)) / layer.Positions;
                count += channel == last ? 0 : 1;
                last = channel;
            }
        }
        return count;
    }
}
