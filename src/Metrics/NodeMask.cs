using System.Collections;
using System.Numerics;

namespace Emergence.Analyzer.Metrics;

/// <summary>Some of a layer's nodes, such as those that are alive. Two masks with the same nodes are equal.</summary>
public sealed class NodeMask : IReadOnlyList<bool>, IEquatable<NodeMask>
{
    private readonly ulong[] words;

    /// <summary>A mask of these nodes.</summary>
    /// <param name="nodes">One entry per node, channel-major.</param>
    public NodeMask(params ReadOnlySpan<bool> nodes)
    {
        Count = nodes.Length;
        words = new ulong[(nodes.Length + 63) / 64];
        for (var i = 0; i < nodes.Length; i++)
            words[i / 64] |= (nodes[i] ? 1UL : 0UL) << (i % 64);
    }

    /// <summary>The mask that <see cref="ToBytes"/> gave.</summary>
    /// <param name="nodes">Number of nodes.</param>
    /// <param name="bytes">8 nodes to a byte; bits after the last node are ignored.</param>
    /// <exception cref="ArgumentException">There are not as many bytes as the nodes need.</exception>
    public static NodeMask FromBytes(int nodes, ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nodes);
        if (bytes.Length != (nodes + 7) / 8)
            throw new ArgumentException($"A mask of {nodes} nodes in {bytes.Length} bytes.", nameof(bytes));
        var mask = new bool[nodes];
        for (var i = 0; i < nodes; i++)
            mask[i] = (bytes[i / 8] >> (i % 8) & 1) == 1;
        return new NodeMask(mask);
    }

    /// <summary>Number of nodes, those of the mask and the others.</summary>
    public int Count { get; }

    /// <summary>Whether a node is in the mask.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such node.</exception>
    public bool this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return (words[index / 64] >> (index % 64) & 1) == 1;
        }
    }

    /// <summary>The nodes, 64 to a word, node 0 in the lowest bit of the first.</summary>
    internal ReadOnlySpan<ulong> Words => words;

    /// <summary>How many nodes are in this mask and in another.</summary>
    /// <exception cref="ArgumentException">The other is of another number of nodes.</exception>
    public int CountShared(NodeMask other)
    {
        CheckSize(other);
        return words.Zip(other.words, (mine, its) => BitOperations.PopCount(mine & its)).Sum();
    }

    /// <summary>How many nodes are in this mask and not in another.</summary>
    /// <exception cref="ArgumentException">The other is of another number of nodes.</exception>
    public int CountMissingIn(NodeMask other)
    {
        CheckSize(other);
        return words.Zip(other.words, (mine, its) => BitOperations.PopCount(mine & ~its)).Sum();
    }

    /// <summary>8 nodes to a byte: node i is bit i mod 8, counted from the lowest, of byte i / 8; bits
    /// after the last are 0.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[(Count + 7) / 8];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)(words[i / 8] >> (i % 8 * 8) & 0xff);
        return bytes;
    }

    /// <inheritdoc/>
    public bool Equals(NodeMask? other) =>
        other is not null && Count == other.Count && words.AsSpan().SequenceEqual(other.words);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NodeMask);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Count);
        foreach (var word in words)
            hash.Add(word);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public IEnumerator<bool> GetEnumerator() => Enumerable.Range(0, Count).Select(node => this[node]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void CheckSize(NodeMask other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Count != Count)
            throw new ArgumentException($"A mask of {other.Count} nodes beside one of {Count}.", nameof(other));
    }
}
