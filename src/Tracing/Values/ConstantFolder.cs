using Emergence.Checkpoints;
using Onnx;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Tracing.Values;

/// <summary>A tensor known without running the model.</summary>
/// <param name="Dims">Its shape.</param>
/// <param name="Values">Row-major, converted to double.</param>
/// <param name="ElementType">Its <c>TensorProto.DataType</c>.</param>
internal sealed record ConstantTensor(int[] Dims, double[] Values, int ElementType)
{
    public bool IsInteger => ElementType is not ((int)DataType.Float or (int)DataType.Double or (int)DataType.Float16 or (int)DataType.Bfloat16);
}

/// <summary>
/// Evaluates tensors computed from stored ones: the shape arithmetic that exporters leave in the graph, and weights
/// that stand behind Transpose, Reshape, Cast, Identity or DequantizeLinear. Evaluates on demand; small results are kept.
/// </summary>
internal sealed class ConstantFolder(StoredTensors stored)
{
    private const int KeepBelow = 1 << 16;

    private readonly Dictionary<string, ConstantTensor> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (NodeProto Node, int Opset)> _producers = new(StringComparer.Ordinal);

    /// <summary>Whether a tensor's value was made known or has been evaluated.</summary>
    public bool Knows(string name) => _known.ContainsKey(name);

    /// <summary>Makes a tensor known, such as the shape of an activation.</summary>
    public void Set(string name, ConstantTensor value) => _known[name] = value;

    /// <summary>Registers a node all of whose inputs are constant.</summary>
    public void AddProducer(NodeProto node, int opset)
    {
        foreach (var output in node.Output.Where(output => output.Length > 0))
            _producers[output] = (node, opset);
    }

    /// <summary>The tensor's value, or null where it is not constant or its operator is not evaluated here.</summary>
    public ConstantTensor? Evaluate(string name)
    {
        if (_known.TryGetValue(name, out var known))
            return known;
        if (stored.Contains(name))
        {
            var dims = stored.Dims(name).Select(dim => checked((int)dim)).ToArray();
            var type = stored.ElementType(name);
            if (type == (int)DataType.String)
                return null;
            return Keep(name, new ConstantTensor(dims, stored.Doubles(name), type));
        }
        if (!_producers.TryGetValue(name, out var producer))
            return null;
        var inputs = producer.Node.Input.Select(input => input.Length == 0 ? null : Evaluate(input)).ToArray();
        if (producer.Node.Input.Zip(inputs).Any(pair => pair.First.Length > 0 && pair.Second is null))
            return null;
        var outputs = ConstantOperators.Evaluate(producer.Node, producer.Opset, inputs);
        if (outputs is null)
            return null;
        for (var i = 0; i < outputs.Length; i++)
            Keep(producer.Node.Output[i], outputs[i]);
        return outputs[producer.Node.Output.IndexOf(name)];
    }

    /// <summary>A weight that a node reads packed, as one number each: 0 where it is zero; null where it is not packed or not stored.</summary>
    public ConstantTensor? Unpacked(NodeProto node, int input)
    {
        var name = node.Input[input];
        if (!stored.Contains(name))
            return null;
        int[] dims = [.. stored.Dims(name).Select(dim => checked((int)dim))];
        return PackedWeights.Of(node, input, dims, stored.ElementType(name)) is { } packed && packed.Unpack(stored) is { } values
            ? new ConstantTensor(packed.Dims, values, (int)DataType.Int32)
            : null;
    }

    /// <summary>
    /// The stored tensors that a constant one is computed from, those that only shape or scale it left out
    /// (shapes, axes, quantisation scales and zero points).
    /// </summary>
    public IEnumerable<string> Sources(string name)
    {
        if (stored.Contains(name))
            return [name];
        if (!_producers.TryGetValue(name, out var producer))
            return [];
        var node = producer.Node;
        return node.OpType switch
        {
            "Add" or "Sub" or "Mul" or "Div" or "Concat" or "MatMul" or "Sum" => node.Input.SelectMany(Sources),
            "ConstantOfShape" or "Range" or "Shape" => [],
            _ => node.Input.Take(1).SelectMany(Sources),
        };
    }

    private ConstantTensor Keep(string name, ConstantTensor value)
    {
        if (value.Values.Length <= KeepBelow)
            _known[name] = value;
        return value;
    }
}
