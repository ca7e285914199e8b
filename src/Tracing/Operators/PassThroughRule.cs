using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Onnx;

namespace Emergence.Tracing.Operators;

/// <summary>Operators whose output has the shape of their first input: copies, conversions, quantisation, softmax.</summary>
internal sealed class PassThroughRule : OpRule
{
    public override OpKind Kind => OpKind.Transparent;

    public override ImmutableArray<string> Ops =>
    [
        "Identity", "Dropout", "Cast", "CastLike", "BitCast", "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear",
        "Softmax", "LogSoftmax", "Hardmax", "CumSum", "CumProd", "Trilu", "ReverseSequence", "ScatterElements", "ScatterND", "Scatter", "TensorScatter",
        "RotaryEmbedding", "com.microsoft::RotaryEmbedding", "com.microsoft::QuantizeLinear", "com.microsoft::DequantizeLinear",
    ];

    public override bool OnlyShapes(NodeContext node, int input) => node.Op == "CastLike" && input == 1;

    public override void Apply(NodeContext node)
    {
        var input = node.Input(0);
        var type = node.Op switch
        {
            "Cast" => (int)node.Attributes.Int("to", input.ElementType),
            "CastLike" => node.Input(1).ElementType,
            "QuantizeLinear" => node.Optional(2)?.ElementType ?? (int)TensorProto.Types.DataType.Uint8,
            "DynamicQuantizeLinear" => (int)TensorProto.Types.DataType.Uint8,
            "DequantizeLinear" => node.Input(1).ElementType,
            _ => input.ElementType,
        };
        var output = input with { Name = node.OutputName(0), ElementType = type };
        if (node.Op == "DequantizeLinear")
            output = output with { Quantisation = null };
        node.Output(output);
        // A dropout's mask, a quantisation's scale: they hold no activations.
        for (var i = 1; i < node.Node.Output.Count; i++)
        {
            var isMask = node.Op == "Dropout";
            node.Output(i, node.NewTensor(isMask ? input.Axes : [], isMask ? (int)TensorProto.Types.DataType.Bool : (int)TensorProto.Types.DataType.Float));
        }
    }
}
