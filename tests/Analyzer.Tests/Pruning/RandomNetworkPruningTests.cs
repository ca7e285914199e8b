using Emergence.Checkpoints;
using Emergence.Pruning;
using Emergence.Tracing;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>Whatever a network is made of, nodes cut out of it leave what zeroed ones do.</summary>
public sealed class RandomNetworkPruningTests : PruningTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 120)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void cutting_computes_what_zeroing_does(int seed)
    {
        var checkpoint = Draw(seed);
        var zeroing = Options(seed);
        AssertSame(checkpoint, zeroing, zeroing with { Shrink = true });
        // What is left traces to the same layers, with as many units fewer.
        var shrunk = Pruner.Prune(checkpoint, zeroing with { Shrink = true });
        var after = LayerTracer.Trace(checkpoint.WithModel(shrunk.Model), new TraceOptions());
        Assert.Equal(shrunk.Layers.Select(layer => layer.Units - layer.UnitsCut), after.Layers.Select(layer => layer.Channels));
    }

    [Fact]
    public void many_nodes_can_be_cut_out()
    {
        var layers = Enumerable.Range(0, 40).SelectMany(seed => Pruner.Prune(Draw(seed), Options(seed) with { Shrink = true }).Layers).ToArray();
        Assert.InRange(layers.Sum(layer => layer.UnitsCut), layers.Sum(layer => layer.UnitsRemoved) / 4, int.MaxValue);
    }

    private Checkpoint Draw(int seed) => Open(RandomNetwork.Draw(seed, steps: 4 + seed % 12));

    private static PruneOptions Options(int seed) => new()
    {
        Amount = 0.2 + seed % 4 * 0.2,
        Structure = PruneStructure.Nodes,
        Scope = seed % 2 == 0 ? PruneScope.Layer : PruneScope.Global,
        KeepOutput = true,
    };
}
