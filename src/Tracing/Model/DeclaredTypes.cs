using System.Collections.Immutable;
using Onnx;

namespace Emergence.Tracing.Model;

/// <summary>The shapes and types a model declares for its tensors: taken where an operator's own shape is not known, never before.</summary>
/// <param name="graph">The graph that declares them.</param>
/// <param name="binding">The size of each named dimension, and the names that count samples.</param>
internal sealed class DeclaredTypes(GraphProto graph, InputBinding binding)
{
    private readonly HashSet<string> _batches = [.. binding.Inputs.Where(input => input.BatchAxis >= 0).Select(input => input.Symbols[input.BatchAxis]).Where(symbol => symbol.Length > 0)];


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
        var sizes = type.Shape.Dim.Select(dim => dim.HasDimValue ? (int)dim.DimValue : binding.Dimensions.GetValueOrDefault(dim.DimParam ?? "", -1)).ToArray();
        if (sizes.Any(size => size < 0))
            return (default, type.ElemType);
        return ([.. sizes.Zip(type.Shape.Dim, (size, dim) => Axis.Of(size, !dim.HasDimValue && _batches.Contains(dim.DimParam) ? AxisRole.Batch : null))], type.ElemType);
    }
}
