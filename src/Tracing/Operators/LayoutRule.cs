using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Operators that give the same values another shape.</summary>
internal sealed class LayoutRule : OpRule
{
    public override OpKind Kind => OpKind.Transparent;

    public override ImmutableArray<string> Ops => ["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "DepthToSpace", "SpaceToDepth"];

    public override void Apply(NodeContext node)
    {
        var input = node.Shaped(0);
        var output = node.NewTensor([], input.ElementType) with { Name = node.OutputName(0) };
        Func<AxisRange, AxisRange?>? range = null;
        switch (node.Op)
        {
            case "Transpose":
                var perm = Shapes.Permutation(input.Rank, node.Attributes);
                output = output with { Axes = [.. perm.Select(axis => input.Axes[axis])] };
                range = part => part with { Axis = Array.IndexOf(perm, part.Axis) };
                break;
            case "DepthToSpace" or "SpaceToDepth":
                output = output with { Axes = Rearranged(node, input) };
                break;
            default:
                var shape = node.Op switch
                {
                    "Reshape" => Shapes.Reshape(input.Shape, Requested(node), node.Attributes.Int("allowzero", 0) == 1),
                    "Flatten" => Shapes.Flatten(input.Shape, node.Attributes.Int("axis", 1)),
                    "Squeeze" => Shapes.Squeeze(input.Shape, node.Axes()),
                    _ => Shapes.Unsqueeze(input.Shape, node.Axes() ?? throw new TraceException("the axes are missing")),
                };
                // Flatten and Unsqueeze keep the axes they do not touch; a plain reshape of factors finds the same.
                output = output with { Axes = Axis.Reshape(input.Axes, shape) ?? [.. shape.Select(size => Axis.Of(size, null))] };
                range = part => SameAxis(input.Shape, shape, part);
                break;
        }
        node.Output(node.Trace.Pass(input, output, range));
    }

    public override bool OnlyShapes(NodeContext node, int input) => input > 0;

    private static int[] Requested(NodeContext node) =>
        node.Opset < 5
            ? [.. (node.Attributes.Ints("shape") ?? []).Select(dim => (int)dim)]
            : [.. (node.Constant(1) ?? throw new TraceException("the shape is missing")).Select(ConstantOperators.ToInt)];

    /// <summary>Where an axis went that the reshape left whole: as many elements before it and behind it.</summary>
    private static AxisRange? SameAxis(int[] before, int[] after, AxisRange part)
    {
        var (lead, size) = (Shapes.Count(before.AsSpan(0, part.Axis)), before[part.Axis]);
        var count = 1;
        for (var axis = 0; axis < after.Length; axis++)
        {
            if (count == lead && after[axis] == size)
                return part with { Axis = axis };
            count *= after[axis];
        }
        return null;
    }

    /// <summary>[N, C·b², H, W] to [N, C, H·b, W·b] and back: reshape, transpose, reshape.</summary>
    private static ImmutableArray<Axis> Rearranged(NodeContext node, TracedTensor input)
    {
        if (input.Rank != 4)
            throw new TraceException($"needs a tensor of rank 4, not {input.Rank}");
        var block = node.Attributes.Positive("blocksize", 1);
        var (n, c, h, w) = (input.Axes[0], input.Axes[1], input.Axes[2], input.Axes[3]);
        return node.Op == "DepthToSpace"
            ? [n, c.Resized(c.Size / (block * block)), Joined(h, block), Joined(w, block)]
            : [n, Joined(c, block * block), h.Resized(h.Size / block), w.Resized(w.Size / block)];
    }

    private static Axis Joined(Axis axis, int by) => new([.. axis.Resized(axis.Size * by).Factors]);
}
