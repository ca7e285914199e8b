using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Operators that lengthen or shorten axes: padding, resizing, cropping, broadcasting, tiling.</summary>
internal sealed class ResizeRule : OpRule
{
    public override OpKind Kind => OpKind.Transparent;

    public override ImmutableArray<string> Ops =>
        ["Pad", "Resize", "Upsample", "Expand", "Tile", "CenterCropPad", "GridSample", "Col2Im", "MaxUnpool", "AffineGrid"];

    public override void Apply(NodeContext node)
    {
        var input = node.Shaped(0);
        var shape = Output(node, input.Shape);
        if (shape is null)
        {
            node.Output(node.NewTensor(default, input.ElementType) with { Carries = Trace.Mix([input]) });
            return;
        }
        var lead = shape.Length - input.Rank;
        var axes = shape.Select((size, i) => i < lead ? Axis.Of(size, AxisRole.Sample) : input.Axes[i - lead].Resized(size)).ToImmutableArray();
        var output = node.NewTensor(axes, input.ElementType) with { Name = node.OutputName(0) };
        var whole = !Enumerable.Range(0, input.Rank).Any(i => shape[lead + i] != input.Shape[i] && input.Axes[i].Has(AxisRole.Channel));
        output = node.Trace.Pass(input, output, range => shape[lead + range.Axis] == input.Shape[range.Axis] ? range with { Axis = range.Axis + lead } : null);
        node.Output(whole ? output : output with { Carries = [.. output.Carries.Select(carry => carry with { IsWhole = false })] });
    }

    public override bool OnlyShapes(NodeContext node, int input) => (node.Op, input) is
        ("Expand" or "Tile" or "CenterCropPad" or "AffineGrid", 1) or ("MaxUnpool", 2) or ("Resize", 3);

    private static int[]? Output(NodeContext node, int[] dims)
    {
        switch (node.Op)
        {
            case "Pad":
                var pads = node.Opset < 11
                    ? (node.Attributes.Ints("pads") ?? node.Attributes.Ints("paddings"))?.Select(pad => (double)pad).ToArray()
                    : node.Constant(1);
                if (pads is null)
                    throw new TraceException("the pads are missing");
                var axes = node.Opset >= 18 && node.Optional(3) is not null
                    ? node.Known(3).Select(axis => Shapes.Axis((int)axis, dims.Length)).ToArray()
                    : [.. Enumerable.Range(0, dims.Length)];
                Require(pads.Length == 2 * axes.Length, "pads");
                var padded = dims.ToArray();
                for (var i = 0; i < axes.Length; i++)
                    padded[axes[i]] += (int)pads[i] + (int)pads[i + axes.Length];
                return padded;
            case "Expand":
                return Shapes.Broadcast(dims, [.. node.Known(1).Select(ConstantOperators.ToInt)]);
            case "Tile":
                var repeats = node.Known(1);
                Require(repeats.Length == dims.Length, "repeats");
                return [.. dims.Select((dim, i) => dim * (int)repeats[i])];
            case "Upsample":
                var scales = node.Opset < 9
                    ? ((node.Node.Attribute.FirstOrDefault(attribute => attribute.Name == "scales")?.Floats) ?? []).Select(scale => (double)scale).ToArray()
                    : node.Known(1);
                Require(scales.Length == dims.Length, "scales");
                return [.. dims.Select((dim, i) => (int)Math.Floor(dim * scales[i]))];
            case "Resize":
                return Resize(node, dims);
            case "CenterCropPad":
                var target = node.Known(1);
                var cropped = dims.ToArray();
                var which = node.Attributes.Ints("axes")?.Select(axis => Shapes.Axis((int)axis, dims.Length)).ToArray() ?? [.. Enumerable.Range(0, dims.Length)];
                Require(target.Length == which.Length, "sizes");
                for (var i = 0; i < which.Length; i++)
                    cropped[which[i]] = (int)target[i];
                return cropped;
            case "GridSample":
                return [dims[0], dims[1], .. node.Shaped(1).Shape[1..^1]];
            case "MaxUnpool" when node.Optional(2) is { IsConstant: true }:
                return [.. node.Known(2).Select(ConstantOperators.ToInt)];
            case "MaxUnpool":
                return Unpooled(node, dims);
            default:
                return null;
        }
    }

    /// <summary>The smallest image that the pooling would have made this one of.</summary>
    private static int[] Unpooled(NodeContext node, int[] dims)
    {
        var spatial = dims.Length - 2;
        long[] OrOnes(string name) => node.Attributes.Ints(name) is { Length: > 0 } given ? given : [.. Enumerable.Repeat(1L, spatial)];
        var kernel = node.Attributes.Ints("kernel_shape") ?? throw new TraceException("the kernel's shape is missing");
        var strides = OrOnes("strides");
        var pads = node.Attributes.Ints("pads") is { Length: > 0 } given ? given : new long[2 * spatial];
        Require(kernel.Length == spatial && strides.Length == spatial && pads.Length == 2 * spatial, "kernel sizes, strides or pads");
        return [dims[0], dims[1], .. Enumerable.Range(0, spatial).Select(i => (int)((dims[i + 2] - 1) * strides[i] + kernel[i] - pads[i] - pads[i + spatial]))];
    }

    private static int[] Resize(NodeContext node, int[] dims)
    {
        // Opset 10 has (X, scales); from 11 on (X, roi, scales, sizes).
        var (scalesAt, sizesAt) = node.Opset < 11 ? (1, -1) : (2, 3);
        var axes = node.Attributes.Ints("axes")?.Select(axis => Shapes.Axis((int)axis, dims.Length)).ToArray() ?? [.. Enumerable.Range(0, dims.Length)];
        var result = dims.ToArray();
        var sizes = sizesAt > 0 ? node.Constant(sizesAt) : null;
        var scales = sizes is null ? node.Constant(scalesAt) : null;
        if (sizes is null && scales is null)
            throw new TraceException("neither scales nor sizes are given");
        Require((sizes ?? scales)!.Length == axes.Length, "sizes or scales");
        for (var i = 0; i < axes.Length; i++)
            result[axes[i]] = sizes is not null ? (int)sizes[i] : (int)Math.Floor(dims[axes[i]] * scales![i]);
        if (sizes is not null && node.Attributes.Text("keep_aspect_ratio_policy", "stretch") is var policy and not "stretch")
        {
            var ratios = axes.Select((axis, i) => sizes[i] / dims[axis]);
            var scale = policy == "not_larger" ? ratios.Min() : ratios.Max();
            foreach (var axis in axes)
                result[axis] = (int)Math.Round(scale * dims[axis], MidpointRounding.ToEven);
        }
        return result;
    }

    private static void Require(bool fits, string what)
    {
        if (!fits)
            throw new TraceException($"the number of {what} is not that of the axes");
    }
}
