using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Settings;
using Emergence.Tracing;
using Emergence.Tracing.Networks;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>Where a transposed convolution is told its output's size, the padding follows from it: the runtime's sum of ones is
/// the count of connections.</summary>
public sealed class TransposedPaddingTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(4, 0, "NOTSET")]
    [InlineData(4, 1, "NOTSET")]
    [InlineData(3, 1, "NOTSET")]
    [InlineData(3, 0, "SAME_UPPER")]
    [InlineData(3, 0, "SAME_LOWER")]
    [InlineData(4, 1, "SAME_UPPER")]
    public void padding_is_the_runtimes(int size, int extra, string autoPad)
    {
        var graph = new GraphBuilder("transposed");
        var x = graph.Input("x", DataType.Float, 1, 1, 2);
        graph.Initializer("one", [1, 1, 1], [1f]);
        graph.Initializer("ones", [1, 1, 2], [1f, 1f]);
        graph.AddNode("first", "Conv", [x, "one"], ["a"]);
        graph.AddNode("second", "ConvTranspose", ["a", "ones"], ["y"],
        [
            AttributeProto.Of("strides", [2L]), AttributeProto.Of("output_shape", [(long)size]),
            AttributeProto.Of("output_padding", [(long)extra]),
            AttributeProto.Of("auto_pad", autoPad),
        ]);
        graph.Output("y", DataType.Float, 1, 1, size);
        var path = folder.Path("m.onnx");
        ModelFile.Save(graph.Build(13, 7, "tests"), path);

        var network = WiredNetwork.Of(LayerTracer.TraceFully(Checkpoint.Open(path), new TraceOptions()), ConvNodes.Units).Network;
        using var session = SessionFactory.Create(new AnalysisSettings { Device = Device.Cpu }).Open(ModelFile.Read(path), path);
        for (var node = 0; node < 2; node++)
        {
            // One dead node and an alive layer after it: E_w counts its connections.
            LayerActivity[] activity =
                [LayerActivity.FromMask(network.Layers[0], [node != 0, node != 1]), LayerActivity.Count(size)];
            using var input = OrtValue.CreateTensorValueFromMemory([node == 0 ? 1f : 0, node == 1 ? 1f : 0], [1, 1, 2]);
            using var options = new RunOptions();
            using var outputs = session.Run(options, ["x"], [input], ["y"]);
            Assert.Equal(outputs[0].GetTensorDataAsSpan<float>().ToArray().Sum(),
                MeasureCatalog.EmergenceWired.Of(network, activity).ToDouble());
        }
    }
}
