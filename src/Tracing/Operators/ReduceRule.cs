using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Reductions: over positions or time they are pooling, over channels a statistic that mixes nodes.</summary>
internal sealed class ReduceRule : OpRule
{
    public override OpKind Kind => OpKind.Transparent;

    public override ImmutableArray<string> Ops =>
    [
        "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSum",
        "ReduceLogSumExp", "ReduceSumSquare", "ArgMax", "ArgMin",
    ];

    public override void Apply(NodeContext node)
    {
        var input = node.Shaped(0);
        var isIndex = node.Op is "ArgMax" or "ArgMin";
        var axes = isIndex ? [(int)node.Attributes.Int("axis", 0)] : node.Axes();
        if (axes is null or [] && node.Attributes.Int("noop_with_empty_axes", 0) == 1)
        {
            node.Output(node.Trace.Pass(input, input with { Name = node.OutputName(0) }, range => range));
            return;
        }
        var keep = node.Attributes.Int("keepdims", 1) == 1;
        var (_, reduced) = Shapes.Reduce(input.Shape, axes, keep);
        var mixes = isIndex || input.Axes.Where((axis, i) => reduced[i] && axis.Size > 1).Any(axis => axis.Has(AxisRole.Channel));
        var kept = input.Axes.Select((axis, i) => reduced[i] ? axis.Resized(1) : axis).Where((_, i) => keep || !reduced[i]);
        var type = isIndex ? (int)Onnx.TensorProto.Types.DataType.Int64 : input.ElementType;
        var output = node.Trace.Pass(input, node.NewTensor([.. kept], type) with { Name = node.OutputName(0) }, range => mixes ? null : range with { Axis = range.Axis - (keep ? 0 : reduced.Take(range.Axis).Count(taken => taken)) });
        node.Output(mixes ? output with { Carries = Trace.Mix([input]) } : output);
    }
}
