using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Onnx;

namespace Emergence.Tracing.Operators;

/// <summary>Comparisons, logic and bit operations: they hold answers, not activations, but their answers hang on the layers before.</summary>
internal sealed class PredicateRule : OpRule
{
    public override OpKind Kind => OpKind.NotALayer;

    public override ImmutableArray<string> Ops =>
    [
        "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual", "And", "Or", "Xor", "Not", "IsNaN", "IsInf",
        "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot",
    ];

    public override void Apply(NodeContext node)
    {
        var inputs = node.Inputs.ToArray();
        var shape = inputs.Length > 1 ? ElementwiseBinaryRule.Broadcast(node, inputs[0], inputs[1]) : inputs[0];
        var isBits = node.Op.StartsWith("Bit", StringComparison.Ordinal);
        node.Output(shape with
        {
            ElementType = isBits ? inputs[0].ElementType : (int)TensorProto.Types.DataType.Bool,
            Carries = Trace.Mix(inputs),
        });
    }
}
