using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>
/// Where the positions of a resized axis lie on the axis before, by the formulas of ONNX's Resize. Computed in float32, as a
/// runtime does: ties between two neighbors are decided by its rounding.
/// </summary>
internal sealed class ResizeGrid
{
    private readonly string mode;
    private readonly string nearest;
    private readonly string transformation;
    private readonly float cubicFactor;
    private readonly bool excludesOutside;

    /// <param name="attributes">The node's attributes.</param>
    /// <param name="isSimple">True for operators of before opset 11, which had no choice of coordinates or rounding.</param>
    public ResizeGrid(AttributeReader attributes, bool isSimple)
    {
        mode = attributes.Text("mode", "nearest");
        transformation = isSimple ? "asymmetric" : attributes.Text("coordinate_transformation_mode", "half_pixel");
        nearest = isSimple ? "simple" : attributes.Text("nearest_mode", "round_prefer_floor");
        cubicFactor = attributes.Float("cubic_coeff_a", -0.75f);
        excludesOutside = attributes.Int("exclude_outside", 0) == 1;
    }

    /// <summary>The positions before that a position of the result is made of; none where it lies outside a
    /// cropped region.</summary>
    /// <param name="position">The position in the result.</param>
    /// <param name="size">Length of the axis before.</param>
    /// <param name="resized">Its length in the result.</param>
    /// <param name="scale">How much larger it becomes.</param>
    /// <param name="region">The part that tf_crop_and_resize enlarges.</param>
    public int[] Taps(int position, int size, int resized, float scale, (float Start, float End) region)
    {
        var x = Coordinate(position, size, resized, scale, region);
        if (transformation == "tf_crop_and_resize" && (x < 0 || x > size - 1))
            return [];
        switch (mode)
        {
            case "nearest":
                return [Math.Clamp(Nearest(x, scale), 0, size - 1)];
            case "linear" or "bilinear" or "trilinear":
                x = Math.Clamp(x, 0, size - 1);
                var low = Math.Min((int)x, size - 1);
                return x == low || low == size - 1 ? [low] : [low, low + 1];
            case "cubic":
                var middle = (int)MathF.Floor(x);
                var taps = Enumerable.Range(middle - 1, 4).Where(tap => Cubic(MathF.Abs(x - tap)) != 0);
                return excludesOutside
                    ? [.. taps.Where(tap => tap >= 0 && tap < size)]
                    : [.. taps.Select(tap => Math.Clamp(tap, 0, size - 1)).Distinct()];
            default:
                throw new TraceException($"mode {mode} is not known");
        }
    }

    private float Coordinate(int position, int size, int resized, float scale, (float Start, float End) region)
    {
        if (transformation == "tf_crop_and_resize")
        {
            return resized > 1
                ? region.Start * (size - 1) + position * (region.End - region.Start) * (size - 1) / (resized - 1)
                : 0.5f * (region.Start + region.End) * (size - 1);
        }
        if (scale == 1)
            return position;
        switch (transformation)
        {
            case "half_pixel":
                return (position + 0.5f) / scale - 0.5f;
            case "half_pixel_symmetric":
                var adjustment = resized / (scale * size);
                return size / 2f * (1 - adjustment) + (position + 0.5f) / scale - 0.5f;
            case "pytorch_half_pixel":
                return resized > 1 ? (position + 0.5f) / scale - 0.5f : 0;
            case "align_corners":
                return resized == 1 ? 0 : (float)position * (size - 1) / (resized - 1);
            case "asymmetric":
                return position / scale;
            case "tf_half_pixel_for_nn":
                return (position + 0.5f) / scale;
            default:
                throw new TraceException($"coordinate_transformation_mode {transformation} is not known");
        }
    }

    private int Nearest(float x, float scale) => nearest switch
    {
        "simple" => (int)(scale < 1 ? MathF.Ceiling(x) : x),
        "floor" => (int)MathF.Floor(x),
        "ceil" => (int)MathF.Ceiling(x),
        "round_prefer_ceil" => (int)MathF.Round(x, MidpointRounding.AwayFromZero),
        // Half up or down, away from the even: only exact halves go to the floor.
        "round_prefer_floor" =>
            (int)(x == MathF.Floor(x) + 0.5f ? MathF.Floor(x) : MathF.Round(x, MidpointRounding.AwayFromZero)),
        _ => throw new TraceException($"nearest_mode {nearest} is not known"),
    };

    /// <summary>The weight of a neighbor at a distance, of Keys' cubic convolution.</summary>
    private float Cubic(float distance) => distance switch
    {
        < 1 => ((cubicFactor + 2) * distance - (cubicFactor + 3)) * distance * distance + 1,
        < 2 => ((cubicFactor * distance - 5 * cubicFactor) * distance + 8 * cubicFactor) * distance - 4 * cubicFactor,
        _ => 0,
    };
}
