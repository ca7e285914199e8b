using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Tests.Metrics;

public sealed class IndexMapTests
{
    [Fact]
    public void A_transpose_moves_each_element() =>
        // [[0, 1, 2], [3, 4, 5]] becomes [[0, 3], [1, 4], [2, 5]].
        AssertMap(IndexMap.Transpose([2, 3], [1, 0]), 6, [0], [2], [4], [1], [3], [5]);

    [Fact]
    public void A_transpose_of_three_axes_is_undone_by_its_inverse()
    {
        var there = IndexMap.Transpose([2, 3, 4], [2, 0, 1]);
        var back = IndexMap.Transpose([4, 2, 3], [1, 2, 0]);
        Assert.Equal(Routes(IndexMap.Identity(24)), Routes(there.Then(back)));
        // Element (1, 2, 3) goes to (3, 1, 2).
        Assert.Equal([23], there.CounterpartsOf(23).ToArray());
        Assert.Equal([(1 * 6) + (0 * 3) + 2], there.CounterpartsOf((0 * 12) + (2 * 4) + 1).ToArray());
    }

    [Fact]
    public void A_slice_leaves_the_rest_without_counterparts()
    {
        AssertMap(IndexMap.Slice([5], [1], [2], [2]), 2, [], [0], [], [1], []);
        AssertMap(IndexMap.Slice([4], [3], [2], [-2]), 2, [], [1], [], [0]);
        AssertMap(IndexMap.Slice([2, 2], [0, 1], [2, 1]), 2, [], [0], [], [1]);
    }

    [Fact]
    public void A_pad_shifts_and_a_negative_one_crops()
    {
        AssertMap(IndexMap.Pad([2, 1], [1, 0], [0, 1]), 6, [2], [4]);
        AssertMap(IndexMap.Pad([3], [-1], [1]), 3, [], [0], [1]);
    }

    [Fact]
    public void A_part_of_a_concatenation_has_its_place() =>
        AssertMap(IndexMap.Place([2, 1], axis: 1, offset: 2, total: 3), 6, [2], [5]);

    [Fact]
    public void A_broadcast_reaches_every_counterpart()
    {
        AssertMap(IndexMap.Broadcast([2, 1], [2, 3]), 6, [0, 1, 2], [3, 4, 5]);
        AssertMap(IndexMap.Broadcast([2], [3, 2]), 6, [0, 2, 4], [1, 3, 5]);
        Assert.Equal(
            "Axis 1: 2 does not broadcast to 3. (Parameter 'target')",
            Assert.Throws<ArgumentException>(() => IndexMap.Broadcast([2, 2], [2, 3])).Message);
    }

    [Fact]
    public void Overlapping_windows_give_several_routes()
    {
        AssertMap(IndexMap.Pool(1, new SlidingWindow([5], [3], [2])), 2, [0], [0], [0, 1], [1], [1]);
        AssertMap(IndexMap.Pool(2, new SlidingWindow([3], [2])), 4, [0], [0, 1], [1], [2], [2, 3], [3]);
        // Global pooling.
        AssertMap(IndexMap.Pool(2, new SlidingWindow([2], [2])), 2, [0], [0], [1], [1]);
    }

    [Fact]
    public void Maps_compose_with_every_route_counting()
    {
        var first = IndexMap.FromPairs(2, 3, [(0, 0), (0, 1), (1, 1), (1, 1)]);
        var second = IndexMap.FromPairs(3, 2, [(0, 0), (1, 0), (1, 1)]);
        AssertMap(first.Then(second), 2, [0, 0, 1], [0, 0, 1, 1]);
        Assert.Equal(4, first.Then(second).FanOut);
        AssertMap(first.Merge(IndexMap.FromPairs(2, 3, [(0, 2)])), 3, [0, 1, 2], [1, 1]);
        AssertMap(IndexMap.FromPairs(2, 1, [(1, 0)]).Repeat(2), 2, [], [0], [], [1]);
        Assert.Equal(
            "A map from 2 elements cannot follow one to 3. (Parameter 'next')",
            Assert.Throws<ArgumentException>(() => first.Then(first)).Message);
        Assert.Throws<ArgumentException>(() => first.Merge(second));
    }

    [Fact]
    public void Elements_that_do_not_exist_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => IndexMap.FromPairs(2, 2, [(2, 0)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => IndexMap.FromPairs(2, 2, [(0, -1)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => IndexMap.FromSources(2, [0, 2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => IndexMap.FromSources(2, [-2]));
    }

    [Fact]
    public void A_window_fits_as_often_as_its_padding_lets_it()
    {
        var window = new SlidingWindow([7, 5], [3, 2], [2, 1], [1, 0, 1, 2], [1, 3]);
        Assert.Equal([4, 4], window.Output);
        Assert.Throws<ArgumentException>(() => new SlidingWindow([2], [3]));
        Assert.Throws<ArgumentException>(() => new SlidingWindow([2, 2], [1]));
        Assert.Throws<ArgumentException>(() => new SlidingWindow([2, 2], [1, 1], pads: [1, 1]));
    }

    private static void AssertMap(IndexMap map, int targets, params int[][] counterparts)
    {
        Assert.Equal((counterparts.Length, targets), (map.Sources, map.Targets));
        Assert.Equal(counterparts, Routes(map));
    }

    private static int[][] Routes(IndexMap map) =>
        [.. Enumerable.Range(0, map.Sources).Select(source => map.CounterpartsOf(source).ToArray().Order().ToArray())];
}
