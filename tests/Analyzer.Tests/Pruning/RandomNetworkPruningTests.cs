using Emergence.Checkpoints;
using Emergence.Pruning;
using Emergence.Tracing;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>Whatever a network is made of, nodes cut out of it leave what zeroed ones do, and nothing that is not finite.</summary>
public sealed class RandomNetworkPruningTests : PruningTests
{
    private const int Rounds = 20;
    private const int Networks = 100;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, Rounds)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void cutting_computes_what_zeroing_does(int round)
    {
        foreach (var seed in Enumerable.Range(round * Networks, Networks))
        {
            var checkpoint = Draw(seed);
            var inputs = LayerTracer.Trace(checkpoint, new TraceOptions()).Inputs;
            var original = Run(checkpoint.Model, inputs);
            try
            {
                var zeroed = Pruner.Prune(checkpoint, Options(seed));
                var shrunk = Pruner.Prune(checkpoint, Options(seed) with { Shrink = true });
                var (expected, actual) = (Run(zeroed.Model, inputs), Run(shrunk.Model, inputs));
                Assert.True(!original.All(double.IsFinite) || expected.All(double.IsFinite), $"seed {seed}: not finite");
                var size = Math.Max(1, expected.Max(Math.Abs));
                Assert.True(!original.All(double.IsFinite) || expected.Zip(actual, (x, y) => Math.Abs(x - y)).All(difference => difference <= 1e-5 * size), $"seed {seed}: cut, it differs");
                // What is left traces to the same layers, with as many units fewer.
                var after = LayerTracer.Trace(checkpoint.WithModel(shrunk.Model), new TraceOptions());
                Assert.Equal(shrunk.Layers.Select(layer => layer.Units - layer.UnitsCut), after.Layers.Select(layer => layer.Channels));
            }
            catch (UserException e) when (e.Message.Contains("no node to prune", StringComparison.Ordinal))
            {
                // Of some networks every layer has to be left alone.
                Assert.True(seed % 10 != 0 || Networks > 1, e.Message);
            }
        }
    }

    [Fact]
    public void most_nodes_are_cut_out()
    {
        var layers = Enumerable.Range(0, 40).Select(Draw).Select((checkpoint, seed) => Pruner.Prune(checkpoint, Options(seed) with { Shrink = true })).SelectMany(pruned => pruned.Layers).ToArray();
        Assert.InRange(layers.Sum(layer => layer.UnitsCut), layers.Sum(layer => layer.UnitsRemoved) / 2, int.MaxValue);
    }

    private double[] Run(Onnx.ModelProto model, System.Collections.Immutable.ImmutableArray<Emergence.Tracing.Model.ModelInput> inputs)
    {
        var path = Folder.Path("run.onnx");
        ModelFile.Save(model, path);
        return ModelRun.Outputs(path, inputs);
    }

    private Checkpoint Draw(int seed) => Open(RandomNetwork.Draw(seed, steps: 3 + seed % 9));

    private static PruneOptions Options(int seed) => new()
    {
        Amount = 0.2 + seed % 4 * 0.2,
        Structure = PruneStructure.Nodes,
        Scope = seed % 2 == 0 ? PruneScope.Layer : PruneScope.Global,
        KeepOutput = true,
    };
}
