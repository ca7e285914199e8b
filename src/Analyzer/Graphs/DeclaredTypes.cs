using System.Collections.Immutable;
using Onnx;

namespace Emergence.Analyzer.Graphs;

/// <summary>The shapes and types a model declares for its tensors: taken where an operator's own shape is not known, never before.</summary>
internal sealed class DeclaredTypes(GraphProto graph, IReadOnlyDictionary<string, int> dimensions)
{
    private readonly Dictionary<string, TypeProto.Types.Tensor> _types = graph.ValueInfo.Concat(graph.Output)
        .Where(info => info.Type?.TensorType is not null)
        .GroupBy(info => info.Name, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.First().Type.TensorType, StringComparer.Ordinal);

    public (ImmutableArray<Axis> Axes, int ElementType) Find(string name)
    {
        if (!_types.TryGetValue(name, out var type))
            return (default, 0);
        if (type.Shape is null)
            return (default, type.ElemType);
        var sizes = type.Shape.Dim.Select(dim => dim.HasDimValue ? (int)dim.DimValue : dimensions.GetValueOrDefault(dim.DimParam ?? "", -1)).ToArray();
        return (sizes.Any(size => size < 0) ? default : [.. sizes.Select(size => Axis.Of(size, null))], type.ElemType);
    }
}
