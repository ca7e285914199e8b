using Emergence.Tracing.Model;
using Onnx;

namespace Emergence.Tracing.LayerReadings;

/// <summary>
/// Decides where each layer is read, and by that alone: by walking from its operator along the single reader. One network
/// gives one reading, however its file spells it; docs/measures.md has the rules.
/// </summary>
/// <param name="trace">The finished trace.</param>
/// <param name="values">Who reads what.</param>
/// <param name="nodes">Each node as its rule saw it.</param>
internal sealed class LayerReader(Trace trace, ValueGraph values, IReadOnlyDictionary<NodeProto, NodeContext> nodes)
{
    private readonly Expressions _expressions = new(trace, values, nodes);
    private readonly StepCloner _cloner = new(trace, values, nodes);

    /// <summary>Sets the tensor that a layer is read from, what is applied to it, and the activation function.</summary>
    public void Read(LayerBuilder layer)
    {
        new ReadingWalk(new LayerView(trace, values, nodes, layer), _expressions, _cloner).Go();
        // Where the model itself makes numbers of a layer's integers, they are read there.
        if (layer is { Read.Quantization: not null, Applied.IsEmpty: true } && values.DequantizedOf(layer.Read.Name) is { } name)
            layer.Read = trace.Tensor(name)!;
    }
}
