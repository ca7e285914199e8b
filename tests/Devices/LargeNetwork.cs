using Emergence.Checkpoints;
using static Onnx.TensorProto.Types;

namespace Emergence.Devices;

/// <summary>Six convolutions on 64×64 pixels and a dense layer, of random weights: enough work for a GPU to show.</summary>
internal static class LargeNetwork
{
    private const int Channels = 64;

    public static string Save(string path)
    {
        var random = new Random(7);
        var graph = new GraphBuilder("convolutions");
        var x = graph.Input("x", DataType.Float, "N", 3, 64, 64);
        for (var i = 1; i <= 6; i++)
        {
            var inputs = i == 1 ? 3 : Channels;
            graph.Initializer($"w{i}", [Channels, inputs, 3, 3], Weights(random, Channels, inputs * 9));
            ReadOnlySpan<long> strides = i % 2 == 0 ? [2, 2] : [1, 1];
            graph.AddNode($"conv{i}", "Conv", [x, $"w{i}"], [$"c{i}"],
                [Onnx.AttributeProto.Of("pads", [1L, 1, 1, 1]), Onnx.AttributeProto.Of("strides", strides)]);
            x = graph.Node("Relu", [$"c{i}"]);
        }
        graph.Initializer("w", [Channels, 10], Weights(random, 10, Channels));
        var pooled = graph.Node("Flatten", [graph.Node("GlobalAveragePool", [x])]);
        graph.AddNode("dense", "MatMul", [pooled, "w"], ["y"]);
        graph.Output("y", DataType.Float, "N", 10);
        File.WriteAllBytes(path, ModelFile.Serialize(graph.Build(opset: 17, ir: 8, "device-check")));
        return path;
    }

    private static float[] Weights(Random random, int outputs, int inputs)
    {
        var weights = new float[outputs * inputs];
        foreach (ref var weight in weights.AsSpan())
            weight = (float)((random.NextDouble() - 0.5) * Math.Sqrt(24.0 / inputs));
        return weights;
    }
}
