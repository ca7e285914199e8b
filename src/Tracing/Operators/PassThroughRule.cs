using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Tracing.Operators;

/// <summary>Operators whose output has the shape of their first input, element by element: copies,
/// conversions, quantization, softmax.</summary>
internal sealed class PassThroughRule : OpRule
{
    public override OpKind Kind => OpKind.Transparent;

    public override ImmutableArray<string> Ops =>
    [
        "Identity", "Dropout", "Cast", "CastLike", "BitCast", "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear",
        "Softmax", "LogSoftmax", "Hardmax", "com.microsoft::QuantizeLinear", "com.microsoft::DequantizeLinear",
    ];

    public override bool OnlyShapes(NodeContext node, int input) => node.Op == "CastLike" && input == 1;

    public override void Apply(NodeContext node)
    {
        var input = node.Input(0);
        var type = node.Op switch
        {
            "Cast" => node.Attributes.Int("to", input.ElementType),
            "CastLike" => node.Input(1).ElementType,
            "QuantizeLinear" => QuantizedOutput.TypeOf(node),
            "DynamicQuantizeLinear" => (int)DataType.Uint8,
            "DequantizeLinear" => node.Input(1).ElementType,
            _ => input.ElementType,
        };
        node.Output(input with
        {
            Name = node.OutputName(0),
            ElementType = type,
            Quantization = node.Op switch
            {
                "QuantizeLinear" => QuantizedOutput.QuantizationOf(node),
                "Identity" or "Dropout" => input.Quantization,
                _ => null,
            },
        });
        // A dropout's mask, a quantization's scale: they hold no activations.
        for (var i = 1; i < node.Node.Output.Count; i++)
        {
            var isMask = node.Op == "Dropout";
            node.Output(i, node.NewTensor(isMask ? input.Axes : [], isMask ? (int)DataType.Bool : (int)DataType.Float));
        }
    }

    /// <summary>Up to opset 12 a softmax runs over its axis and all behind it; one scale for a whole tensor
    /// follows from all of it.</summary>
    public override IEnumerable<int> Mixes(OperatorCall call)
    {
        var dims = call.Shape(0);
        return call.Op switch
        {
            "Softmax" or "LogSoftmax" or "Hardmax" => call.Opset >= 13
                ? [call.Attributes.Axis("axis", -1, dims.Length)]
                : From(call.Attributes.Axis("axis", 1, dims.Length), dims),
            "DynamicQuantizeLinear" => From(0, dims),
            _ => [],
        };
    }

    /// <summary>A softmax is transparent as a normalization is.</summary>
    public override ElementMap? Sources(OperatorCall call, int input, int output) =>
        input == 0 && output == 0 ? ElementMap.Identity(Shapes.Count(call.Shape(0))) : null;

    public override ConstantTensor[]? Fold(OperatorCall call) => call.Op switch
    {
        "Identity" or "Dropout" => [call.Known(0)],
        "Cast" => [call.Known(0).As((DataType)call.Attributes.Int("to", (int)DataType.Float))],
        "CastLike" => [call.Known(0).As((DataType)call.Known(1).ElementType)],
        "DequantizeLinear" => Dequantized(call),
        _ => null,
    };

    /// <summary>(q − zero point) · scale, per tensor or per slice of one axis; null for blocked quantization.</summary>
    private static ConstantTensor[]? Dequantized(OperatorCall call)
    {
        if (call.Attributes.Int("block_size", 0) != 0)
            return null;
        var (data, scale) = (call.Known(0), call.Known(1));
        var dims = new int[data.Dims.Length];
        Array.Fill(dims, 1);
        if (scale.Values.Length > 1)
            dims[call.Attributes.Axis("axis", 1, dims.Length)] = scale.Values.Length;
        var shifted = call.Constant(2) is { } zero ? data.With(zero with { Dims = dims }, (q, z) => q - z) : data;
        return [shifted.With(scale with { Dims = dims }, (q, s) => q * s) with { ElementType = scale.ElementType }];
    }
}
