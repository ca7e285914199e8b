using Emergence.Checkpoints;
using Emergence.Measuring.Settings;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Measuring.Inference;

/// <summary>The types and shapes of a model's inner tensors.</summary>
public static class TensorTypes
{
    /// <summary>
    /// Those that the file declares, and those that ONNX Runtime infers as it loads the model; the latter only where it does.
    /// </summary>
    /// <returns>Declarations by tensor name: of the graph's inputs, outputs and node outputs.</returns>
    public static IReadOnlyDictionary<string, ValueInfoProto> Of(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var types = Inferred(checkpoint);
        foreach (var (name, type) in Declared(checkpoint.Model.Graph))
            types[name] = type;
        return types;
    }

    /// <summary>Those that the file declares, which no runtime need load.</summary>
    public static IReadOnlyDictionary<string, ValueInfoProto> Declared(GraphProto graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var types = new Dictionary<string, ValueInfoProto>(StringComparer.Ordinal);
        foreach (var value in graph.ValueInfo.Concat(graph.Output).Concat(graph.Input).Where(value => value.Type is not null))
            types[value.Name] = value;
        return types;
    }

    private static Dictionary<string, ValueInfoProto> Inferred(Checkpoint checkpoint)
    {
        var types = new Dictionary<string, ValueInfoProto>(StringComparer.Ordinal);
        var exposed = checkpoint.Model.Clone();
        exposed.Graph.Output.Clear();
        exposed.Graph.Output.Add(exposed.Graph.Node.SelectMany(node => node.Output).Where(output => output.Length > 0)
            .Distinct(StringComparer.Ordinal).Select(output => new ValueInfoProto { Name = output }));
        try
        {
            using var session =
                SessionFactory.Create(new AnalysisSettings { Device = Device.Cpu, Optimization = Optimization.None })
                .Open(exposed, checkpoint.Path);
            foreach (var (name, output) in session.OutputMetadata.Where(output => output.Value.IsTensor))
                types[name] = Declaration(name, (DataType)output.ElementDataType, output.Dimensions, output.SymbolicDimensions);
        }
        catch (UserException)
        {
            // What the runtime refuses may be what is wrong with the model: the file's own declarations remain.
        }
        return types;
    }

    private static ValueInfoProto Declaration(string name, DataType type, int[] dims, string[] symbols)
    {
        var shape = new TensorShapeProto();
        foreach (var (size, symbol) in dims.Zip(symbols))
        {
            shape.Dim.Add(size >= 0 ? new TensorShapeProto.Types.Dimension { DimValue = size }
                : symbol.Length > 0 ? new TensorShapeProto.Types.Dimension { DimParam = symbol }
                : new TensorShapeProto.Types.Dimension());
        }
        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = shape } },
        };
    }
}
