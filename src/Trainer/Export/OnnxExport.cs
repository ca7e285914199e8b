using System.Collections.Immutable;
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
        tensor = Write(onnx, network, architecture.Layers, tensor);
        var model = onnx.Finish(tensor, Logits, "emergence-train", [architecture.Classes]);
        metadata.WriteTo(model);
        return model;
    }

    private static string Write(OnnxWriter onnx, Network network, ImmutableArray<Layer> layers, string input) =>
        layers.Aggregate(input, (tensor, layer) => Write(onnx, network, layer, tensor));

    private static string Write(OnnxWriter onnx, Network network, Layer layer, string input) => layer switch
    {
        FlattenLayer => onnx.Flatten(layer.Name, input),
        DenseLayer dense => onnx.Linear(layer.Name, input, network.Weight(dense), network.Bias(dense)),
        ConvolutionLayer { Padding: var pad, Stride: var stride } convolution => onnx.Convolution(
            layer.Name, input, network.Weight(convolution), network.Bias(convolution),
            new ConvolutionForm { Pads = [pad, pad, pad, pad], Strides = [stride, stride] }),
        MaxPoolLayer { Size: var size } => onnx.MaxPool(layer.Name, input, [size, size], [size, size]),
        ActivationLayer { Function: Activation.Gelu } => onnx.Gelu(layer.Name, input),
        ActivationLayer { Function: var function } => onnx.Elementwise(layer.Name, OperatorOf(function), input),
        TokensLayer => onnx.Tokens(layer.Name, input),
        PositionLayer position => onnx.AddStored(layer.Name, input, network.Weight(position)),
        NormLayer norm => onnx.LayerNorm(layer.Name, input, network.Weight(norm), network.Bias(norm), NormLayer.Epsilon),
        AttentionLayer { Heads: var heads, Scale: var scale } attention => onnx.Attention(
            layer.Name, Write(onnx, network, attention.Query, input), Write(onnx, network, attention.Key, input),
            Write(onnx, network, attention.Value, input), heads, scale),
        ResidualLayer { Inner: var inner } => onnx.Add(layer.Name, input, Write(onnx, network, inner, input)),
        MeanLayer => onnx.Mean(layer.Name, input, 1),
        _ => throw new NotSupportedException($"layer {layer}"),
    };

    /// <summary>The operator of an activation function that is one.</summary>
    internal static string OperatorOf(Activation function) => function switch
    {
        Activation.Relu => "Relu",
        Activation.Sigmoid => "Sigmoid",
        Activation.Tanh => "Tanh",
        _ => throw new NotSupportedException($"activation {function}"),
    };
}
