using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Tests.Metrics;

public sealed class NodeMaskTests
{
    /// <summary>Sizes around the words that hold them.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(200)]
    public void a_mask_gives_back_its_nodes_and_counts_them(int size)
    {
        var random = new Random(size);
        var (one, other) = (Networks.RandomMask(random, size), Networks.RandomMask(random, size));
        var (mask, second) = (new NodeMask(one), new NodeMask(other));
        Assert.Equal(size, mask.Count);
        Assert.Equal(one, mask);
        Assert.Equal(one.Zip(other).Count(pair => pair.First && pair.Second), mask.CountShared(second));
        Assert.Equal(one.Zip(other).Count(pair => pair.First && !pair.Second), mask.CountMissingIn(second));

        var bytes = mask.ToBytes();
        Assert.Equal((size + 7) / 8, bytes.Length);
        Assert.Equal(one, Enumerable.Range(0, size).Select(node => (bytes[node / 8] >> (node % 8) & 1) == 1));
        Assert.Equal(mask, NodeMask.FromBytes(size, bytes));
        Assert.Equal(one.Count(alive => alive), bytes.Sum(part => int.PopCount(part)));
    }

    [Fact]
    public void equal_nodes_make_equal_masks()
    {
        bool[] nodes = [true, false, true];
        var mask = new NodeMask(nodes);
        nodes[0] = false;
        Assert.True(mask.Equals(new NodeMask(true, false, true)));
        Assert.Equal(mask.GetHashCode(), new NodeMask(true, false, true).GetHashCode());
        Assert.False(mask.Equals(new NodeMask(nodes)));
        // Nodes that are not in the mask count too.
        Assert.False(mask.Equals(new NodeMask(true, false, true, false)));
    }

    [Fact]
    public void masks_of_different_layers_are_not_compared()
    {
        var mask = new NodeMask(true, false);
        Assert.Throws<ArgumentException>(() => mask.CountShared(new NodeMask(true)));
        Assert.Throws<ArgumentException>(() => mask.CountMissingIn(new NodeMask(true, true, true)));
        Assert.Throws<ArgumentException>(() => NodeMask.FromBytes(9, [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => mask[2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => mask[-1]);
    }
}
