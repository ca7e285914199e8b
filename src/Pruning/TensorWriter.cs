using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Pruning;

/// <summary>Writes tensors back to where a model stores them: an initializer, sparse or dense, or a Constant node.</summary>
/// <param name="model">The model.</param>
/// <param name="directory">Its folder.</param>
/// <param name="spool">Takes large tensors that are not in memory; null where there is none.</param>
internal sealed class TensorWriter(ModelProto model, string directory, TensorSpool? spool = null)
{
    /// <summary>Writes a stored tensor as it is pruned; its form stays, only external data moves into the model.</summary>
    /// <exception cref="KeyNotFoundException">The model stores no such tensor.</exception>
    /// <exception cref="UserException">Its type cannot hold a value: that of a damaged zero point, say.</exception>
    public void Replace(WeightTensor tensor)
    {
        try
        {
            Write(tensor);
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            throw new UserException(
                $"tensor '{tensor.Name}': its type cannot hold the zero of its quantization; leave its layer out with --exclude",
                e);
        }
    }

    private void Write(WeightTensor tensor)
    {
        var (graph, name) = (model.Graph, tensor.Name);
        for (var i = 0; i < graph.Initializer.Count; i++)
        {
            if (graph.Initializer[i] is var original && original.Name == name)
            {
                graph.Initializer[i] = spool is not null && TensorSpool.Serves(original)
                    ? spool.Add(original, directory, tensor.Change)
                    : TensorValues.WithDoubles(original, tensor.Values(), directory);
                return;
            }
        }
        var values = tensor.Values();
        if (graph.SparseInitializer.FirstOrDefault(sparse => sparse.Values?.Name == name) is { } stored)
            Replace(stored, values);
        else if (graph.Node.FirstOrDefault(node => node.OpType == "Constant" && node.Output.Contains(name)) is { } constant)
            Replace(constant, values);
        else
            throw new KeyNotFoundException($"the model stores no tensor '{name}'");
    }

    /// <summary>Stores a new tensor; files before IR version 4 list every stored tensor among their inputs too.</summary>
    public static void Add(ModelProto model, TensorProto tensor)
    {
        model.Graph.Initializer.Add(tensor);
        if (model.IrVersion >= 4)
            return;
        var shape = new TensorShapeProto();
        shape.Dim.AddRange(tensor.Dims.Select(dim => new TensorShapeProto.Types.Dimension { DimValue = dim }));
        model.Graph.Input.Add(new ValueInfoProto
        {
            Name = tensor.Name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = tensor.DataType, Shape = shape } },
        });
    }

    private void Replace(NodeProto constant, ReadOnlySpan<double> values)
    {
        var attribute = constant.Attribute.Single(attribute =>
            attribute.Name is "value" or "sparse_value" or "value_float" or "value_floats");
        switch (attribute.Name)
        {
            case "value":
                attribute.T = TensorValues.WithDoubles(attribute.T, values, directory);
                break;
            case "sparse_value":
                Replace(attribute.SparseTensor, values);
                break;
            case "value_float":
                attribute.F = (float)values[0];
                break;
            default:
                for (var i = 0; i < values.Length; i++)
                    attribute.Floats[i] = (float)values[i];
                break;
        }
    }

    /// <summary>A sparse tensor keeps its entries, some of which are zero now.</summary>
    private void Replace(SparseTensorProto sparse, ReadOnlySpan<double> values)
    {
        // Where each entry stands: the dense form of the entries' own numbers, from 1 on.
        var numbered = sparse.Clone();
        var count = checked((int)TensorValues.Count(sparse.Values));
        numbered.Values =
            TensorValues.FromLongs("entries", [count], [.. Enumerable.Range(1, count).Select(number => (long)number)]);
        var entries = TensorValues.ToLongs(SparseTensors.ToDense(numbered, directory), directory);
        var kept = new double[count];
        for (var i = 0; i < entries.Length; i++)
        {
            if (entries[i] > 0)
                kept[entries[i] - 1] = values[i];
        }
        sparse.Values = TensorValues.WithDoubles(sparse.Values, kept, directory);
    }
}
