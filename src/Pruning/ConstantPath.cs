using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Pruning;

/// <summary>How a constant that an operator reads is made of one stored tensor.</summary>
/// <param name="Stored">The stored tensor.</param>
/// <param name="Map">The stored element behind each element that the operator reads; null where they are the same.</param>
/// <param name="Dims">Dimensions as the operator reads it.</param>
/// <param name="IsPrivate">Nothing else reads the stored tensor, or anything made of it.</param>
/// <param name="IsCopy">The operator reads the stored elements themselves, moved at most: not cast, not dequantized.</param>
/// <param name="CanCut">Slices can be cut out of it.</param>
internal sealed record ConstantPath(string Stored, int[]? Map, int[] Dims, bool IsPrivate, bool IsCopy, bool CanCut)
{
    /// <summary>The stored element behind an element that the operator reads.</summary>
    public int At(int element) => Map is null ? element : Map[element];

    /// <summary>Elements the operator reads.</summary>
    public int Count => Shapes.Count(Dims);
}

/// <summary>Finds the stored tensors behind the constants of a traced model.</summary>
internal sealed class ConstantPaths(TracedModel model, StoredTensors stored, GraphProto graph)
{
    private readonly Routes routes = new(model);
    private readonly HashSet<string> outputs = graph.Output.Select(output => output.Name).ToHashSet(StringComparer.Ordinal);
    private readonly Dictionary<string, NodeProto> producers =
        model.Nodes.SelectMany(node => node.Output, (node, output) => (node, output))
            .GroupBy(pair => pair.output, pair => pair.node)
            .ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);

    /// <summary>True for a tensor that the file stores.</summary>
    public bool IsStored(string name) => stored.Contains(name);

    /// <summary>True for a tensor that one input of one node reads, and nothing else.</summary>
    public bool IsReadOnce(string name) => stored.Users(name) == 1 && !outputs.Contains(name);

    /// <summary>The path of a constant; null where it is computed from several stored tensors, or in a way
    /// that is not followed.</summary>
    public ConstantPath? Of(string name)
    {
        if (model.Tensors.GetValueOrDefault(name) is not { IsConstant: true, HasShape: true } tensor)
            return null;
        var sources = model.Constants.Sources(name)
            .Distinct(StringComparer.Ordinal)
            .Where(source => source == name || stored.Contains(source))
            .ToArray();
        if (sources is not [var source] || !stored.Contains(source))
            return null;
        int[]? map = null;
        if (source != name)
        {
            if (routes.Follow(source, name) is not { } labels)
                return null;
            map = new int[labels.From];
            for (var i = 0; i < map.Length; i++)
            {
                if (labels[i].Length != 1)
                    return null;
                map[i] = labels[i][0];
            }
        }
        var (isPrivate, isCopy, canCut, isReshaped) = (true, true, ElementTypes.Bits(stored.ElementType(source)) % 8 == 0, false);
        for (var at = name; ; at = producers[at].Input[0])
        {
            isPrivate &= IsReadOnce(at);
            if (at == source)
                break;
            var producer = producers[at];
            var isMoved = producer.OpType is "Identity" or "Transpose" or "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze";
            isCopy &= isMoved;
            // A slice of the converted weight is one of the stored weight only where the axes are still the same.
            canCut &= isMoved
                || (!isReshaped
                && (producer.OpType == "Cast" || (producer.OpType == "DequantizeLinear" && CanCutDequantized(producer))));
            isReshaped |= isMoved && producer.OpType is not ("Identity" or "Transpose");
            if (!isMoved && producer.OpType is not ("Cast" or "DequantizeLinear"))
                return null;
        }
        return new ConstantPath(source, map, tensor.Shape, isPrivate, isCopy, canCut);
    }

    /// <summary>Scale and zero point are stored, and theirs alone where there are several.</summary>
    private bool CanCutDequantized(NodeProto node) =>
        new AttributeReader(node).Int("block_size", 0) == 0
        && node.Input.Skip(1).Where(input => input.Length > 0).All(input =>
            stored.Contains(input) && (TensorValues.Count(stored.Get(input)) == 1 || stored.Users(input) == 1));
}
