using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
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
        var axes = isIndex ? [node.Attributes.Int("axis", 0)] : node.Call.Axes();
        if (axes is null or [] && node.Attributes.Int("noop_with_empty_axes", 0) == 1)
        {
            node.Output(node.Trace.Pass(input, input with { Name = node.OutputName(0) }, range => range));
            return;
        }
        var keep = node.Attributes.Int("keepdims", 1) == 1;
        var (_, reduced) = Shapes.Reduce(input.Shape, axes, keep);
        var mixes = isIndex || input.Axes.Where((axis, i) => reduced[i] && axis.Size > 1).Any(axis => axis.Has(AxisRole.Channel));
        var kept = input.Axes.Select((axis, i) => reduced[i] ? axis.Resized(1) : axis).Where((_, i) => keep || !reduced[i]);
        var isMerge = node.Op is "ReduceSum" or "ReduceMean" or "ReduceMax" or "ReduceMin" && reduced.Count(taken => taken) == 1;
        var type = isIndex ? (int)Onnx.TensorProto.Types.DataType.Int64 : input.ElementType;
        var output = node.Trace.Pass(input, node.NewTensor([.. kept], type) with { Name = node.OutputName(0) },
            range => mixes
            ? null
            : range with { Axis = range.Axis - (keep ? 0 : reduced.Take(range.Axis).Count(taken => taken)) });
        if (node.Trace.SummedWeights.TryGetValue(node.OutputName(0), out var weight))
        {
            node.Output(node.Trace.Open(node, output, [input], [weight]));
            return;
        }
        // The sum, mean or largest over a stack of branches is that of the branches.
        if (isMerge && node.Trace.MergeStack(node, Array.IndexOf(reduced, true), output) is { } merged)
            node.Output(merged);
        else
            node.Output(!mixes ? output : output with { Carries = isIndex ? Trace.Mix([input]) : Trace.Reduce(input) });
    }

    public override ValueFlow? Flow(OperatorCall call) => call.Op switch
    {
        "ReduceMax" or "ReduceMin" => ValueFlow.Largest,
        "ReduceMean" or "ReduceSum" or "ReduceL1" or "ReduceL2" or "ReduceSumSquare" or "ReduceLogSumExp" => ValueFlow.Average,
        _ => null,
    };

    /// <summary>The index of a largest or smallest element is no element.</summary>
    public override ElementMap? Sources(OperatorCall call, int input, int output)
    {
        if (input > 0 || call.Op is "ArgMax" or "ArgMin")
            return null;
        var (dims, axes) = (call.Shape(0), call.Axes());
        return axes is null or [] && call.Attributes.Int("noop_with_empty_axes", 0) == 1
            ? ElementMap.Identity(Shapes.Count(dims))
            : ElementMaps.Reduced(dims, Shapes.Reduce(dims, axes, keepDims: true).Shape);
    }

    public override ConstantTensor[]? Fold(OperatorCall call)
    {
        (double Seed, Func<double, double, double> Step)? reduction = call.Op switch
        {
            "ReduceProd" => (1, (a, b) => a * b),
            "ReduceSum" => (0, (a, b) => a + b),
            "ReduceMax" => (double.NegativeInfinity, Math.Max),
            "ReduceMin" => (double.PositiveInfinity, Math.Min),
            _ => null,
        };
        if (reduction is not var (seed, step))
            return null;
        var (tensor, axes) = (call.Known(0), call.Axes());
        if (axes is null or [] && call.Attributes.Int("noop_with_empty_axes", 0) == 1)
            return [tensor];
        var keeps = call.Attributes.Int("keepdims", 1) == 1;
        var sources = Sources(call, 0, 0)!;
        var values = new double[sources.From];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = seed;
            foreach (var source in sources[i])
                values[i] = step(values[i], tensor.Values[source]);
        }
        return [tensor with { Dims = Shapes.Reduce(tensor.Dims, axes, keeps).Shape, Values = values }];
    }
}
