using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>GridSample: each position of the result is read where the grid says, which is known where the
/// grid is stored.</summary>
internal sealed class GridSampleRule : ResizingRule
{
    // A grid is stored in float32: a neighbor of less weight is there by rounding.
    private const double LeastWeight = 1e-5;

    public override ImmutableArray<string> Ops => ["GridSample"];

    public override IEnumerable<int> Mixes(OperatorCall call) => From(2, call.Shape(0));

    public override ElementMap? Sources(OperatorCall call, int input, int output)
    {
        if (input > 0)
            return null;
        var (dims, shape, grid) = (call.Shape(0), ShapeOf(call, 0), call.Known(1));
        var (images, channels, positions) = (shape[0], shape[1], Shapes.Count(shape.AsSpan(2)));
        var plane = Shapes.Count(dims.AsSpan(2));
        var spatial = dims.Length - 2;
        // A grid of one image serves the images that a larger batch would have.
        var grids = grid.Dims[0];
        if (grid.Values.Length != grids * positions * spatial || grids == 0)
            throw new TraceException($"a grid of [{Shapes.Text(grid.Dims)}] does not fit an output of [{Shapes.Text(shape)}]");
        var taps = new int[grids * positions][];
        for (var i = 0; i < taps.Length; i++)
        {
            if (Taps(call.Attributes, dims[2..], grid.Values.AsSpan(i * spatial, spatial)) is not { } found)
                return null;
            taps[i] = found;
        }
        var pairs = new List<(int, int)>();
        for (var element = 0; element < images * channels * positions; element++)
        {
            var image = element / positions / channels;
            foreach (var tap in taps[image % grids * positions + element % positions])
                pairs.Add((element, element / positions * plane + tap));
        }
        return ElementMap.FromPairs(images * channels * positions, Shapes.Count(dims), [.. pairs]);
    }

    /// <summary>Not evaluated: interpolation computes.</summary>
    public override ConstantTensor[]? Fold(OperatorCall call) => null;

    protected override int[] Shape(OperatorCall call, int output)
    {
        var (dims, grid) = (call.Shape(0), call.Shape(1));
        Require(dims.Length >= 3 && grid.Length == dims.Length && grid[^1] == dims.Length - 2, "coordinates in the grid");
        return [dims[0], dims[1], .. grid[1..^1]];
    }

    /// <summary>The positions in a plane that a point is interpolated from; null for a mode that is not followed.</summary>
    private static int[]? Taps(AttributeReader attributes, int[] sizes, ReadOnlySpan<double> point)
    {
        var mode = attributes.Text("mode", "linear");
        if (mode is not ("linear" or "bilinear" or "nearest"))
            return null;
        var aligned = attributes.Int("align_corners", 0) == 1;
        var padding = attributes.Text("padding_mode", "zeros");
        var strides = ElementMaps.Strides(sizes);
        int[] found = [0];
        for (var axis = 0; axis < sizes.Length; axis++)
        {
            // The grid's last axis holds x first.
            var (x, size) = (point[sizes.Length - 1 - axis], sizes[axis]);
            x = aligned ? (x + 1) / 2 * (size - 1) : ((x + 1) * size - 1) / 2;
            var (least, most) = aligned ? (0.0, size - 1.0) : (-0.5, size - 0.5);
            // The runtime moves a point that lies outside first, then the neighbors that do.
            if (x < least || x > most)
                x = padding == "border" ? Math.Clamp(x, 0, size - 1) : padding == "reflection" ? Reflected(x, least, most) : x;
            var low = (int)Math.Floor(x + LeastWeight);
            var share = x - low;
            int[] near =
                mode == "nearest" ? [(int)Math.Round(x, MidpointRounding.ToEven)] : share > LeastWeight ? [low, low + 1] : [low];
            var stride = strides[axis];
            int[] inside = [.. near.Select(at => at >= 0 && at < size ? at : padding switch
            {
                "border" => Math.Clamp(at, 0, size - 1),
                "reflection" => Math.Clamp((int)Reflected(at, least, most), 0, size - 1),
                _ => -1,
            }).Where(at => at >= 0).Distinct()];
            found = [.. found.SelectMany(index => inside.Select(at => index + at * stride))];
        }
        return found;
    }

    private static double Reflected(double x, double least, double most)
    {
        var range = most - least;
        if (range <= 0)
            return least;
        var beyond = x < least ? least - x : x - most;
        var folds = (int)(beyond / range);
        var rest = beyond - folds * range;
        return x < least == (folds % 2 == 0) ? least + rest : most - rest;
    }
}
