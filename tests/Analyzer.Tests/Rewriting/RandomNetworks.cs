using System.Collections.Immutable;
using Emergence.Analyzer.Tests.Rewriting.Kinds;
using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Rewriting;

/// <summary>
/// Draws small networks of the usual kinds; the same seed gives the same network. Weights are multiples of 1/8, running
/// variances powers of 4: what is made of them by scaling, shifting and folding is exact.
/// </summary>
internal sealed class RandomNetworks
{
    private readonly Random random;
    private readonly GraphBuilder graph = new("random");
    private readonly int opset;
    private int stored;

    private RandomNetworks(int seed)
    {
        random = new Random(seed);
        opset = Pick(13, 17, 20, 24);
    }

    private static readonly Dictionary<string, Func<RandomNetworks, string>> Drawn = new(StringComparer.Ordinal)
    {
        ["dense"] = network => network.Dense(),
        ["convolutional"] = network => network.Convolutional(),
        ["residual"] = network => network.Residual(),
        ["inception"] = network => network.Inception(),
        ["normalized"] = network => network.Normalized(),
        ["transformer"] = network => network.Transformer(),
        ["recurrent"] = network => network.Recurrent(),
        ["quantized"] = network => network.Quantized(),
    };

    /// <summary>The kinds of network.</summary>
    public static ImmutableArray<string> Kinds { get; } = [.. Drawn.Keys];

    /// <summary>A network with one input, one result, and nodes named <c>operator@number</c>.</summary>
    public static ModelProto Draw(string kind, int seed)
    {
        var network = new RandomNetworks(seed);
        var result = Drawn[kind](network);
        network.graph.Graph.Output.Add(new ValueInfoProto
        {
            Name = result,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)DataType.Float } },
        });
        return Numbered(network.graph.Build(network.opset, network.opset > 20 ? 10 : 8, "tests"));
    }

    /// <summary>The model with every node of its main graph named <c>operator@number</c>.</summary>
    public static ModelProto Numbered(ModelProto model)
    {
        for (var i = 0; i < model.Graph.Node.Count; i++)
            model.Graph.Node[i].Name = $"{model.Graph.Node[i].OpType}@{i}";
        return model;
    }

    private Dimension Batch => random.Next(2) == 0 ? "N" : Declarations.FixedBatch;

    private string Dense()
    {
        var (x, width) = (graph.Input("x", DataType.Float, Batch, 6), 6);
        for (var layer = random.Next(1, 4); layer > 0; layer--)
        {
            var outputs = random.Next(3, 9);
            x = Linear(x, width, width = outputs);
            x = Sometimes(x, Normalize(width));
            x = Activate(x, width);
        }
        return Sometimes(Linear(x, width, 3), logits => graph.Node(Pick("Softmax", "LogSoftmax"), [logits], Int("axis", -1)));
    }

    private string Convolutional()
    {
        var (x, channels, size) = (graph.Input("x", DataType.Float, Batch, 2, 6, 6), 2, 6);
        for (var layer = random.Next(1, 4); layer > 0; layer--)
        {
            var filters = random.Next(2, 5);
            x = Convolve(x, channels, channels = filters, Pick(1, 3));
            x = Sometimes(x, Normalize(channels));
            switch (random.Next(6))
            {
                case 5 when size >= 4:
                    x = Activate(Normalize(channels)(graph.Node("MaxPool", [x], Ints("kernel_shape", 2, 2),
                        Ints("strides", 2, 2))), channels, isImage: true);
                    size /= 2;
                    break;
                case 0:
                    x = Activate(x, channels, isImage: true);
                    break;
                case 1 when size >= 4:
                    x = Activate(graph.Node("MaxPool", [x], Ints("kernel_shape", 2, 2), Ints("strides", 2, 2)), channels,
                        isImage: true);
                    size /= 2;
                    break;
                case 2 when size >= 4:
                    x = graph.Node("MaxPool", [Activate(x, channels, isImage: true)], Ints("kernel_shape", 2, 2),
                        Ints("strides", 2, 2));
                    size /= 2;
                    break;
                case 3 when size <= 4:
                    var scales = graph.Initializer($"scales{stored++}", [4], [1f, 1f, 2f, 2f]);
                    x = random.Next(2) == 0
                        ? Activate(graph.Node("Resize", [x, "", scales], AttributeProto.Of("mode", "nearest")), channels,
                            isImage: true)
                        : graph.Node("Resize", [Activate(x, channels, isImage: true), "", scales],
                            AttributeProto.Of("mode", "nearest"));
                    size *= 2;
                    break;
                default:
                    x = Sometimes(Activate(x, channels, isImage: true), y =>
                        graph.Node("MaxPool", [y], Ints("kernel_shape", 1, 1)));
                    break;
            }
        }
        return Head(x, channels, size);
    }

    private string Residual()
    {
        var channels = 3;
        var x = Activate(Normalize(channels)(Convolve(graph.Input("x", DataType.Float, Batch, 2, 4, 4), 2, channels, 3)),
            channels, isImage: true);
        for (var block = random.Next(1, 3); block > 0; block--)
        {
            var skip = random.Next(3) == 0 ? Normalize(channels)(Convolve(x, channels, channels, 1)) : x;
            var inner = Activate(Normalize(channels)(Convolve(x, channels, channels, 3)), channels, isImage: true);
            inner = Sometimes(Normalize(channels)(Convolve(inner, channels, channels, 3)), Gate(channels));
            x = graph.Node("Add", random.Next(2) == 0 ? [inner, skip] : [skip, inner]);
            x = Sometimes(x, y => Activate(y, channels, isImage: true));
        }
        return Head(x, channels, 4);
    }

    private Func<string, string> Gate(int channels) => x =>
    {
        var squeezed = Activate(Convolve(graph.Node("GlobalAveragePool", [x]), channels, 2, 1), 2, isImage: true);
        return graph.Node("Mul", [x, graph.Node(Pick("Sigmoid", "HardSigmoid"), [Convolve(squeezed, 2, channels, 1)])]);
    };

    private string Inception()
    {
        var x = Activate(Convolve(graph.Input("x", DataType.Float, Batch, 2, 4, 4), 2, 4, 3), 4, isImage: true);
        if (random.Next(2) == 0)
        {
            var (left, right) = (graph.FreshName("left"), graph.FreshName("right"));
            var whole = Convolve(x, 4, 4, 1);
            AttributeProto[] axis = opset >= 18 ? [Int("axis", 1), Int("num_outputs", 2)] : [Int("axis", 1)];
            var split = new NodeProto { OpType = "Split", Input = { whole }, Output = { left, right }, Attribute = { axis } };
            graph.Graph.Node.Add(split);
            if (random.Next(2) == 0)
                (left, right) = (graph.Node("Relu", [left]), graph.Node("Relu", [right]));
            else
                split.Input[0] = InFront(split, "Relu", whole);
            x = graph.Node("Concat", [Activate(Convolve(left, 2, 2, 3), 2, isImage: true), right], Int("axis", 1));
        }
        string[] parts = [.. Enumerable.Range(0, random.Next(2, 4)).Select(_ => Convolve(x, 4, 2, Pick(1, 3)))];
        if (random.Next(2) == 0)
            parts = [.. parts.Select(part => graph.Node("Relu", [part]))];
        var joined = parts.Length > 2 && random.Next(2) == 0
            ? graph.Node("Concat", [parts[0], graph.Node("Concat", [.. parts.Skip(1)], Int("axis", 1))], Int("axis", 1))
            : graph.Node("Concat", parts, Int("axis", 1));
        joined = random.Next(2) == 0 ? Activate(joined, 2 * parts.Length, isImage: true) : joined;
        var sliced = Sometimes(joined, y => graph.Node(Pick("Relu", "Sigmoid"),
            [graph.Node("Slice", [y, Longs(0), Longs(parts.Length), Longs(1)])]), out var isSliced);
        return Head(sliced, isSliced ? parts.Length : 2 * parts.Length, 4);
    }

    private string InFront(NodeProto node, string op, string x)
    {
        var y = graph.Node(op, [x]);
        var added = graph.Graph.Node[^1];
        graph.Graph.Node.RemoveAt(graph.Graph.Node.Count - 1);
        graph.Graph.Node.Insert(graph.Graph.Node.IndexOf(node), added);
        return y;
    }

    private string Normalized()
    {
        if (random.Next(3) == 0 || opset < 17)
        {
            var image = Convolve(graph.Input("x", DataType.Float, Batch, 2, 4, 4), 2, 4, 3);
            image = opset >= 21 && random.Next(2) == 0
                ? graph.Node("GroupNormalization", [image, Positive(4), Values(4)], Int("num_groups", 2))
                : graph.Node("InstanceNormalization", [image, Positive(4), Values(4)]);
            image = Sometimes(image, x => Activate(x, 4, isImage: true));
            return Head(image, 4, 4);
        }
        var rows = Linear(graph.Input("x", DataType.Float, Batch, 6), 6, 8);
        for (var layer = random.Next(1, 3); layer > 0; layer--)
            rows = Linear(Sometimes(Layer(rows, 8), x => Activate(x, 8)), 8, 8);
        return Linear(Layer(rows, 8), 8, 3);
    }

    private string Layer(string x, int width) => opset >= 23 && random.Next(2) == 0
        ? graph.Node("RMSNormalization", [x, Positive(width)])
        : graph.Node("LayerNormalization", [x, Positive(width), Values(width)], Int("axis", -1));

    private string Transformer()
    {
        const int Width = 8, Tokens = 3;
        var x = Tokenwise(graph.Input("x", DataType.Float, Batch, Tokens, 4), 4, Width);
        x = graph.Node("Add", [x, Values(Tokens, Width)]);
        for (var block = random.Next(1, 3); block > 0; block--)
        {
            var isFirst = random.Next(2) == 0;
            string Norm(string y) => opset >= 17 ? Layer(y, Width) : y;
            var read = isFirst ? Norm(x) : x;
            string Heads(string y, params long[] perm) =>
                graph.Node("Transpose", [graph.Node("Reshape", [y, Longs(0, 0, 2, Width / 2)])], Ints("perm", perm));
            var query = Heads(Tokenwise(read, Width, Width), 0, 2, 1, 3);
            var key = Heads(Tokenwise(read, Width, Width), 0, 2, 3, 1);
            var value = Heads(Tokenwise(read, Width, Width), 0, 2, 1, 3);
            var scores = graph.Node("Softmax", [graph.Node("Mul", [graph.Node("MatMul", [query, key]), Scalar(0.5f)])],
                Int("axis", -1));
            var mixed = graph.Node("Transpose", [graph.Node("MatMul", [scores, value])], Ints("perm", 0, 2, 1, 3));
            var attended = Tokenwise(graph.Node("Reshape", [mixed, Longs(0, 0, Width)]), Width, Width);
            x = graph.Node("Add", [x, attended]);
            x = isFirst ? x : Norm(x);
            var inner = Tokenwise(Activate(Tokenwise(isFirst ? Norm(x) : x, Width, 6), 6), 6, Width);
            x = graph.Node("Add", [x, inner]);
            x = isFirst ? x : Norm(x);
        }
        var pooled = random.Next(2) == 0
            ? graph.Node("Gather", [x, graph.Initializer($"first{stored++}", [], [0L])], Int("axis", 1))
            : opset >= 18 ? graph.Node("ReduceMean", [x, Longs(1)], Int("keepdims", 0))
                : graph.Node("ReduceMean", [x], Ints("axes", 1), Int("keepdims", 0));
        return Linear(pooled, Width, 3);
    }

    private string Recurrent()
    {
        var x = graph.Node("Transpose", [graph.Input("x", DataType.Float, Batch, 4, 3)], Ints("perm", 1, 0, 2));
        var width = 3;
        for (var layer = random.Next(1, 3); layer > 0; layer--)
        {
            var (op, gates) = Pick(("LSTM", 4), ("GRU", 3), ("RNN", 1));
            var sequence = graph.Node(op, [x, Values(1, gates * 5, width), Values(1, gates * 5, 5), Values(1, 2 * gates * 5)],
                Int("hidden_size", 5));
            x = graph.Node("Squeeze", [sequence, Longs(1)]);
            width = 5;
        }
        var rows = random.Next(2) == 0
            ? graph.Node("Gather", [x, graph.Initializer($"last{stored++}", [], [-1L])], Int("axis", 0))
            : graph.Node("Gather", [graph.Node("Transpose", [x], Ints("perm", 1, 0, 2)), graph.Initializer($"last{stored++}", [],
                [3L])], Int("axis", 1));
        return Linear(Activate(Linear(rows, width, 4), 4), 4, 3);
    }

    private string Quantized()
    {
        var isImage = random.Next(2) == 0;
        var x = isImage ? graph.Input("x", DataType.Float, Batch, 2, 4, 4) : graph.Input("x", DataType.Float, Batch, 6);
        x = random.Next(2) == 0 ? Quantize(x, Pick(0, 10) - 64) : x;
        var width = isImage ? 2 : 6;
        for (var layer = random.Next(1, 3); layer > 0; layer--)
        {
            x = isImage ? Convolve(x, width, 4, 3) : Linear(x, width, 4);
            width = 4;
            x = random.Next(3) switch
            {
                0 => Quantize(graph.Node("Relu", [x]), -128),
                1 => Quantize(x, -128),
                _ => Quantize(Activate(x, width, isImage), -64),
            };
        }
        return Head(x, width, isImage ? 4 : 0);
    }

    private string Quantize(string x, int zero)
    {
        var isSigned = random.Next(2) == 0;
        string[] parameters =
        [
            Scalar(Pick(1 / 16f, 1 / 32f)),
            graph.Initializer(TensorValues.FromRaw($"w{stored++}", isSigned ? DataType.Int8 : DataType.Uint8, [],
                [unchecked((byte)(isSigned ? zero : zero + 128))])),
        ];
        return graph.Node("DequantizeLinear", [graph.Node("QuantizeLinear", [x, .. parameters]), .. parameters]);
    }

    /// <summary>Pools or flattens an image, and one or two dense layers; a side of 0 is rows already.</summary>
    private string Head(string x, int channels, int side)
    {
        var (rows, width) = (x, channels);
        if (side > 0 && random.Next(2) == 0)
            (rows, width) = (random.Next(2) == 0 ? graph.Node("Flatten", [x]) : graph.Node("Reshape", [x, Longs(0, -1)]),
                channels * side * side);
        else if (side > 0)
            rows = graph.Node("Flatten", [graph.Node(Pick("GlobalAveragePool", "GlobalMaxPool"), [x])]);
        if (random.Next(2) == 0)
            (rows, width) = (Activate(Linear(rows, width, 4), 4), 4);
        if (random.Next(3) == 0)
            rows = graph.Node("Squeeze", [Activate(graph.Node("Unsqueeze", [Linear(rows, width, width), Longs(2)]), 1),
                Longs(2)]);
        return Linear(rows, width, 3);
    }

    private string Linear(string x, int inputs, int outputs) => random.Next(3) switch
    {
        0 => graph.Node("Gemm", [x, Values(outputs, inputs), Values(outputs)], Int("transB", 1)),
        1 => graph.Node("Gemm", [x, Values(inputs, outputs), Values(outputs)]),
        _ => Tokenwise(x, inputs, outputs),
    };

    private string Tokenwise(string x, int inputs, int outputs) =>
        Sometimes(graph.Node("MatMul", [x, Values(inputs, outputs)]), y => graph.Node("Add", [y, Values(outputs)]));

    private string Convolve(string x, int channels, int filters, int kernel) => random.Next(3) > 0
        ? graph.Node("Conv", [x, Values(filters, channels, kernel, kernel), Values(filters)], Padding(kernel))
        : graph.Node("Conv", [x, Values(filters, channels, kernel, kernel)], Padding(kernel));

    private static AttributeProto Padding(int kernel) => Ints("pads", kernel / 2, kernel / 2, kernel / 2, kernel / 2);

    private Func<string, string> Normalize(int channels)
    {
        return x => graph.Node("BatchNormalization",
            [x, Positive(channels), Values(channels), Values(channels), Stored([channels], () => Pick(0.25f, 1, 4))],
                AttributeProto.Of("epsilon", 0f));
    }

    private string Activate(string x, int channels, bool isImage = false)
    {
        string[] ops =
        [
            "Relu", "Relu", "LeakyRelu", "Sigmoid", "Tanh", "HardSigmoid", "Softplus", "Softsign", "Elu", "Selu", "Clip",
                "ThresholdedRelu", "PRelu", "Silu",
            .. opset >= 14 ? ["HardSwish"] : Array.Empty<string>(),
            .. opset >= 18 ? ["Mish"] : Array.Empty<string>(),
            .. opset >= 20 ? ["Gelu", "GeluTanh"] : Array.Empty<string>(),
            .. opset >= 24 ? ["Swish", "Swish"] : Array.Empty<string>(),
        ];
        return Pick(ops) switch
        {
            "LeakyRelu" => graph.Node("LeakyRelu", [x], AttributeProto.Of("alpha", 0.125f)),
            "HardSigmoid" => graph.Node("HardSigmoid", [x], AttributeProto.Of("alpha", Pick(0.2f, 1 / 6f))),
            "Clip" => graph.Node("Clip", [x, Scalar(0), Scalar(Pick(1f, 6f))]),
            "ThresholdedRelu" => graph.Node("ThresholdedRelu", [x], AttributeProto.Of("alpha", 0.25f)),
            "PRelu" => graph.Node("PRelu", [x, isImage ? Positive(channels, 1, 1) : Positive(channels)]),
            "Silu" => graph.Node("Mul", [x, graph.Node("Sigmoid", [x])]),
            "GeluTanh" => graph.Node("Gelu", [x], AttributeProto.Of("approximate", "tanh")),
            var op => graph.Node(op, [x]),
        };
    }

    private string Sometimes(string x, Func<string, string> apply) => Sometimes(x, apply, out _);

    private string Sometimes(string x, Func<string, string> apply, out bool applied) => (applied = random.Next(2) == 0)
        ? apply(x) : x;

    private T Pick<T>(params T[] choices) => choices[random.Next(choices.Length)];

    private string Scalar(float value) => graph.Initializer($"w{stored++}", [], [value]);

    private string Values(params long[] dims) => Stored(dims, () => random.Next(-6, 7) / 8f);

    private string Positive(params long[] dims) => Stored(dims, () => Pick(0.5f, 1, 2));

    private string Stored(long[] dims, Func<float> next) => graph.Initializer(
        $"w{stored++}", dims, [.. Enumerable.Range(0, (int)dims.Aggregate(1L, (product, dim) => product * dim))
            .Select(_ => next())]);

    private string Longs(params long[] values) => graph.Initializer($"w{stored++}", [values.Length], values);

    private static AttributeProto Int(string name, long value) => AttributeProto.Of(name, value);

    private static AttributeProto Ints(string name, params long[] values) => AttributeProto.Of(name, values);
}
