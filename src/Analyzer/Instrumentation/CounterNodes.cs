using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Instrumentation;

/// <summary>
/// Appends nodes to a graph, each in the form the graph's opset knows. Constants are Constant nodes, which every IR
/// version takes (an initializer must also be an input before IR 4), and are shared.
/// </summary>
internal sealed class CounterNodes(GraphProto graph, int opset)
{
    /// <summary>Oldest opset whose comparisons broadcast and whose Cast takes a number: also the oldest that ONNX Runtime runs.</summary>
    public const int OldestOpset = 7;

    private readonly FreshNames names = new(graph);
    private readonly Dictionary<string, string> constants = new(StringComparer.Ordinal);

    /// <summary>What the names of new nodes start with.</summary>
    public string Scope { get; set; } = "emergence";

    public string Cast(string x, DataType type) => Node("Cast", [x], Int("to", (int)type));

    public string Apply(string op, params string[] inputs) => Node(op, inputs);

    public string Reshape(string x, IEnumerable<long> shape) => Node("Reshape", [x, Longs(shape)]);

    /// <summary>Reduces <paramref name="axes"/>; none at all leaves <paramref name="x"/> as it is.</summary>
    public string Reduce(string op, string x, IReadOnlyList<int> axes, bool keepDims = false)
    {
        // No axes would mean all of them.
        if (axes.Count == 0)
            return x;
        var axesAreInput = opset >= (op == "ReduceSum" ? 13 : 18);
        var longs = axes.Select(axis => (long)axis);
        return axesAreInput
            ? Node(op, [x, Longs(longs)], Int("keepdims", keepDims ? 1 : 0))
            : Node(op, [x], Ints("axes", longs), Int("keepdims", keepDims ? 1 : 0));
    }

    /// <summary>Elements [<paramref name="start"/>, <paramref name="end"/>) of one axis.</summary>
    public string Slice(string x, int axis, int start, int end) => opset >= 10
        ? Node("Slice", [x, Longs([start]), Longs([end]), Longs([axis])])
        : Node("Slice", [x], Ints("axes", [axis]), Ints("starts", [start]), Ints("ends", [end]));

    /// <summary>A float32 scalar.</summary>
    public string Scalar(float value) => Constant(
        $"float {BitConverter.SingleToInt32Bits(value)}",
        () => new TensorProto { DataType = (int)DataType.Float, FloatData = { value } });

    /// <summary>Makes a tensor an output and returns its name.</summary>
    public string Expose(string tensor, DataType type)
    {
        graph.Output.Add(new ValueInfoProto
        {
            Name = tensor,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type } },
        });
        return tensor;
    }

    private string Longs(IEnumerable<long> values)
    {
        var list = values.ToArray();
        return Constant(
            $"int64 {string.Join(' ', list)}",
            () => new TensorProto { DataType = (int)DataType.Int64, Dims = { list.Length }, Int64Data = { list } });
    }

    private string Constant(string key, Func<TensorProto> value)
    {
        if (!constants.TryGetValue(key, out var name))
        {
            var attribute = new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = value() };
            constants.Add(key, name = Node("Constant", [], attribute));
        }
        return name;
    }

    private string Node(string op, IEnumerable<string> inputs, params IEnumerable<AttributeProto> attributes)
    {
        var name = names.Next($"{Scope}/{op}");
        graph.Node.Add(new NodeProto { Name = name, OpType = op, Input = { inputs }, Output = { name }, Attribute = { attributes } });
        return name;
    }

    private static AttributeProto Int(string name, long value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    private static AttributeProto Ints(string name, IEnumerable<long> values) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { values } };
}
