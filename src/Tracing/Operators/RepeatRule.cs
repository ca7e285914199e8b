using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Expand and Tile: the same values several times.</summary>
internal sealed class RepeatRule : ResizingRule
{
    public override ImmutableArray<string> Ops => ["Expand", "Tile"];

    public override bool OnlyShapes(NodeContext node, int input) => input == 1;

    public override ValueFlow? Flow(OperatorCall call) => ValueFlow.Selection;

    public override ElementMap? Sources(OperatorCall call, int input, int output)
    {
        if (input > 0)
            return null;
        var (dims, shape) = (call.Shape(0), ShapeOf(call, 0));
        return call.Op == "Expand"
            ? ElementMaps.Broadcast(dims, shape)
            : ElementMaps.Each(dims, shape, (axis, position) => position % dims[axis]);
    }

    protected override int[] Shape(OperatorCall call, int output)
    {
        var (dims, numbers) = (call.Shape(0), call.Integers(1) ?? throw new TraceException("input 1 is missing"));
        if (call.Op == "Expand")
            return Shapes.Broadcast(dims, numbers);
        Require(numbers.Length == dims.Length, "repeats");
        return [.. dims.Select((dim, i) => checked(dim * numbers[i]))];
    }
}
