using Emergence.Analyzer.Landscapes;
using Emergence.Figures;

namespace Emergence.Analyzer.Tests.Landscapes;

/// <summary>Numbers of shapes, by hand.</summary>
public class SurfaceShapeTests
{
    [Theory]
    [InlineData(0.0, 4.0, 1.0, 0.0, 1.0, 4.0)]
    [InlineData(0.0, 5.0, 4.0, 3.0)]
    [InlineData(0.0, 2.0, 2.0, 2.0)]
    // A hill of 1 within a valley of depth 4: one up and one down.
    [InlineData(0.5, 4.0, 1.0, 2.0, 0.0, 4.0)]
    // Nothing but a hill.
    [InlineData(2.0, 0.0, 1.0, 0.0)]
    public void roughness_is_what_goes_up_and_down_beyond_one_valley(double expected, params double[] losses) =>
        Assert.Equal(expected, SurfaceShape.Roughness(losses));

    [Fact]
    public void a_line_that_is_not_finite_has_no_roughness() => Assert.Null(SurfaceShape.Roughness([1, double.NaN, 1]));

    [Fact]
    public void the_barrier_is_above_the_straight_line()
    {
        Assert.Equal(3, SurfaceShape.Barrier([(0, 1), (0.5, 5), (1, 3)], 1, 3));
        Assert.Equal(0, SurfaceShape.Barrier([(0, 1), (0.5, 1), (1, 3), (1.5, 90)], 1, 3));
        Assert.Null(SurfaceShape.Barrier([(0, 1), (0.5, double.PositiveInfinity)], 1, 3));
    }

    [Fact]
    public void intervals_are_those_of_student()
    {
        var mean = OverSeeds.Of([1, 2, 3, 4, 5]);
        Assert.Equal(3, mean.Mean);
        Assert.Equal(2.7764 * Math.Sqrt(2.5 / 5), mean.Margin!.Value, 1e-9);
        Assert.Null(OverSeeds.Of([1]).Margin);
        // 40 degrees of freedom: 2.0211.
        var many = OverSeeds.Of([.. Enumerable.Range(0, 41).Select(i => (double)i)]);
        Assert.Equal(2.0211, many.Margin!.Value / Math.Sqrt(143.5 / 41), 1e-4);
    }

    [Fact]
    public void eigenvalues_and_vectors_make_the_matrix_again()
    {
        double[,] matrix = { { 4, 1, -2 }, { 1, 3, 0.5 }, { -2, 0.5, 1 } };
        var (values, vectors) = SymmetricEigen.Of(matrix);
        Assert.Equal(8, values.Sum(), 1e-12);
        for (var i = 0; i < 3; i++)
        {
            for (var j = 0; j < 3; j++)
                Assert.Equal(matrix[i, j], Enumerable.Range(0, 3).Sum(k => values[k] * vectors[i, k] * vectors[j, k]), 1e-12);
        }
        Assert.True(values[0] >= values[1] && values[1] >= values[2]);
    }

    [Fact]
    public void lines_of_equal_height_run_where_the_surface_has_it()
    {
        // A plane: its lines are straight, and exact between the points.
        double[] values = [.. Enumerable.Range(0, 36).Select(i => i % 6 + 2.0 * (i / 6))];
        var segments = ContourLines.Of(6, 6, values, 4.5).ToArray();
        Assert.NotEmpty(segments);
        Assert.All(segments.SelectMany(segment => new[] { segment.From, segment.To }),
            place => Assert.Equal(4.5, place.X + 2 * place.Y, 1e-12));
        Assert.Empty(ContourLines.Of(6, 6, [.. values.Select(_ => double.NaN)], 4.5));
    }

    [Theory]
    // One cell, its first corner and the one opposite to it above the level. The middle is at 0.55.
    [InlineData(0.5, 1, 0)]
    [InlineData(0.6, 0, 0)]
    public void over_a_saddle_the_lines_part_the_corners_on_the_other_side_than_the_middle(double level, int column, int row)
    {
        // Row by row: 1 0, 0.2 1.
        var segments = ContourLines.Of(2, 2, [1, 0, 0.2, 1], level).ToArray();
        Assert.Equal(2, segments.Length);
        // Each line cuts one corner off: both its ends are on that corner's edges.
        Assert.Contains(segments, segment => IsOn(segment.From) && IsOn(segment.To));
        Assert.Contains(segments, segment => IsOpposite(segment.From) && IsOpposite(segment.To));

        bool IsOn((double X, double Y) place) => place.X == column || place.Y == row;
        bool IsOpposite((double X, double Y) place) => place.X == 1 - column || place.Y == 1 - row;
    }
}
