using System.Globalization;
using Emergence.Checkpoints;
using Onnx;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Tracing.Model;

/// <summary>
/// Recognizes nodes that compute the same from the same values: of one operator, with the same attributes and inputs. Where
/// operands commute, their order does not matter. Weights are told apart by name; single numbers, shapes and indices, of which
/// files store one for each that reads it, by what they hold.
/// </summary>
/// <param name="stored">The stored tensors.</param>
/// <param name="valueOf">The name of the value that a tensor is.</param>
internal sealed class RepeatedNodes(StoredTensors stored, Func<string, string> valueOf)
{
    // Longer ones are no shapes.
    private const int Longest = 64;

    private readonly Dictionary<string, NodeProto> _known = new(StringComparer.Ordinal);

    /// <summary>The first node asked for that computes the same; null if this is the first, and for those of which two may
    /// differ or that hold graphs of their own.</summary>
    public NodeProto? FirstOf(NodeProto node)
    {
        if (node.Input.Count == 0 || node.Domain == BodyBorder.Domain || Trace.IsRandom(node) || node.OpType == "Dropout"
            || node.SubGraphs().Any())
            return null;
        var inputs = node.Input.Select(input => valueOf(input) is var value && stored.Contains(value) ? Content(value) : value);
        if (node.OpType is "Add" or "Mul" or "Sum" or "Max" or "Min" or "Mean")
            inputs = inputs.Order(StringComparer.Ordinal);
        var text = $"{node.Domain}:{node.OpType}({string.Join(',', inputs)})" + string.Concat(node.Attribute
            .OrderBy(attribute => attribute.Name, StringComparer.Ordinal).Select(attribute => attribute.ToString()));
        return _known.TryAdd(text, node) ? null : _known[text];
    }

    private string Content(string tensor)
    {
        var (type, dims) = ((DataType)stored.ElementType(tensor), stored.Dims(tensor));
        var count = dims.Aggregate(1L, (product, size) => product * size);
        return type is not DataType.String && (count == 1 || type is DataType.Int64 && count <= Longest)
            ? $"{type}[{string.Join(' ', dims)}]: {string.Join(' ', stored.Doubles(tensor).Select(Text))}"
            : tensor;
    }

    private static string Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);
}
