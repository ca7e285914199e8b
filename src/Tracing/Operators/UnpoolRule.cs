using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Operators that put values where the data say, or blocks over one another: element sources are not known.</summary>
internal sealed class UnpoolRule : OpRule
{
    public override OpKind Kind => OpKind.Transparent;

    public override ImmutableArray<string> Ops => ["MaxUnpool", "Col2Im", "AffineGrid"];

    public override bool OnlyShapes(NodeContext node, int input) => (node.Op, input) is ("AffineGrid", 1) or ("MaxUnpool", 2);

    public override void Apply(NodeContext node)
    {
        var input = node.Shaped(0);
        if (node.Op != "MaxUnpool")
        {
            node.Output(node.NewTensor(default, input.ElementType) with { Carries = Trace.Mix([input]) });
            return;
        }
        var shape = node.Optional(2) is { IsConstant: true } ? node.Call.Integers(2)! : Unpooled(node, input.Shape);
        if (shape.Length != input.Rank)
            throw new TraceException($"an output of rank {shape.Length} for an input of rank {input.Rank}");
        ImmutableArray<Axis> axes = [.. shape.Select((size, axis) => input.Axes[axis].Resized(size))];
        node.Output(node.Trace.Pass(
            input, node.NewTensor(axes, input.ElementType) with { Name = node.OutputName(0) },
            range => range.Axis == 1 ? range : null));
    }

    /// <summary>The smallest image that the pooling would have made this one of.</summary>
    private static int[] Unpooled(NodeContext node, int[] dims)
    {
        var spatial = dims.Length - 2;
        long[] OrOnes(string name) =>
            node.Attributes.Ints(name) is { Length: > 0 } given ? given : [.. Enumerable.Repeat(1L, Math.Max(0, spatial))];
        var kernel = node.Attributes.Ints("kernel_shape") ?? throw new TraceException("the kernel's shape is missing");
        var strides = OrOnes("strides");
        var pads = node.Attributes.Ints("pads") is { Length: > 0 } given ? given : new long[2 * Math.Max(0, spatial)];
        if (spatial < 1 || kernel.Length != spatial || strides.Length != spatial || pads.Length != 2 * spatial)
            throw new TraceException("the number of kernel sizes, strides or pads is not that of the axes");
        return [dims[0], dims[1],
            .. Enumerable.Range(0, spatial)
            .Select(i => (int)((dims[i + 2] - 1) * strides[i] + kernel[i] - pads[i] - pads[i + spatial]))];
    }
}
