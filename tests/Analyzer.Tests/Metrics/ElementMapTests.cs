using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Tests.Metrics;

public sealed class ElementMapTests
{
    [Fact]
    public void Overlapping_windows_give_several_routes()
    {
        AssertMap(ElementMap.Windows(1, new SlidingWindow([5], [3], [2])), 5, [0, 1, 2], [2, 3, 4]);
        AssertMap(ElementMap.Windows(2, new SlidingWindow([3], [2])), 6, [0, 1], [1, 2], [3, 4], [4, 5]);
        // Global pooling.
        AssertMap(ElementMap.Windows(2, new SlidingWindow([2], [2])), 4, [0, 1], [2, 3]);
        // What lies on padding comes from nowhere.
        AssertMap(ElementMap.Windows(1, new SlidingWindow([3], [2], [2], [1, 0])), 3, [0], [1, 2]);
    }

    [Fact]
    public void Maps_compose_with_every_route_counting()
    {
        var first = ElementMap.FromPairs(2, 3, [(0, 0), (0, 1), (1, 1), (1, 1)]);
        var second = ElementMap.FromPairs(3, 2, [(0, 0), (1, 0), (1, 1)]);
        AssertMap(first.Then(second), 2, [0, 0, 1], [0, 0, 1, 1]);
        Assert.Equal(4, first.Then(second).FanOut);
        AssertMap(ElementMap.OneEach(3, [2, -1]).Then(ElementMap.OneEach(2, [1, 1, 0])), 2, [0], []);
        Assert.Same(first, first.Then(ElementMap.Identity(3)));
        Assert.Same(first, ElementMap.Identity(2).Then(first));
        Assert.Equal(
            "A map from 2 elements cannot follow one to 3. (Parameter 'next')",
            Assert.Throws<ArgumentException>(() => first.Then(first)).Message);
    }

    [Fact]
    public void A_union_has_each_correspondence_once()
    {
        var first = ElementMap.FromPairs(2, 3, [(0, 0), (0, 1), (1, 1)]);
        AssertMap(first.Union(ElementMap.FromPairs(2, 3, [(0, 2), (0, 1)])), 3, [0, 1, 2], [1]);
        Assert.Same(first, first.Union(first));
        Assert.Throws<ArgumentException>(() => first.Union(ElementMap.Identity(2)));
    }

    [Fact]
    public void A_reversed_map_leads_back()
    {
        AssertMap(ElementMap.OneEach(3, [2, -1, 0, 2]).Reversed(), 4, [2], [], [0, 3]);
        AssertMap(ElementMap.Identity(2).Reversed(), 2, [0], [1]);
        AssertMap(ElementMap.FromPairs(2, 2, [(0, 1), (0, 1)]).Reversed(), 2, [], [0, 0]);
    }

    [Fact]
    public void Elements_that_do_not_exist_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ElementMap.FromPairs(2, 2, [(2, 0)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ElementMap.FromPairs(2, 2, [(0, -1)]));
        AssertMap(ElementMap.FromLists(3, [0, 2, 2, 3], [0, 1, 2]), 3, [0, 1], [], [2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => ElementMap.FromLists(2, [0, 1], [2]));
        Assert.Throws<ArgumentException>(() => ElementMap.FromLists(2, [0, 2, 1], [0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ElementMap.OneEach(2, [0, 2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => ElementMap.OneEach(2, [-2]));
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

    private static void AssertMap(ElementMap map, int to, params int[][] expected)
    {
        Assert.Equal((expected.Length, to), (map.From, map.To));
        Assert.Equal(expected, Enumerable.Range(0, map.From).Select(element => map[element].ToArray().Order().ToArray()));
    }
}
