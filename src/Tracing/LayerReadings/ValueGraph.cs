using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using Onnx;

namespace Emergence.Tracing.LayerReadings;

/// <summary>
/// Who reads each value of a graph. Values are told apart, not names: copies are one value, identical operators on one value
/// count once, and neither a question for its shape, nor a result that nobody uses, nor an output of the model is a reader.
/// </summary>
internal sealed class ValueGraph
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<NodeProto>> _readers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _dequantized = new(StringComparer.Ordinal);

    /// <param name="nodes">The nodes, producers before consumers.</param>
    /// <param name="outputs">The outputs of the model.</param>
    /// <param name="trace">What is known of their tensors.</param>
    /// <param name="stored">The stored tensors.</param>
    public ValueGraph(IReadOnlyList<NodeProto> nodes, IEnumerable<string> outputs, Trace trace, StoredTensors stored)
    {
        var live = LiveNodes.Of(nodes, outputs);
        var repeated = new RepeatedNodes(stored, Of);
        foreach (var node in nodes)
        {
            if (CopiedInput(node, trace) is { } copied)
            {
                _values[node.Output[0]] = Of(copied);
                if (node.OpType == "DequantizeLinear")
                    _dequantized.TryAdd(copied, node.Output[0]);
                continue;
            }
            if (!live.Contains(node))
                continue;
            if (repeated.FirstOf(node) is { } first)
            {
                // The same operator on the same values: its results are those of the first.
                foreach (var (output, same) in node.Output.Zip(first.Output)
                    .Where(pair => pair.First.Length > 0 && pair.Second.Length > 0))
                    _values[output] = Of(same);
                continue;
            }
            if (LiveNodes.AsksForShape(node))
                continue;
            foreach (var value in node.Input.Concat(node.ReadInBodies())
                .Where(input => input.Length > 0)
                .Select(Of)
                .Distinct(StringComparer.Ordinal))
                (_readers.TryGetValue(value, out var readers) ? readers : _readers[value] = []).Add(node);
        }
        foreach (var readers in _readers.Values.Where(readers => readers.Count > 1))
            readers.RemoveAll(node => IsLayout(node) && node.Output.All(output => !_readers.ContainsKey(Of(output))));
    }

    /// <summary>The first tensor that holds the values of this one.</summary>
    public string Of(string tensor) => _values.GetValueOrDefault(tensor, tensor);

    /// <summary>The nodes that read a value, in order, each once.</summary>
    public IReadOnlyList<NodeProto> ReadersOf(string tensor) => _readers.TryGetValue(Of(tensor), out var readers) ? readers : [];

    /// <summary>The tensor in which the model makes numbers of a quantized one; null where it does not.</summary>
    public string? DequantizedOf(string tensor) => _dequantized.GetValueOrDefault(tensor);

    /// <summary>True for operators that only give the same values another shape.</summary>
    public static bool IsLayout(NodeProto node) =>
        OpRules.Find(node.Domain, node.OpType) is LayoutRule;

    /// <summary>The input whose values a node passes on as they are; null where it does more.</summary>
    private static string? CopiedInput(NodeProto node, Trace trace)
    {
        if (node.Domain == BodyBorder.Domain)
            return null;
        if (node.Input.Count == 0 || node.Output.Count == 0 || trace.Tensor(node.Input[0]) is not { } input)
            return null;
        var isCopy = node.OpType switch
        {
            "Identity" => true,
            "Dropout" =>
                node.Input.Count < 3 || node.Input[2].Length == 0 || trace.Constants.Evaluate(node.Input[2]) is { Values: [0] },
            "Cast" or "CastLike" => input.IsFloat && trace.Tensor(node.Output[0]) is { IsFloat: true },
            "Sum" or "Max" or "Min" or "Mean" or "Concat" => node.Input.Count == 1,
            // The integers of a quantized layer, read as the numbers that they stand for.
            "DequantizeLinear" => input.Quantization is { } meaning && QuantizedOutput.AreSame(
                trace, meaning, new Quantization(node.Input[1], node.Input.ElementAtOrDefault(2) ?? "")),
            _ => false,
        };
        return isCopy ? node.Input[0] : null;
    }
}
