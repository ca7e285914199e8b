using System.Collections.Immutable;
using Onnx;

namespace Emergence.Tracing.Model;

/// <summary>
/// What a model declares of its inner tensors. The runtime holds a file to the types; the shapes are claims, which an
/// exporter may have written for a batch of one, and are believed only where nothing better can be had.
/// </summary>
/// <param name="graph">The graph that declares them.</param>
/// <param name="binding">The size of each named dimension, and the names that count samples.</param>
internal sealed class DeclaredTypes(GraphProto graph, InputBinding binding)
{
    private readonly HashSet<string> _batches =
        [.. binding.Inputs.Where(input => input.BatchAxis >= 0)
            .Select(input => input.Symbols[input.BatchAxis])
            .Where(symbol => symbol.Length > 0)];

    private readonly Dictionary<string, TypeProto.Types.Tensor> _types = graph.ValueInfo.Concat(graph.Output)
        .Where(info => info.Type?.TensorType is not null)
        .GroupBy(info => info.Name, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.First().Type.TensorType, StringComparer.Ordinal);

    /// <summary>A <c>TensorProto.DataType</c>; 0 where none is declared.</summary>
    public int ElementTypeOf(string name) => _types.GetValueOrDefault(name)?.ElemType ?? 0;

    /// <summary>The axes as they are claimed to be; null where that leaves one open.</summary>
    public ImmutableArray<Axis>? Claim(string name)
    {
        if (_types.GetValueOrDefault(name)?.Shape is not { } shape)
            return null;
        var sizes = shape.Dim.Select(dim =>
            dim.HasDimValue ? (int)dim.DimValue : binding.Dimensions.GetValueOrDefault(dim.DimParam ?? "", -1)).ToArray();
        if (sizes.Any(size => size < 0))
            return null;
        return [.. sizes.Zip(shape.Dim,
            (size, dim) => Axis.Of(size, !dim.HasDimValue && _batches.Contains(dim.DimParam) ? AxisRole.Batch : null))];
    }
}
