using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Resize and Upsample: an element comes from the input's nearest, or from those it interpolates.</summary>
internal sealed class ResizeRule : ResizingRule
{
    public override ImmutableArray<string> Ops => ["Resize", "Upsample"];

    public override bool OnlyShapes(NodeContext node, int input) => (node.Op, input) is ("Resize", 3);

    public override ValueFlow? Flow(OperatorCall call) =>
        call.Attributes.Text("mode", "nearest") == "nearest" ? ValueFlow.Selection : ValueFlow.Average;

    public override ElementMap? Sources(OperatorCall call, int input, int output)
    {
        if (input > 0)
            return null;
        var (dims, shape) = (call.Shape(0), ShapeOf(call, 0));
        var scales = Scales(call, dims);
        // Smoothing before a reduction reads further than the interpolation; what it reads is not followed.
        if (call.Attributes.Int("antialias", 0) == 1 && scales.Any(scale => scale < 1))
            return null;
        var grid = new ResizeGrid(call.Attributes, call.Op == "Upsample" || call.Opset < 11);
        var regions = Regions(call, dims.Length);
        return ElementMaps.Each(dims, shape, [.. dims.Select((size, axis) =>
            Enumerable.Range(0, shape[axis])
                .Select(position => grid.Taps(position, size, shape[axis], scales[axis], regions[axis]))
                .ToArray())]);
    }

    /// <summary>Not evaluated: interpolation computes.</summary>
    public override ConstantTensor[]? Fold(OperatorCall call) => null;

    protected override int[] Shape(OperatorCall call, int output)
    {
        var dims = call.Shape(0);
        if (Sizes(call) is { } sizes && call.Attributes.Text("keep_aspect_ratio_policy", "stretch") == "stretch")
        {
            var result = dims.ToArray();
            foreach (var (axis, size) in AxesOf(call, dims.Length, sizes.Length).Zip(sizes))
                result[axis] = size;
            return result;
        }
        var kept = Sizes(call) is not null;
        return [.. dims.Zip(Scales(call, dims),
            (size, scale) =>
            (int)(kept ? Math.Round(scale * size, MidpointRounding.AwayFromZero) : Math.Floor(size * (double)scale)))];
    }

    /// <summary>How much larger each axis becomes.</summary>
    private static float[] Scales(OperatorCall call, int[] dims)
    {
        var result = new float[dims.Length];
        Array.Fill(result, 1);
        if (Sizes(call) is { } sizes)
        {
            var axes = AxesOf(call, dims.Length, sizes.Length);
            var ratios = axes.Zip(sizes, (axis, size) => (float)size / dims[axis]).ToArray();
            var policy = call.Attributes.Text("keep_aspect_ratio_policy", "stretch");
            for (var i = 0; i < axes.Length; i++)
                result[axes[i]] = policy switch { "not_larger" => ratios.Min(), "not_smaller" => ratios.Max(), _ => ratios[i] };
            return result;
        }
        var scales = call.Op == "Upsample" && call.Opset < 9
            ? call.Attributes.Floats("scales")
            : call.Values(call.Op == "Upsample" || call.Opset < 11 ? 1 : 2)?.Select(scale => (float)scale).ToArray();
        if (scales is null)
            throw new TraceException("neither scales nor sizes are given");
        foreach (var (axis, scale) in AxesOf(call, dims.Length, scales.Length).Zip(scales))
            result[axis] = scale;
        return result;
    }

    private static int[]? Sizes(OperatorCall call) =>
        call.Op == "Resize" && call.Opset >= 11 && call.Has(3) ? call.Integers(3) : null;

    /// <summary>The part of each axis that tf_crop_and_resize enlarges, from 0 to 1.</summary>
    private static (float Start, float End)[] Regions(OperatorCall call, int rank)
    {
        var result = Enumerable.Repeat((0f, 1f), rank).ToArray();
        if (call.Op == "Upsample" || call.Opset < 11
            || call.Attributes.Text("coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize")
            return result;
        var region = call.Known(1).Values;
        foreach (var (i, axis) in AxesOf(call, rank, region.Length / 2).Index())
            result[axis] = ((float)region[i], (float)region[i + region.Length / 2]);
        return result;
    }

    private static int[] AxesOf(OperatorCall call, int rank, int count)
    {
        int[] axes = [.. call.Attributes.Ints("axes")?.Select(axis => Shapes.Axis((int)axis, rank)) ?? Enumerable.Range(0, rank)];
        Require(count == axes.Length, "sizes or scales");
        return axes;
    }
}
