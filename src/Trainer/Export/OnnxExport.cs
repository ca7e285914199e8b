using Emergence.Checkpoints;
using Emergence.TorchExport;
using Emergence.Trainer.Networks;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Trainer.Export;

/// <summary>Writes a <see cref="Network"/> as an ONNX model, operator by operator.</summary>
/// <remarks>
/// Operator set 17 in file format 8: what every runtime since 2022 reads. The one input is <c>input</c>, of shape
/// (N, C, H, W) with N free; the one output is <c>logits</c>, of shape (N, classes). Nodes bear the layers' names, weights
/// and biases those names with <c>.weight</c> and <c>.bias</c> behind.
/// </remarks>
internal static class OnnxExport
{
    private const string Input = "input", Logits = "logits";

    /// <summary>The network as it stands, described by <paramref name="metadata"/>. Equal weights give equal bytes.</summary>
    public static ModelProto ToModel(Network network, CheckpointMetadata metadata)
    {
        var architecture = network.Architecture;
        var onnx = new OnnxWriter();
        var tensor = onnx.Input(Input, DataType.Float, [.. architecture.InputShape.Select(size => (long)size)]);
        foreach (var layer in architecture.Layers)
            tensor = Write(onnx, network, layer, tensor);
        var model = onnx.Finish(tensor, Logits, "emergence-train", [architecture.Classes]);
        metadata.WriteTo(model);
        return model;
    }

    private static string Write(OnnxWriter onnx, Network network, Layer layer, string input) => layer switch
    {
        FlattenLayer => onnx.Flatten(layer.Name, input),
        DenseLayer dense => onnx.Linear(layer.Name, input, network.Weight(dense), network.Bias(dense)),
        ConvolutionLayer { Padding: var pad } convolution => onnx.Convolution(layer.Name, input, network.Weight(convolution),
            network.Bias(convolution), new ConvolutionForm { Pads = [pad, pad, pad, pad] }),
        MaxPoolLayer { Size: var size } => onnx.MaxPool(layer.Name, input, [size, size], [size, size]),
        ActivationLayer { Function: var function } => onnx.Elementwise(layer.Name, OperatorOf(function), input),
        _ => throw new NotSupportedException($"layer {layer}"),
    };

    /// <summary>The operator of an activation function.</summary>
    internal static string OperatorOf(Activation function) => function switch
    {
        Activation.Relu => "Relu",
        Activation.Sigmoid => "Sigmoid",
        Activation.Tanh => "Tanh",
        _ => throw new NotSupportedException($"activation {function}"),
    };
}
