using System.Collections.Immutable;
using Emergence.Analyzer.Containment;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Pruning;
using Emergence.Tracing;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>Whatever a network is made of, nodes cut out of it leave what zeroed ones do, and nothing that
/// is not finite.</summary>
public sealed class RandomNetworkPruningTests : PruningTests
{
    private const int Rounds = 20;
    private const int Networks = 100;
    private const int Plain = 400;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, Rounds)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void cutting_computes_what_zeroing_does(int round) =>
        Assert.Empty(Enumerable.Range(round * Networks, Networks)
            .SelectMany(seed => FaultOf(seed) is { } fault ? [$"seed {seed}: {fault}"] : Array.Empty<string>()));

    private string? FaultOf(int seed)
    {
        var checkpoint = Draw(seed);
        var inputs = LayerTracer.Trace(checkpoint, new TraceOptions()).Inputs;
        var original = Run(checkpoint.Model, inputs);
        if (Prune(checkpoint, Options(seed)) is not { } zeroed)
            return null;
        var shrunk = Pruner.Prune(checkpoint, Options(seed) with { Shrink = true });
        // What is left traces to the same layers, with as many units fewer.
        var before = LayerTracer.Trace(checkpoint, new TraceOptions()).Layers;
        var after = LayerTracer.Trace(checkpoint.WithModel(shrunk.Model), new TraceOptions()).Layers;
        foreach (var (layer, was, left) in shrunk.Layers.Zip(before, after))
        {
            // Behind a product or a sum the layer may be read with the channels of the other.
            if (seed < Plain && was.Channels == layer.Units && left.Channels != layer.Units - layer.UnitsCut)
                return $"{layer.Name} is left with {left.Channels} of {layer.Units} nodes where {layer.UnitsCut} were cut";
        }
        var (expected, actual) = (Run(zeroed.Model, inputs), Run(shrunk.Model, inputs));
        if (!original.All(double.IsFinite))
            return null;
        var size = Math.Max(1, expected.Max(Math.Abs));
        if (!expected.All(double.IsFinite))
            return FaultOfVerified(checkpoint, inputs, Options(seed));
        var difference = expected.Zip(actual, (x, y) => Math.Abs(x - y)).Max();
        // Where statistics of a few numbers divide by little, the order of a sum alone makes more than that.
        double Noise() => expected.Zip(Run(zeroed.Model, inputs, Optimization.None), (x, y) => Math.Abs(x - y)).Max();
        return difference <= 1e-5 * size || difference <= 10 * Noise() ? null : $"cut, it differs by {difference} of {size}";
    }

    /// <summary>What is zero by chance, on some samples, no analysis tells: there it takes a run.</summary>
    private string? FaultOfVerified(Checkpoint checkpoint, ImmutableArray<ModelInput> inputs, PruneOptions options)
    {
        var pruner =
            new VerifiedPruner(checkpoint, new ProbeOptions(), new CheckpointRun(new RunLimits(), null, CancellationToken.None));
        return Prune(asked => pruner.Prune(asked), options) is not { } pruned || Run(pruned.Model, inputs).All(double.IsFinite)
            ? null
            : "verified, it is not finite";
    }

    /// <summary>Null for the few networks of which every layer has to be left alone.</summary>
    private static PrunedModel? Prune(Checkpoint checkpoint, PruneOptions options) =>
        Prune(asked => Pruner.Prune(checkpoint, asked), options);

    private static PrunedModel? Prune(Func<PruneOptions, PrunedModel> prune, PruneOptions options)
    {
        try
        {
            return prune(options);
        }
        catch (UserException e) when (e.Message.Contains("no node to prune", StringComparison.Ordinal))
        {
            return null;
        }
    }

    [Fact]
    public void most_nodes_are_cut_out()
    {
        var layers = Enumerable.Range(0, 200)
            .Select(seed => Prune(Draw(seed), Options(seed) with { Shrink = true }))
            .OfType<PrunedModel>()
            .SelectMany(pruned => pruned.Layers)
            .ToArray();
        Assert.InRange(layers.Sum(layer => layer.UnitsCut), layers.Sum(layer => layer.UnitsRemoved) / 2, int.MaxValue);
    }

    private double[] Run(Onnx.ModelProto model, ImmutableArray<ModelInput> inputs,
        Optimization optimization = Optimization.Default)
    {
        var path = Folder.Path("run.onnx");
        ModelFile.Save(model, path);
        return ModelRun.Outputs(path, inputs, optimization: optimization);
    }

    private Checkpoint Draw(int seed) => Open(RandomNetwork.Draw(seed, steps: 3 + seed % 8, seed >= Plain));

    private static PruneOptions Options(int seed) => new()
    {
        Amount = 0.2 + seed % 4 * 0.2,
        Structure = PruneStructure.Nodes,
        Scope = seed % 2 == 0 ? PruneScope.Layer : PruneScope.Global,
        KeepOutput = true,
    };
}
