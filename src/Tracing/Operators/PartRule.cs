using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Slice and Split: parts of a tensor. A part of the channels holds a layer no longer whole.</summary>
internal sealed class PartRule : OpRule
{
    public override OpKind Kind => OpKind.Transparent;

    public override ImmutableArray<string> Ops => ["Slice", "Split"];

    public override void Apply(NodeContext node)
    {
        var input = node.Shaped(0);
        if (node.Op == "Slice")
        {
            var ranges = SliceRange.All(input.Shape, node.Opset, node.Attributes, node.Constant(1), node.Constant(2), node.Constant(3), node.Constant(4));
            node.Output(Part(node, input, ranges, 0));
            return;
        }
        var axis = Shapes.Axis((int)node.Attributes.Int("axis", 0), input.Rank);
        var sizes = Shapes.SplitSizes(input.Shape[axis], node.Node.Output.Count, node.Attributes, node.Constant(1));
        var start = 0;
        for (var i = 0; i < sizes.Length; i++)
        {
            var ranges = input.Shape.Select(size => new SliceRange(0, 1, size)).ToArray();
            ranges[axis] = new SliceRange(start, 1, sizes[i]);
            node.Output(i, Part(node, input, ranges, i));
            start += sizes[i];
        }
    }

    public override bool OnlyShapes(NodeContext node, int input) => node.Op == "Split" && input == 1;

    private static TracedTensor Part(NodeContext node, TracedTensor input, SliceRange[] ranges, int output)
    {
        var axes = input.Axes.Select((axis, i) => axis.Resized(ranges[i].Length)).ToImmutableArray();
        var result = node.Trace.Pass(input, node.NewTensor(axes, input.ElementType) with { Name = node.OutputName(output) }, range => range);
        for (var i = 0; i < ranges.Length; i++)
        {
            if (ranges[i].Length != input.Shape[i] || ranges[i].Step != 1)
                result = result with { Carries = [.. result.Carries.Select(carry => Cut(carry, input.Axes[i], i, ranges[i])).OfType<Carry>()] };
        }
        return result;
    }

    /// <summary>What a layer keeps of itself in the part: nothing (null), some channels, or, taken out of a concatenation, all.</summary>
    private static Carry? Cut(Carry carry, Axis axis, int index, SliceRange part)
    {
        if (carry.Range is not { } range || range.Axis != index)
            return axis.Has(AxisRole.Channel) ? carry with { IsWhole = false } : carry;
        if (part.Step != 1)
            return carry with { IsWhole = false };
        var (start, end) = (Math.Max(range.Start, part.Start), Math.Min(range.End, part.Start + part.Length));
        if (start >= end)
            return null;
        var whole = carry.IsWhole && start == range.Start && end == range.End;
        var left = start == part.Start && end == part.Start + part.Length ? null : new AxisRange(index, start - part.Start, end - part.Start);
        return carry with { IsWhole = whole, Range = left };
    }
}
