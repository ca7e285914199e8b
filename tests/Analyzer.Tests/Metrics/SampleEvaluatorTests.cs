using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Tests.Metrics;

public sealed class SampleEvaluatorTests
{
    // The largest possible E needs one word, two words, more.
    [Theory]
    [InlineData(3, 20)]
    [InlineData(8, 400)]
    [InlineData(25, 5000)]
    public void Each_sample_gets_what_the_measures_give(int depth, int width)
    {
        var random = new Random(depth);
        for (var k = 0; k < 20; k++)
        {
            var layers = new NetworkLayer[depth];
            for (var i = 0; i < depth; i++)
                layers[i] = new(random.Next(1, width), random.Next(2) == 0 ? 1 : random.Next(1, 10));
            var edges = new List<NetworkEdge>();
            for (var to = 1; to < depth; to++)
            {
                edges.Add(NetworkEdge.Dense(to - 1, to));
                for (var from = 0; from < to - 1; from++)
                {
                    if (random.Next(4) == 0)
                        edges.Add(NetworkEdge.Dense(from, to));
                }
            }
            var graph = new NetworkGraph(layers, edges);
            var (alive, channels) = (new List<int>(), new List<int>());
            for (var sample = 0; sample < 10; sample++)
            {
                foreach (var layer in layers)
                {
                    var count = random.Next(layer.Channels + 1);
                    channels.Add(count);
                    alive.Add(layer.Positions == 1 || count == 0 ? count : random.Next(count, (count * layer.Positions) + 1));
                }
            }

            var evaluator = new SampleEvaluator(graph);
            var e = evaluator.Emergence([.. alive]);
            var active = evaluator.EmergenceActive([.. alive], [.. channels]);
            Assert.Equal((10, 10), (e.Length, active.Length));
            for (var sample = 0; sample < 10; sample++)
            {
                LayerActivity[] activity =
                    [.. Enumerable.Range(sample * depth, depth).Select(at => LayerActivity.Count(alive[at], channels[at]))];
                Assert.Equal(MeasureCatalog.Emergence.Of(graph, activity).Rounded, e[sample]);
                Assert.Equal(MeasureCatalog.EmergenceActive.Of(graph, activity).Rounded, active[sample]);
            }
        }
    }

    [Fact]
    public void Counts_that_do_not_fit_are_refused()
    {
        var evaluator = new SampleEvaluator(NetworkGraph.Chain(3, 2));
        Assert.Equal(
            "3 counts are not a whole number of samples of 2 layers. (Parameter 'alive')",
            Assert.Throws<ArgumentException>(() => evaluator.Emergence([1, 2, 3])).Message);
        Assert.Equal(
            "Sample 1, layer 0: 4 of 3 alive. (Parameter 'alive')",
            Assert.Throws<ArgumentException>(() => evaluator.Emergence([1, 2, 4, 1])).Message);
        Assert.Throws<ArgumentException>(() => evaluator.EmergenceActive([1, 2, 3, 1], [1, 2]));
    }

    [Fact]
    public void Networks_with_identity_edges_are_refused() => Assert.Throws<ArgumentException>(
        () => new SampleEvaluator(new NetworkGraph([new(3), new(3)], [NetworkEdge.Identity(0, 1)])));
}
