using Onnx;

namespace Emergence.Measuring.Losses;

/// <summary>Makes stored tensors inputs of a model, so that they can be other ones at each run.</summary>
internal static class WeightInputs
{
    /// <summary>A copy of the model that takes the tensors as inputs.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tensors">Name, element type and dimensions of stored tensors of its main graph.</param>
    public static ModelProto Apply(ModelProto model, IReadOnlyCollection<(string Name, int ElementType, long[] Dims)> tensors)
    {
        var result = model.Clone();
        var graph = result.Graph;
        var names = tensors.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        Remove(graph.Initializer, tensor => names.Contains(tensor.Name));
        Remove(graph.SparseInitializer, tensor => names.Contains(tensor.Values?.Name ?? ""));
        Remove(graph.Node, node => node.OpType == "Constant" && node.Output.Any(names.Contains));
        // Files before IR version 4 list them among the inputs already.
        var known = graph.Input.Select(input => input.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, elementType, dims) in tensors.Where(tensor => !known.Contains(tensor.Name)))
        {
            var shape = new TensorShapeProto();
            shape.Dim.AddRange(dims.Select(dim => new TensorShapeProto.Types.Dimension { DimValue = dim }));
            graph.Input.Add(new ValueInfoProto
            {
                Name = name,
                Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = elementType, Shape = shape } },
            });
        }
        return result;
    }

    private static void Remove<T>(IList<T> list, Func<T, bool> isGone)
    {
        for (var i = list.Count - 1; i >= 0; i--)
        {
            if (isGone(list[i]))
                list.RemoveAt(i);
        }
    }
}
