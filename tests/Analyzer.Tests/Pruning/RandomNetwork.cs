using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>Draws convolutional networks of every operator that channels pass through; the same seed gives
/// the same network.</summary>
internal sealed partial class RandomNetwork
{
    private readonly Random random;
    private readonly GraphBuilder graph = new("random");
    private readonly List<(string Name, int[] Shape)> tensors = [];

    private readonly int kinds;

    private RandomNetwork(int seed, bool coupled) => (random, kinds) = (new Random(seed), coupled ? 64 : 38);

    /// <summary>A network of a first convolution, some operators, and a dense layer that reads what is left open.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="steps">How many operators, or blocks of them.</param>
    /// <param name="coupled">Also blocks that couple channels, count them, add them up or divide by them.</param>
    public static ModelProto Draw(int seed, int steps, bool coupled)
    {
        var network = new RandomNetwork(seed, coupled);
        network.tensors.Add((network.graph.Input("x", DataType.Float, 2, 2, 4, 4), [2, 2, 4, 4]));
        network.Convolve(network.tensors[0]);
        for (var step = 0; step < steps; step++)
            network.Step();
        return network.Finish();
    }

    private (string Name, int[] Shape) Any => tensors[random.Next(Math.Max(1, tensors.Count - 4), tensors.Count)];

    private void Step()
    {
        var any = Any;
        var (x, shape) = any;
        var (c, h, w) = (shape[1], shape[2], shape[3]);
        switch (random.Next(kinds))
        {
            case 0 or 1 or 2:
                Convolve(any);
                break;
            case 3:
                Keep(graph.Node("Conv", [x, Values(2 * c, 1, 3, 3), Values(2 * c)], Int("group", c), Ints("pads", 1, 1, 1, 1)),
                    shape[0], 2 * c, h, w);
                break;
            case 4:
                Keep(graph.Node("ConvTranspose", [x, Values(c, 3, 2, 2), Values(3)], Ints("strides", 2, 2)), shape[0], 3, 2 * h,
                    2 * w);
                break;
            case 5 or 6:
                Keep(graph.Node(Pick("Relu", "Sigmoid", "LeakyRelu", "Softplus", "Tanh"), [x]), shape);
                break;
            case 7:
                Keep(graph.Node("BatchNormalization", [x, Values(c), Values(c), Values(c), Ones(c)]), shape);
                break;
            case 8:
                Keep(graph.Node("InstanceNormalization", [x, Values(c), Values(c)]), shape);
                break;
            case 9 or 10:
                if (Like(any) is { } other)
                    Keep(graph.Node(Pick("Add", "Mul", "Max", "Sub"), [x, other]), shape);
                break;
            case 11:
                var parts = tensors.Skip(1).Where(part => part.Shape[2] == h && part.Shape[3] == w).ToArray();
                var part = parts[random.Next(parts.Length)];
                Keep(graph.Node("Concat", [x, part.Name], Int("axis", 1)), shape[0], c + part.Shape[1], h, w);
                break;
            case 12:
                if (Like(any) is { } below)
                    Keep(graph.Node("Concat", [x, below], Int("axis", 2)), shape[0], c, 2 * h, w);
                break;
            case 13:
                if (h >= 2 && w >= 2)
                    Keep(graph.Node(Pick("MaxPool", "AveragePool"), [x], Ints("kernel_shape", 2, 2)), shape[0], c, h - 1, w - 1);
                break;
            case 14:
                var end = random.Next(1, c + 1);
                Keep(graph.Node("Slice", [x, Longs(0), Longs(end), Longs(1)]), shape[0], end, h, w);
                break;
            case 15:
                Keep(graph.Node("Pad", [x, Longs(0, 0, 1, 0, 0, 0, 0, 1)]), shape[0], c, h + 1, w + 1);
                break;
            case 16:
                var k = random.Next(2, 6);
                var last = graph.Node("Transpose", [x], Ints("perm", 0, 2, 3, 1));
                var product = graph.Node("MatMul", [last, Values(c, k)]);
                Keep(graph.Node("Transpose", [graph.Node("Add", [product, Values(k)])], Ints("perm", 0, 3, 1, 2)), shape[0], k,
                    h, w);
                break;
            case 17:
                Keep(graph.Node(Pick("Mul", "Add", "Div", "Max"), [x, Pick(Ones(c, 1, 1), Values(1), Ones(1, c, 1, 1))]), shape);
                break;
            case 18:
                var gate = graph.Node("Conv", [graph.Node("GlobalAveragePool", [x]), Values(c, c, 1, 1), Values(c)]);
                Keep(graph.Node("Mul", [x, graph.Node("Sigmoid", [gate])]), shape);
                break;
            case 19:
                Keep(graph.Node(Pick("ReduceMean", "ReduceMax"), [x], Ints("axes", 3)), shape[0], c, h, 1);
                break;
            case 20:
                var flat = graph.Node("Reshape", [x, Longs(0, -1)]);
                var dense = graph.Node("Gemm", [flat, Values(c * h * w, 12), Values(12)]);
                Keep(graph.Node("Reshape", [dense, Longs(shape[0], 3, 2, 2)]), shape[0], 3, 2, 2);
                break;
            case 21:
                Keep(graph.Node("Reshape", [graph.Node("Reshape", [x, Longs(shape[0], c, h * w)]), Longs(0, c, h, w)]), shape);
                break;
            case 22:
                Keep(graph.Node("PRelu", [x, Values(c, 1, 1)]), shape);
                break;
            case 23:
                var grouped = graph.Node("Reshape", [x, Longs(shape[0], 1, -1)]);
                Keep(graph.Node("Reshape",
                    [graph.Node("InstanceNormalization", [grouped, Values(1), Values(1)]), Longs(shape[0], c, h, w)]), shape);
                break;
            case 24:
                Keep(graph.Node("Transpose", [x], Ints("perm", 0, 1, 3, 2)), shape[0], c, w, h);
                break;
            case 25:
                Keep(graph.Node(Pick("Softmax", "LogSoftmax"), [x], Int("axis", Pick(1, 2, 3))), shape);
                break;
            case 26:
                if (c % 2 == 0)
                {
                    var (left, right) = (graph.FreshName("left"), graph.FreshName("right"));
                    graph.Graph.Node.Add(
                        new NodeProto
                        {
                            Name = left,
                            OpType = "Split",
                            Input = { x },
                            Output = { left, right },
                            Attribute = { Int("axis", 1) }
                        });
                    Keep(graph.Node("Mul", [left, graph.Node("Sigmoid", [right])]), shape[0], c / 2, h, w);
                }
                break;
            case 27:
                Keep(graph.Node("Squeeze", [graph.Node("Unsqueeze", [x, Longs(2)]), Longs(-3)]), shape);
                break;
            case 28:
                var along = Pick(0, 1);
                if (c >= 2)
                    Keep(graph.Node("Gather", [x, Longs(1, 0)], Int("axis", along)), along == 0 ? shape : [shape[0], 2, h, w]);
                break;
            case 29:
                Keep(graph.Node("Sum", [x, x, Values(c, 1, 1)]), shape);
                break;
            case 30:
                Keep(graph.Node("Concat", [x, graph.Node("Neg", [x])], Int("axis", 1)), shape[0], 2 * c, h, w);
                break;
            case 31:
                Keep(graph.Node("Add", [x, graph.Node("Slice", [x, Longs(0), Longs(1), Longs(1)])]), shape);
                break;
            case 32:
                // A weight that is stored transposed, in half precision, or as integers.
                var filters = 5;
                var weight = random.Next(3) switch
                {
                    0 => graph.Node("Transpose", [Values(c, filters, 1, 1)], Ints("perm", 1, 0, 2, 3)),
                    1 => graph.Node("Transpose",
                        [graph.Node("Cast", [graph.Node("Cast", [Values(c, filters, 1, 1)], Int("to", 10))], Int("to", 1))],
                        Ints("perm", 1, 0, 2, 3)),
                    _ => graph.Node("DequantizeLinear", [Bytes(filters, c, 1, 1), Ones(filters)], Int("axis", 0)),
                };
                Keep(graph.Node("Conv", [x, weight, Values(filters)]), shape[0], filters, h, w);
                break;
            case 33:
                // The bias of another layer, and its weight where it fits.
                var twin = graph.Graph.Node.FirstOrDefault(node =>
                    node.OpType == "Conv" && node.Input.Count == 3 && node.Attribute is [{ Name: "pads" }]);
                var dims = graph.Graph.Initializer.First(tensor => tensor.Name == twin!.Input[1]).Dims;
                if (dims[1] == c)
                    Keep(graph.Node("Conv", [x, twin!.Input[1], Values(dims[0])], Ints("pads", 1, 1, 1, 1)), shape[0],
                        (int)dims[0], h, w);
                else
                    Keep(graph.Node("Conv", [x, Values(dims[0], c, 1, 1), twin!.Input[2]]), shape[0], (int)dims[0], h, w);
                break;
            case 34:
                var mask = graph.Node("Greater", [x, Values(1)]);
                Keep(graph.Node("Where", [mask, x, Pick(Values(1), Values(c, 1, 1))]), shape);
                break;
            case 35:
                var scale = graph.Node("ReduceMean", [x], Ints("axes", 1));
                Keep(graph.Node("Mul", [x, scale]), shape);
                break;
            case 36:
                if (c % 2 == 0)
                    Keep(graph.Node("Conv", [x, Values(4, c / 2, 1, 1), Values(4)], Int("group", 2)), shape[0], 4, h, w);
                break;
            case >= 38:
                Couple(any);
                break;
            default:
                Keep(graph.Node("Resize",
                    [x, "", graph.Initializer($"scales{graph.Graph.Initializer.Count}", [4], [1f, 1f, 2f, 1f])]), shape[0], c,
                    2 * h, w);
                break;
        }
    }

    private ModelProto Finish()
    {
        var read = graph.Graph.Node.SelectMany(node => node.Input).ToHashSet(StringComparer.Ordinal);
        var open = tensors.Skip(1).Where(tensor => !read.Contains(tensor.Name)).ToArray();
        string[] pooled = [.. open.Select(tensor => graph.Node("Flatten", [graph.Node("GlobalAveragePool", [tensor.Name])]))];
        var y = graph.Node("Gemm",
            [graph.Node("Concat", pooled, Int("axis", 1)), Values(open.Sum(tensor => tensor.Shape[1]), 3), Values(3)]);
        graph.Output(y, DataType.Float, 2, 3);
        return graph.Build(13, 7, "tests");
    }

    private void Convolve((string Name, int[] Shape) data)
    {
        var (c, filters) = (data.Shape[1], random.Next(2, 7));
        Keep(graph.Node("Conv", [data.Name, Values(filters, c, 3, 3), Values(filters)], Ints("pads", 1, 1, 1, 1)), data.Shape[0],
            filters, data.Shape[2], data.Shape[3]);
    }

    private string? Like((string Name, int[] Shape) tensor)
    {
        var others = tensors.Where(other => other.Name != tensor.Name && other.Shape.SequenceEqual(tensor.Shape)).ToArray();
        return others.Length == 0 ? null : others[random.Next(others.Length)].Name;
    }

    private void Keep(string name, params int[] shape) => tensors.Add((name, shape));

    private T Pick<T>(params T[] choices) => choices[random.Next(choices.Length)];

    private string Values(params long[] dims) => Stored(dims, () => random.NextSingle() * 2 - 1);

    private string Ones(params long[] dims) => Stored(dims, () => random.NextSingle() + 0.5f);

    private string Stored(long[] dims, Func<float> next)
    {
        var count = dims.Aggregate(1L, (product, dim) => product * dim);
        return graph.Initializer($"w{graph.Graph.Initializer.Count}", dims,
            [.. Enumerable.Range(0, (int)count).Select(_ => next())]);
    }

    private string Bytes(params long[] dims)
    {
        var bytes = new byte[dims.Aggregate(1L, (product, dim) => product * dim)];
        random.NextBytes(bytes);
        return graph.Initializer(TensorValues.FromRaw($"w{graph.Graph.Initializer.Count}", DataType.Int8, dims, bytes));
    }

    private string Longs(params long[] values) =>
        graph.Initializer($"shape{graph.Graph.Initializer.Count}", [values.Length], values);

    private static AttributeProto Int(string name, long value) => AttributeProto.Of(name, value);

    private static AttributeProto Ints(string name, params long[] values) => AttributeProto.Of(name, values);
}
