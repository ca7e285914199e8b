using BenchmarkDotNet.Attributes;
using Emergence.Checkpoints;
using Emergence.Pruning;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Benchmarks;

/// <summary>What cutting half of the nodes out of a model saves, against only zeroing them.</summary>
[MinColumn]
public class ShrunkModelBenchmarks
{
    private readonly Dictionary<(string, bool), (InferenceSession Session, OrtValue Input)> _sessions = [];

    /// <summary>The network: a dense one, or one of convolutions.</summary>
    [Params("mlp 784-1024-1024-10", "cnn 32-64-64 at 28×28")]
    public string Network { get; set; } = "";

    [GlobalSetup]
    public void SetUp()
    {
        var isDense = Network.StartsWith("mlp", StringComparison.Ordinal);
        var path = Path.Combine(Directory.CreateTempSubdirectory("emergence-").FullName, "model.onnx");
        ModelFile.Save(isDense ? Dense(784, 1024, 1024, 10) : Convolutions(32, 64, 64), path);
        var checkpoint = Checkpoint.Open(path);
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        long[] shape = isDense ? [64, 784] : [16, 1, 28, 28];
        foreach (var shrink in (bool[])[false, true])
        {
            var pruned = Pruner.Prune(checkpoint,
                new PruneOptions
                {
                    Amount = 0.5,
                    Structure = PruneStructure.Nodes,
                    Scope = PruneScope.Layer,
                    KeepOutput = true,
                    Shrink = shrink
                });
            var input = OrtValue.CreateTensorValueFromMemory(Values((int)shape.Aggregate(1L, (count, size) => count * size)),
                shape);
            _sessions[(Network, shrink)] = (new InferenceSession(ModelFile.Serialize(pruned.Model), options), input);
        }
    }

    [Benchmark(Baseline = true, Description = "half of the nodes zeroed")]
    public long Zeroed() => Run(shrink: false);

    [Benchmark(Description = "half of the nodes cut out")]
    public long Shrunk() => Run(shrink: true);

    private long Run(bool shrink)
    {
        var (session, input) = _sessions[(Network, shrink)];
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["x"], [input], ["y"]);
        return outputs[0].GetTensorTypeAndShape().ElementCount;
    }

    private static float[] Values(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }

    private static ModelProto Dense(params int[] sizes)
    {
        var graph = new GraphBuilder("mlp");
        var x = graph.Input("x", DataType.Float, "N", sizes[0]);
        for (var i = 1; i < sizes.Length; i++)
        {
            var w = graph.Initializer($"w{i}", [sizes[i - 1], sizes[i]], Values(sizes[i - 1] * sizes[i]));
            x = graph.Node("MatMul", [x, w]);
            if (i < sizes.Length - 1)
                x = graph.Node("Relu", [x]);
        }
        return Finish(graph, x, sizes[^1]);
    }

    private static ModelProto Convolutions(params int[] filters)
    {
        var graph = new GraphBuilder("cnn");
        var x = graph.Input("x", DataType.Float, "N", 1, 28, 28);
        var channels = 1;
        for (var i = 0; i < filters.Length; channels = filters[i++])
        {
            var k = graph.Initializer($"k{i}", [filters[i], channels, 3, 3], Values(filters[i] * channels * 9));
            x = graph.Node("Relu", [graph.Node("Conv", [x, k], AttributeProto.Of("pads", 1, 1, 1, 1))]);
        }
        x = graph.Node("Flatten", [graph.Node("GlobalAveragePool", [x])]);
        return Finish(graph, graph.Node("MatMul", [x, graph.Initializer("w", [channels, 10], Values(channels * 10))]), 10);
    }

    private static ModelProto Finish(GraphBuilder graph, string last, int size)
    {
        graph.AddNode("last", "Identity", [last], ["y"]);
        graph.Output("y", DataType.Float, "N", size);
        return graph.Build(13, 7, "benchmarks");
    }
}
