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
    public bool IsInteger =>
        ElementType is not ((int)DataType.Float or (int)DataType.Double or (int)DataType.Float16 or (int)DataType.Bfloat16);
}

/// <summary>The outputs of a node of which every input is constant; null where its operator is not
/// evaluated before the model runs.</summary>
/// <exception cref="TraceException">The inputs do not fit together, or the result is too large.</exception>
internal delegate ConstantTensor[]? FoldNode(NodeProto node, int opset, ConstantTensor?[] inputs);

/// <summary>
/// Evaluates tensors computed from stored ones: the shape arithmetic that exporters leave in the graph, and weights
/// that stand behind Transpose, Reshape, Cast, Identity or DequantizeLinear. Evaluates on demand; small results are kept.
/// </summary>
internal sealed class ConstantFolder(StoredTensors stored, FoldNode fold)
{
    // Results that are kept between questions, in elements; within one question all are.
    private const int KeepBelow = 1 << 16;
    private const long MostKept = 1 << 24;

    // A file of some hundred bytes may describe gigabytes: this many elements may be made of one file's constants, in all.
    private const long MostMade = 1L << 30;

    private readonly Dictionary<string, ConstantTensor> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (NodeProto Node, int Opset)> _producers = new(StringComparer.Ordinal);
    private long _kept;
    private long _made;

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
    /// <exception cref="TraceException">A node does not fit its operator, or the whole grows too large.</exception>
    public ConstantTensor? Evaluate(string name)
    {
        // Each tensor once and none by recursion: a chain may be long, and read its links twice.
        var found = new Dictionary<string, ConstantTensor?>(StringComparer.Ordinal);
        var open = new Stack<string>([name]);
        while (open.TryPeek(out var next))
        {
            if (found.ContainsKey(next))
            {
                open.Pop();
                continue;
            }
            var value = _known.GetValueOrDefault(next) ?? Stored(next);
            if (value is not null || !_producers.ContainsKey(next))
            {
                found[next] = value;
                continue;
            }
            if (Inputs(next).FirstOrDefault(input => !found.ContainsKey(input)) is not { } missing)
                Run(_producers[next], found);
            else if (open.Count <= _producers.Count)
                open.Push(missing);
            else
                throw new TraceException("its constants are computed in a circle");
        }
        return found[name];
    }

    private IEnumerable<string> Inputs(string name) =>
        _producers[name].Node.Input.Where(input => input.Length > 0).Distinct(StringComparer.Ordinal);

    private ConstantTensor? Stored(string name)
    {
        if (!stored.Contains(name) || stored.ElementType(name) == (int)DataType.String)
            return null;
        var dims = stored.Dims(name).Select(dim => checked((int)dim)).ToArray();
        return Keep(name, new ConstantTensor(dims, stored.Doubles(name), stored.ElementType(name)));
    }

    private void Run((NodeProto Node, int Opset) producer, Dictionary<string, ConstantTensor?> found)
    {
        var (node, opset) = producer;
        var inputs = node.Input.Select(input => input.Length == 0 ? null : found[input]).ToArray();
        var isKnown = node.Input.Zip(inputs).All(pair => pair.First.Length == 0 || pair.Second is not null);
        var outputs = isKnown ? fold(node, opset, inputs) : null;
        _made += outputs?.Sum(output => (long)output.Values.Length) ?? 0;
        if (_made > MostMade)
            throw new TraceException($"its constants are computed through more than {MostMade} elements; store them instead");
        for (var i = 0; i < node.Output.Count; i++)
            found[node.Output[i]] = i < outputs?.Length ? Keep(node.Output[i], outputs[i]) : null;
    }

    /// <summary>A weight that a node reads packed, as one number each: 0 where it is zero; null where it is
    /// not packed or not stored.</summary>
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
    /// (shapes, axes, quantization scales and zero points); each once, in the order in which they are read.
    /// </summary>
    public IEnumerable<string> Sources(string name)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>([name]);
        while (open.TryPop(out var next))
        {
            if (!seen.Add(next))
                continue;
            if (stored.Contains(next))
            {
                yield return next;
            }
            else if (_producers.TryGetValue(next, out var producer))
            {
                foreach (var input in Weighing(producer.Node).Reverse())
                    open.Push(input);
            }
        }
    }

    /// <summary>The inputs whose values the node's result is made of.</summary>
    private static IEnumerable<string> Weighing(NodeProto node) => node.OpType switch
    {
        "Add" or "Sub" or "Mul" or "Div" or "Concat" or "MatMul" or "Sum" => node.Input,
        "ConstantOfShape" or "Range" or "Shape" => [],
        _ => node.Input.Take(1),
    };

    private ConstantTensor Keep(string name, ConstantTensor value)
    {
        if (name.Length > 0 && value.Values.Length <= KeepBelow && _kept + value.Values.Length <= MostKept
            && _known.TryAdd(name, value))
            _kept += value.Values.Length;
        return value;
    }
}
