using Onnx;

namespace Emergence.Measuring.Nulls;

/// <summary>Gives a stored tensor other values.</summary>
internal static class StoredValues
{
    /// <summary>Replaces the tensor of that name, wherever the main graph stores it, by an initializer.</summary>
    public static void Replace(ModelProto model, TensorProto tensor)
    {
        var graph = model.Graph;
        for (var i = 0; i < graph.Initializer.Count; i++)
        {
            if (graph.Initializer[i].Name != tensor.Name)
                continue;
            graph.Initializer[i] = tensor;
            return;
        }
        if (graph.SparseInitializer.FirstOrDefault(sparse => sparse.Values?.Name == tensor.Name) is { } found)
            graph.SparseInitializer.Remove(found);
        else if (graph.Node.FirstOrDefault(node => node.OpType == "Constant"
            && node.Output.Contains(tensor.Name)) is { } constant)
            graph.Node.Remove(constant);
        else
            throw new KeyNotFoundException($"the model stores no tensor '{tensor.Name}'");
        Add(model, tensor);
    }

    /// <summary>Stores a new tensor; files before IR version 4 list every stored tensor among their inputs too.</summary>
    public static void Add(ModelProto model, TensorProto tensor)
    {
        model.Graph.Initializer.Add(tensor);
        if (model.IrVersion >= 4 || model.Graph.Input.Any(input => input.Name == tensor.Name))
            return;
        var shape = new TensorShapeProto();
        shape.Dim.AddRange(tensor.Dims.Select(dim => new TensorShapeProto.Types.Dimension { DimValue = dim }));
        model.Graph.Input.Add(new ValueInfoProto
        {
            Name = tensor.Name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = tensor.DataType, Shape = shape } },
        });
    }
}
