using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Operators that give the same values another shape.</summary>
internal sealed class LayoutRule : MovingRule
{
    public override OpKind Kind => OpKind.Transparent;

    public override ImmutableArray<string> Ops =>
        ["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "DepthToSpace", "SpaceToDepth"];

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
                output = output with { Axes = Rearranged(node.Op, Block(node.Attributes, input.Rank), input.Axes) };
                break;
            default:
                var shape = Shape(node.Call, 0);
                // Flatten and Unsqueeze keep the axes they do not touch; a plain reshape of factors finds the same.
                output = output with { Axes = Axis.Reshape(input.Axes, shape) ?? [.. shape.Select(size => Axis.Of(size, null))] };
                range = part => SameAxis(input.Shape, shape, part);
                break;
        }
        node.Output(node.Trace.Pass(input, output, range));
    }

    public override bool OnlyShapes(NodeContext node, int input) => input > 0;

    public override ValueFlow? Flow(OperatorCall call) => ValueFlow.Layout;

    public override ElementMap? Sources(OperatorCall call, int input, int output)
    {
        if (input > 0)
            return null;
        var dims = call.Shape(0);
        switch (call.Op)
        {
            case "Transpose":
                return ElementMaps.Transpose(dims, Shapes.Permutation(dims.Length, call.Attributes));
            case "DepthToSpace" or "SpaceToDepth":
                var (split, perm) = Blocks(call, dims);
                return ElementMaps.Transpose(split, perm);
            default:
                return ElementMap.Identity(Shapes.Count(dims));
        }
    }

    protected override int[] Shape(OperatorCall call, int output)
    {
        var dims = call.Shape(0);
        return call.Op switch
        {
            "Reshape" => Shapes.Reshape(dims, Requested(call), call.Attributes.Int("allowzero", 0) == 1),
            "Flatten" => Shapes.Flatten(dims, call.Attributes.Int("axis", 1)),
            "Squeeze" => Shapes.Squeeze(dims, call.Axes()),
            "Unsqueeze" => Shapes.Unsqueeze(dims, call.Axes() ?? throw new TraceException("the axes are missing")),
            "Transpose" => [.. Shapes.Permutation(dims.Length, call.Attributes).Select(axis => dims[axis])],
            _ => [.. Rearranged(call.Op, Block(call.Attributes, dims.Length), [.. dims.Select(size => Axis.Of(size, null))])
                .Select(axis => axis.Size)],
        };
    }

    private static int[] Requested(OperatorCall call) =>
        (call.Has(1) ? call.Integers(1) : call.Attributes.Ints("shape")?.Select(size => (int)size).ToArray())
        ?? throw new TraceException("the shape is missing");

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

    private static int Block(AttributeReader attributes, int rank) => rank == 4
        ? attributes.Positive("blocksize", 1)
        : throw new TraceException($"needs a tensor of rank 4, not {rank}");

    /// <summary>[N, C·b², H, W] to [N, C, H·b, W·b] and back.</summary>
    private static ImmutableArray<Axis> Rearranged(string op, int block, ImmutableArray<Axis> axes)
    {
        var (n, c, h, w) = (axes[0], axes[1], axes[2], axes[3]);
        return op == "DepthToSpace"
            ? [n, c.Resized(c.Size / (block * block)), Joined(h, block), Joined(w, block)]
            : [n, Joined(c, block * block), h.Resized(h.Size / block), w.Resized(w.Size / block)];
    }

    /// <summary>The same as a transpose: the input's axes with the blocks apart, and their order in the output.</summary>
    private static (int[] Split, int[] Perm) Blocks(OperatorCall call, int[] dims)
    {
        var b = Block(call.Attributes, dims.Length);
        var (n, c, h, w) = (dims[0], dims[1], dims[2], dims[3]);
        if (call.Op == "SpaceToDepth" ? h % b + w % b != 0 : c % (b * b) != 0)
            throw new TraceException($"blocks of {b} do not divide [{Shapes.Text(dims)}]");
        return call.Op == "SpaceToDepth" ? ([n, c, h / b, b, w / b, b], [0, 3, 5, 1, 2, 4])
            : call.Attributes.Text("mode", "DCR") == "CRD" ? ([n, c / (b * b), b, b, h, w], [0, 1, 4, 2, 5, 3])
            : ([n, b, b, c / (b * b), h, w], [0, 3, 4, 1, 5, 2]);
    }

    private static Axis Joined(Axis axis, int by) => new([.. axis.Resized(axis.Size * by).Factors]);
}
