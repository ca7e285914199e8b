using System.Collections.Immutable;
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
        node.Output(node.Trace.Combine(a, b, output));
    }
}
