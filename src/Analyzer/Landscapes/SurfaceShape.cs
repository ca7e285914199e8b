using Emergence.Measuring.Losses;

namespace Emergence.Analyzer.Landscapes;

/// <summary>What the shape of lines and grids of losses comes to.</summary>
internal static class SurfaceShape
{
    // Of sums of some thousand differences.
    private const double Rounding = 1e-12;

    /// <summary>
    /// How much a line goes up and down beyond what one valley needs: total variation less the descent to the lowest point and
    /// the ascent from it, over the difference of the highest and the lowest loss. 0 for a line with one valley; null where a
    /// loss is not finite.
    /// </summary>
    public static double? Roughness(IReadOnlyList<double> losses)
    {
        if (!losses.All(double.IsFinite))
            return null;
        var variation = 0.0;
        for (var i = 1; i < losses.Count; i++)
            variation += Math.Abs(losses[i] - losses[i - 1]);
        var needed = losses[0] + losses[^1] - 2 * losses.Min();
        var height = losses.Max() - losses.Min();
        var surplus = height > 0 ? (variation - needed) / height : 0;
        return surplus > Rounding ? surplus : 0;
    }

    /// <summary>Points inside the grid that are lower than all their neighbors, eight on a plane and two on a line.</summary>
    public static int Minima(LossGrid grid)
    {
        var (columns, rows) = (grid.X.Length, grid.Y.Length);
        var count = 0;
        for (var row = grid.IsLine ? 0 : 1; row < (grid.IsLine ? 1 : rows - 1); row++)
        {
            for (var column = 1; column < columns - 1; column++)
                count += IsMinimum(grid, column, row) ? 1 : 0;
        }
        return count;
    }

    private static bool IsMinimum(LossGrid grid, int column, int row)
    {
        var loss = grid.At(column, row).Loss;
        if (!double.IsFinite(loss))
            return false;
        for (var y = Math.Max(0, row - 1); y <= Math.Min(grid.Y.Length - 1, row + 1); y++)
        {
            for (var x = column - 1; x <= column + 1; x++)
            {
                // A loss that is not finite is above every other.
                if ((x, y) != (column, row) && grid.At(x, y).Loss <= loss)
                    return false;
            }
        }
        return true;
    }

    /// <summary>
    /// The largest height of a line from 0 to 1 above the straight line between its ends (Frankle et al. 2020, Entezari et al.
    /// 2022); null where a value is not finite.
    /// </summary>
    public static double? Barrier(IReadOnlyList<(double At, double Value)> line, double start, double end)
    {
        double[] heights = [.. line.Where(point => point.At is >= 0 and <= 1)
            .Select(point => point.Value - ((1 - point.At) * start + point.At * end))];
        return heights.All(double.IsFinite) ? heights.Append(0).Max() : null;
    }

    /// <summary>Points from −range to range at equal distances, 0 among them where their number is odd.</summary>
    public static double[] Symmetric(int points, double range) =>
        [.. Enumerable.Range(0, points).Select(i => (2.0 * i - (points - 1)) / (points - 1) * range)];

    /// <summary>Points from one number to another at equal distances.</summary>
    public static double[] Spread(int points, double from, double to) =>
        [.. Enumerable.Range(0, points).Select(i => from + (to - from) * i / (points - 1))];

    /// <summary>The losses of a row of points.</summary>
    public static double[] Losses(IEnumerable<LossValue> values) => [.. values.Select(value => value.Loss)];
}
