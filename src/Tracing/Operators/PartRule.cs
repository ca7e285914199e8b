using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Slice and Split: parts of a tensor. A part of the channels holds a layer no longer whole.</summary>
internal sealed class PartRule : MovingRule
{
    public override OpKind Kind => OpKind.Transparent;

    public override ImmutableArray<string> Ops => ["Slice", "Split"];

    public override void Apply(NodeContext node)
    {
        var input = node.Shaped(0);
        for (var i = 0; i < node.Node.Output.Count; i++)
            node.Output(i, Part(node, input, Ranges(node.Call, i), i));
    }

    public override bool OnlyShapes(NodeContext node, int input) => node.Op == "Split" && input == 1;

    public override ValueFlow? Flow(OperatorCall call) => ValueFlow.Selection;

    public override ElementMap? Sources(OperatorCall call, int input, int output) =>
        input == 0 ? ElementMaps.Slice(call.Shape(0), Ranges(call, output)) : null;

    /// <summary>A part shows in the shape; all of an axis backwards does not.</summary>
    public override IEnumerable<int> Mixes(OperatorCall call) =>
        call.Op == "Split" || call.Attributes.Has("starts") || !call.Has(4) ? []
        : Ranges(call, 0).Index().Where(range => range.Item.Step < 0).Select(range => range.Index);

    protected override int[] Shape(OperatorCall call, int output) => [.. Ranges(call, output).Select(range => range.Length)];

    /// <summary>The part of each axis that an output holds.</summary>
    private static SliceRange[] Ranges(OperatorCall call, int output)
    {
        var dims = call.Shape(0);
        if (call.Op == "Slice")
            return SliceRange.All(dims, call.Opset, call.Attributes, call.Values(1), call.Values(2), call.Values(3),
                call.Values(4));
        var axis = call.Attributes.Axis("axis", 0, dims.Length);
        var sizes = Shapes.SplitSizes(dims[axis], call.Node.Output.Count, call.Attributes, call.Values(1));
        var ranges = dims.Select(size => new SliceRange(0, 1, size)).ToArray();
        ranges[axis] = new SliceRange(sizes.Take(output).Sum(), 1, sizes[output]);
        return ranges;
    }

    private static TracedTensor Part(NodeContext node, TracedTensor input, SliceRange[] ranges, int output)
    {
        var axes = input.Axes.Select((axis, i) => axis.Resized(ranges[i].Length)).ToImmutableArray();
        var result = node.Trace.Pass(input, node.NewTensor(axes, input.ElementType) with { Name = node.OutputName(output) },
            range => range);
        for (var i = 0; i < ranges.Length; i++)
        {
            var (start, step, length) = ranges[i];
            if (length != input.Shape[i] || step != 1)
                result = result with
                {
                    Carries = PickedLayers.Along(
                        result.Carries, input.Axes[i], i, [.. Enumerable.Range(0, length).Select(at => start + at * step)]),
                };
        }
        return result;
    }
}
