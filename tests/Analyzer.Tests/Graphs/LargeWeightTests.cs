using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Tracing;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>A trace reads large weights, but never holds one.</summary>
public class LargeWeightTests
{
    private const int Nodes = 1024;
    private const int Bytes = Nodes * Nodes * sizeof(float);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void a_trace_takes_a_fraction_of_the_weights(bool isExternal)
    {
        using var folder = new TemporaryFolder();
        var graph = new GraphBuilder("large");
        var tensor = graph.Input("x", DataType.Float, "N", Nodes);
        for (var layer = 0; layer < 3; layer++)
        {
            graph.Graph.Initializer.Add(Weight(folder, $"w{layer}", layer, isExternal));
            tensor = graph.Node("Relu", [graph.Node("MatMul", [tensor, $"w{layer}"])]);
        }
        graph.Output(tensor, DataType.Float, "N", Nodes);
        var path = folder.Path("large.onnx");
        ModelFile.Save(graph.Build(17, 8, "tests"), path);
        var checkpoint = Checkpoint.Open(path);
        // Once before, so that what is compiled does not count.
        LayerTracer.TraceFully(checkpoint, new TraceOptions());
        var before = GC.GetAllocatedBytesForCurrentThread();
        var traced = LayerTracer.TraceFully(checkpoint, new TraceOptions()).Graph;
        var taken = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(3, traced.Parameters.Count());
        Assert.All(traced.Parameters, parameter =>
            Assert.Equal((Nodes * Nodes, (Nodes * Nodes) - 2), (parameter.Count, parameter.Nonzero)));
        Assert.True(taken < Bytes, $"{taken} bytes for weights of {3 * Bytes}");
    }

    private static TensorProto Weight(TemporaryFolder folder, string name, int seed, bool isExternal)
    {
        var random = new Random(seed);
        var values = new float[Nodes * Nodes];
        foreach (ref var value in values.AsSpan())
            value = random.NextSingle() + 0.5f;
        (values[7], values[^7]) = (0, -0f);
        var tensor = TensorValues.FromFloats(name, [Nodes, Nodes], values);
        if (!isExternal)
            return tensor;
        File.WriteAllBytes(folder.Path($"{name}.bin"), TensorValues.ToRaw(tensor, null));
        tensor.ClearRawData();
        tensor.DataLocation = DataLocation.External;
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = $"{name}.bin" });
        return tensor;
    }
}
