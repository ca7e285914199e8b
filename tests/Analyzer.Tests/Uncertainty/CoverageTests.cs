using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Model;
using static Emergence.Analyzer.Tests.Instrumentation.TinyModel;

namespace Emergence.Analyzer.Tests.Uncertainty;

/// <summary>
/// A layer whose node k is 1 on a share p(k) of all samples there could be, and 0 on the others, all nodes by one draw per
/// sample: with θ = 0.5 its a is known, and that of a probe errs as the median of the draws does.
/// </summary>
public class CoverageTests
{
    private const int Nodes = 401;
    private const int Samples = 640;
    private const int Probes = 500;

    private static readonly AnalysisSettings Settings =
        new() { Thresholds = [0.5f], Bootstrap = new BootstrapSettings(400) };

    private static readonly TracedLayer Layer = new()
    {
        Index = 0,
        Name = "bernoulli",
        Op = "Gemm",
        Activation = "",
        Reading = new Reading("y", 1, [Batch(), Channel(Nodes)]),
        Channels = Nodes,
        Positions = 1,
        IsConvolution = false,
    };

    [Fact]
    public void nineteen_of_twenty_intervals_hold_the_truth()
    {
        // p(k) = (k + 1/2) / 401: 200 nodes above 1/2, and the middle one on it, which is dead.
        const int Alive = 200;
        var random = new Random(20);
        var (holds, halved, widths) = (0, 0, new List<int>());
        for (var probe = 0; probe < Probes; probe++)
        {
            var draws = Enumerable.Range(0, Samples).Select(_ => random.NextDouble()).ToArray();
            var (low, high) = Bootstrap.Of(NetworkGraph.Chain(Nodes), [Profile(draws)], Settings, 0.5f,
                TestContext.Current.CancellationToken).Alive;
            holds += low <= Alive && Alive <= high ? 1 : 0;
            // What an interval half as wide would hold.
            var middle = Enumerable.Range(0, Nodes).Count(k => draws.Count(draw => draw < Share(k)) > Samples / 2);
            halved += Math.Abs(middle - Alive) <= (high - low) / 4 ? 1 : 0;
            widths.Add(high - low);
        }
        // 475 expected, with a standard deviation of 5.
        Assert.InRange(holds, 460, 490);
        // The test would notice intervals half as wide: 340 expected.
        Assert.InRange(halved, 310, 370);
        // The median of 640 draws has a standard deviation of 1/2/√640, so 4 · 401/2/√640 = 32 nodes lie within two of it.
        Assert.InRange(widths.Average(), 27, 36);
    }

    private static double Share(int k) => (k + 0.5) / Nodes;

    private static LayerProfile Profile(double[] draws)
    {
        ImmutableArray<double> Counts(IEnumerable<double> some) =>
            [.. Enumerable.Range(0, Nodes).Select(k => (double)some.Count(draw => draw < Share(k)))];
        var blocks = draws.Chunk(Samples / BootstrapSettings.Blocks).ToArray();
        var sum = new Counter(CounterKind.Sum);
        return new LayerProfile(Layer, Nodes, 1, Samples, 1,
            ImmutableDictionary<Counter, ImmutableArray<double>>.Empty.Add(sum, Counts(draws)))
        {
            Blocks = new LayerBlocks(
                [.. blocks.Select(block => (long)block.Length)],
                ImmutableDictionary<Counter, ImmutableArray<ImmutableArray<double>>>.Empty.Add(sum, [.. blocks.Select(Counts)])),
        };
    }
}
