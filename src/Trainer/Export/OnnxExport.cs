using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Trainer.Networks;
using Onnx;
using TorchSharp;
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
    private const int Opset = 17;
    private const int IrVersion = 8;
    private const string Input = "input", Logits = "logits", Samples = "N";

    /// <summary>The network as it stands, described by <paramref name="metadata"/>. Equal weights give equal bytes.</summary>
    public static ModelProto ToModel(Network network, CheckpointMetadata metadata)
    {
        var architecture = network.Architecture;
        var graph = new GraphBuilder("network");
        var tensor = graph.Input(Input, DataType.Float, [Samples, .. architecture.InputShape.Select(size => (Dimension)size)]);
        foreach (var layer in architecture.Layers)
        {
            var output = ReferenceEquals(layer, architecture.Layers[^1]) ? Logits : layer.Name + ".out";
            AddNode(graph, network, layer, tensor, output);
            tensor = output;
        }
        graph.Output(tensor, DataType.Float, Samples, architecture.Classes);

        var model = graph.Build(Opset, IrVersion, "emergence-train", typeof(OnnxExport).Assembly.GetName().Version!.ToString(3));
        metadata.WriteTo(model);
        return model;
    }

    private static void AddNode(GraphBuilder graph, Network network, Layer layer, string input, string output)
    {
        string[] inputs = layer is WeightedLayer weighted
            ? [input, Store(graph, layer.Name + ".weight", network.Weight(weighted), weighted.WeightShape),
                Store(graph, layer.Name + ".bias", network.Bias(weighted), [weighted.Outputs])]
            : [input];
        var (op, attributes) = Operator(layer);
        graph.AddNode(layer.Name, op, inputs, [output], attributes);
    }

    private static (string Op, AttributeProto[] Attributes) Operator(Layer layer) => layer switch
    {
        FlattenLayer => ("Flatten", [AttributeProto.Of("axis", 1)]),
        DenseLayer => ("Gemm", [AttributeProto.Of("transB", 1)]),
        ConvolutionLayer { Kernel: var kernel, Padding: var pad } =>
            ("Conv", [AttributeProto.Of("kernel_shape", [kernel, kernel]), AttributeProto.Of("pads", [pad, pad, pad, pad])]),
        MaxPoolLayer { Size: var size } =>
            ("MaxPool", [AttributeProto.Of("kernel_shape", [size, size]), AttributeProto.Of("strides", [size, size])]),
        ActivationLayer { Function: var function } => (OperatorOf(function), []),
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

    private static string Store(GraphBuilder graph, string name, torch.Tensor values, ImmutableArray<long> shape) =>
        graph.Initializer(name, shape.AsSpan(), values.data<float>().ToArray());
}
