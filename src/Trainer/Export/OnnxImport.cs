using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Trainer.Networks;
using Onnx;

namespace Emergence.Trainer.Export;

/// <summary>
/// Reads a network back from the kind of model that <see cref="OnnxExport"/> writes: one chain of Gemm, Conv, MaxPool, Flatten
/// and activation functions, or the blocks of a transformer. Sizes and weights come from the graph, so that a model others have
/// edited is taken as it is.
/// </summary>
internal static partial class OnnxImport
{
    /// <summary>The network in a checkpoint, ready to be trained on.</summary>
    /// <exception cref="UserException">The model is no such chain; the message names file and node.</exception>
    public static Network ToNetwork(Checkpoint checkpoint) => new Reader(checkpoint).Read();

    private sealed partial class Reader(Checkpoint checkpoint)
    {
        private readonly GraphProto graph = checkpoint.Model.Graph;
        private readonly Dictionary<string, TensorProto> initializers =
            checkpoint.Model.Graph.Initializer.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        private readonly Dictionary<string, (float[] Weight, float[] Bias)> values = new(StringComparer.Ordinal);

        public Network Read()
        {
            var inputs = graph.Input.Where(value => !initializers.ContainsKey(value.Name)).ToArray();
            if (inputs is not [var input])
                throw Refuse($"has {inputs.Length} inputs instead of one");
            if (graph.Output is not [var output])
                throw Refuse($"has {graph.Output.Count} outputs instead of one");

            var layers = Chain(input.Name, output.Name, null);
            if (!layers.SelectMany(layer => layer.Parts).OfType<ConnectingLayer>().Any())
                throw Refuse("has no weights to train");
            var isMlp = values.Count == layers.Count(layer => layer is DenseLayer);
            return Network.Create(new Architecture(isMlp ? "mlp" : checkpoint.Metadata.Network, SampleShape(input), layers),
                layer => values[layer.Name]);
        }

        /// <summary>The operators from one tensor to another.</summary>
        /// <param name="start">Where they begin.</param>
        /// <param name="end">Where they end.</param>
        /// <param name="beside">A node that reads the first tensor too and does not belong to them; null for none.</param>
        private ImmutableArray<Layer> Chain(string start, string end, NodeProto? beside)
        {
            var layers = ImmutableArray.CreateBuilder<Layer>();
            for (var tensor = start; tensor != end;)
            {
                if (layers.Count == graph.Node.Count)
                    throw Refuse("is a circle");
                var readers = graph.Node.Where(node => node != beside && node.Input.Contains(tensor)).ToArray();
                beside = null;
                (var layer, tensor) = readers switch
                {
                    [{ Output: [var next] } node] => Operator(node, Named(node, layers.Count), next),
                    [_, _] or [_, _, _] => Fork(tensor, readers),
                    _ => throw Unreadable(tensor, readers.Length),
                };
                layers.Add(layer);
            }
            return layers.ToImmutable();
        }

        private static string Named(NodeProto node, int place) =>
            node.Name.Length > 0 ? node.Name : $"{node.OpType.ToLowerInvariant()}{place + 1}";

        private UserException Unreadable(string tensor, int readers) =>
            Refuse($"'{tensor}' is read by {readers} nodes instead of one in a chain");

        private (Layer Layer, string Next) Operator(NodeProto node, string name, string next) => node.OpType switch
        {
            "Gemm" => (Dense(node, name), next),
            "Conv" => (Convolution(node, name), next),
            "MaxPool" => (MaxPool(node, name), next),
            "Flatten" when Ints(node, "axis", 1) is [1] => (new FlattenLayer(name), next),
            "Relu" => (new ActivationLayer(name, Activation.Relu), next),
            "Sigmoid" => (new ActivationLayer(name, Activation.Sigmoid), next),
            "Tanh" => (new ActivationLayer(name, Activation.Tanh), next),
            "MatMul" => Product(node, name),
            "LayerNormalization" => (Norm(node, name), next),
            "Add" => (Position(node, name), next),
            "Reshape" => Tokens(node),
            "ReduceMean" when Ints(node, "axes") is [1] && Ints(node, "keepdims", 1) is [0] => (new MeanLayer(name), next),
            _ => throw Refuse(node, "is none that can be trained here"),
        };

        private DenseLayer Dense(NodeProto node, string name)
        {
            var weight = Initializer(node, 1);
            if (Float(node, "alpha") != 1 || Float(node, "beta") != 1 || Ints(node, "transA", 0) is not [0]
                || weight.Dims.Count != 2)
                throw Refuse(node, "is more than a fully connected layer");
            var data = TensorValues.ToFloats(weight, checkpoint.Directory);
            var (outputs, inputs) = ((int)weight.Dims[0], (int)weight.Dims[1]);
            if (Ints(node, "transB", 0) is [0])
            {
                (outputs, inputs) = (inputs, outputs);
                data = Transpose(data, inputs, outputs);
            }
            values[name] = (data, Bias(node, outputs));
            return new DenseLayer(name, inputs, outputs);
        }

        private ConvolutionLayer Convolution(NodeProto node, string name)
        {
            var weight = Initializer(node, 1);
            if (weight.Dims is not [var outputs, var inputs, var kernel, var width] || kernel != width
                || Ints(node, "pads", 0, 0, 0, 0) is not [var pad, ..] pads || pads.Any(p => p != pad)
                || Ints(node, "strides", 1, 1) is not [var down, var right] || down != right
                || Ints(node, "dilations", 1, 1) is not [1, 1] || Ints(node, "group", 1) is not [1] || HasAutomaticPadding(node))
                throw Refuse(node, "is no square convolution of one stride with one explicit padding on all sides");
            values[name] = (TensorValues.ToFloats(weight, checkpoint.Directory), Bias(node, (int)outputs));
            return new ConvolutionLayer(name, (int)inputs, (int)outputs, (int)kernel, (int)pad, (int)down);
        }

        private MaxPoolLayer MaxPool(NodeProto node, string name) =>
            Ints(node, "kernel_shape") is [var size, var width] && size == width
            && Ints(node, "strides", 1, 1) is [var down, var right] && down == size && right == size
            && Ints(node, "pads", 0, 0, 0, 0).All(p => p == 0) && Ints(node, "dilations", 1, 1) is [1, 1]
            && Ints(node, "ceil_mode", 0) is [0] && !HasAutomaticPadding(node)
                ? new MaxPoolLayer(name, (int)size)
                : throw Refuse(node, "is no square pooling without overlap and padding");

        private ImmutableArray<int> SampleShape(ValueInfoProto input)
        {
            var dims = input.Type?.TensorType?.Shape?.Dim;
            return dims is [_, ..] && dims.Count == 4 && dims.Skip(1).All(dim => dim.DimValue > 0)
                ? [.. dims.Skip(1).Select(dim => (int)dim.DimValue)]
                : throw Refuse($"input '{input.Name}' is not declared as images of one size (N, C, H, W)");
        }

        private float[] Bias(NodeProto node, int outputs) =>
            node.Input.Count < 3 || node.Input[2].Length == 0 ? new float[outputs]
            : Initializer(node, 2) is { Dims: [var size] } bias && size == outputs
                ? TensorValues.ToFloats(bias, checkpoint.Directory)
            : throw Refuse(node, $"has a bias that is not one number for each of {outputs} outputs");

        private TensorProto Initializer(NodeProto node, int index) =>
            node.Input.Count > index && initializers.TryGetValue(node.Input[index], out var tensor)
                ? tensor
                : throw Refuse(node, "has a weight that is computed, not stored");

        private static bool HasAutomaticPadding(NodeProto node) =>
            node.Attribute.Any(attribute => attribute.Name == "auto_pad" && attribute.S.ToStringUtf8() != "NOTSET");

        private static float Float(NodeProto node, string name) =>
            node.Attribute.FirstOrDefault(attribute => attribute.Name == name)?.F ?? 1;

        private static long[] Ints(NodeProto node, string name, params long[] absent) =>
            node.Attribute.FirstOrDefault(attribute => attribute.Name == name) is { } attribute
                ? attribute.Type == AttributeProto.Types.AttributeType.Int ? [attribute.I] : [.. attribute.Ints]
                : absent;

        private static float[] Transpose(float[] values, int rows, int columns)
        {
            var result = new float[values.Length];
            for (var i = 0; i < values.Length; i++)
                result[i % columns * rows + i / columns] = values[i];
            return result;
        }

        private UserException Refuse(NodeProto node, string finding) => Refuse($"node '{node.Name}' ({node.OpType}) {finding}");

        private UserException Refuse(string finding) =>
            new($"{checkpoint.Path}: {finding}; give a checkpoint that emergence-train has written");
    }
}
