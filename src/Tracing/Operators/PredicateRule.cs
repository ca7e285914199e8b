using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Operators;

/// <summary>Comparisons, logic and bit operations: they hold answers, not activations, but their answers
/// depend on the layers before.</summary>
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

    public override ConstantTensor[]? Fold(OperatorCall call)
    {
        if (call.Op == "Not")
            return [call.Known(0).Map(x => x == 0 ? 1 : 0)];
        return FunctionOf(call.Op) is not { } holds
            ? null
            : [call.Known(0)
                .With(call.Known(1), (a, b) => holds(a, b) ? 1 : 0) with { ElementType = (int)TensorProto.Types.DataType.Bool }];
    }

    /// <summary>What an operator asks of two numbers; null for one that is no comparison or logical operator of two.</summary>
    public static Func<double, double, bool>? FunctionOf(string op) => op switch
    {
        "Equal" => (a, b) => a == b,
        "Less" => (a, b) => a < b,
        "Greater" => (a, b) => a > b,
        "LessOrEqual" => (a, b) => a <= b,
        "GreaterOrEqual" => (a, b) => a >= b,
        "And" => (a, b) => a != 0 && b != 0,
        "Or" => (a, b) => a != 0 || b != 0,
        "Xor" => (a, b) => a != 0 != (b != 0),
        _ => null,
    };
}
