using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Where: a mask over one computed branch, or a choice between two.</summary>
internal sealed class SelectRule : OpRule
{
    public override OpKind Kind => OpKind.Merge;

    public override ImmutableArray<string> Ops => ["Where"];

    public override void Apply(NodeContext node)
    {
        var (a, b) = (node.Input(1), node.Input(2));
        var output = ElementwiseBinaryRule.Broadcast(node, a, b);
        if (node.Input(0) is { HasShape: true } condition && output.HasShape)
        {
            var shape = Shapes.Broadcast(condition.Shape, output.Shape);
            if (!shape.AsSpan().SequenceEqual(output.Shape))
                output = ElementwiseBinaryRule.Broadcast(node, condition, output) with { ElementType = output.ElementType };
        }
        output = output with { Name = node.OutputName(0) };
        // The larger or the smaller of two, as Max and Min are.
        if (!ElementwiseBinaryRule.Chain(node, [a, b], output))
            node.Output(node.Trace.Combine(a, b, output));
    }

    public override ElementMap? Sources(OperatorCall call, int input, int output) =>
        ElementMaps.Broadcast(call.Shape(input), Shape(call));

    public override ConstantTensor[]? Fold(OperatorCall call)
    {
        var (condition, yes, no) = (call.Known(0), call.Known(1), call.Known(2));
        var shape = Shape(call);
        var read = condition.Values.Length + yes.Values.Length + no.Values.Length;
        var (on, a, b) = (condition.BroadcastTo(shape, read), yes.BroadcastTo(shape, read), no.BroadcastTo(shape, read));
        return [a with { Values = [.. on.Values.Select((chosen, i) => chosen != 0 ? a.Values[i] : b.Values[i])] }];
    }

    private static int[] Shape(OperatorCall call) =>
        Shapes.Broadcast(call.Shape(0), Shapes.Broadcast(call.Shape(1), call.Shape(2)));
}
