namespace Emergence.Figures;

/// <summary>Lines of equal height in a grid: marching squares, whose segments are straight within a cell.</summary>
internal static class ContourLines
{
    /// <summary>The segments of one height, in units of columns and rows.</summary>
    /// <param name="columns">Number of columns.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="values">The heights, row by row; around what is not finite there is no line.</param>
    /// <param name="level">The height.</param>
    public static IEnumerable<((double X, double Y) From, (double X, double Y) To)> Of(
        int columns, int rows, IReadOnlyList<double> values, double level)
    {
        for (var row = 0; row + 1 < rows; row++)
        {
            for (var column = 0; column + 1 < columns; column++)
            {
                (double X, double Y)[] corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)];
                double[] heights =
                    [.. corners.Select(corner => values[(int)corner.Y * columns + (int)corner.X])];
                if (!heights.All(AxisScale.CanBeDrawn))
                    continue;
                var crossings = Crossings(corners, heights, level).ToArray();
                // Over a saddle there are two lines. They leave those opposite corners joined that are on the side of the middle.
                if (crossings.Length == 4 && heights.Average() >= level != heights[0] >= level)
                    crossings = [.. crossings[1..], crossings[0]];
                for (var i = 0; i + 1 < crossings.Length; i += 2)
                    yield return (crossings[i], crossings[i + 1]);
            }
        }
    }

    private static IEnumerable<(double X, double Y)> Crossings((double X, double Y)[] corners, double[] heights, double level)
    {
        for (var i = 0; i < 4; i++)
        {
            var j = (i + 1) % 4;
            if (heights[i] >= level == heights[j] >= level)
                continue;
            var part = (level - heights[i]) / (heights[j] - heights[i]);
            yield return (corners[i].X + part * (corners[j].X - corners[i].X), corners[i].Y
                + part * (corners[j].Y - corners[i].Y));
        }
    }
}
