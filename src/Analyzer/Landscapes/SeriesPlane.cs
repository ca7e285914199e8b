using System.Collections.Immutable;
using Emergence.Measuring.Losses;

namespace Emergence.Analyzer.Landscapes;

/// <summary>The plane through the last checkpoint of a series along which its path spreads most.</summary>
/// <param name="First">The first principal direction, of length 1.</param>
/// <param name="Second">The second.</param>
/// <param name="Path">Where each checkpoint is on the plane, and how far from it.</param>
/// <param name="ExplainedVariance">The share of the variance of the path that each direction holds.</param>
internal sealed record SeriesPlane(
    Direction First, Direction Second, ImmutableArray<(double X, double Y, double OffPlane)> Path,
    ImmutableArray<double> ExplainedVariance)
{
    /// <summary>Fits the plane, as Li et al. 2018, section 7: the principal components of the differences from the
    /// last.</summary>
    /// <param name="differences">The parameters of each checkpoint less those of the last; the last one is 0.</param>
    /// <returns>Null where the path does not span a plane.</returns>
    public static SeriesPlane? Fit(IReadOnlyList<Direction> differences)
    {
        var count = differences.Count;
        var products = new double[count, count];
        for (var i = 0; i < count; i++)
        {
            for (var j = 0; j <= i; j++)
                products[i, j] = products[j, i] = differences[i].Dot(differences[j]);
        }
        var (values, vectors) = SymmetricEigen.Of(Centered(products));
        var total = values.Where(value => value > 0).Sum();
        if (values.Length < 2 || values[1] <= 1e-12 * total)
            return null;
        var (first, second) = (Component(0), Component(1));
        return new SeriesPlane(first, second,
            [.. differences.Select(difference =>
            {
                var (x, y) = (difference.Dot(first), difference.Dot(second));
                return (x, y, Math.Sqrt(Math.Max(0, difference.Dot(difference) - x * x - y * y)));
            })],
            [values[0] / total, values[1] / total]);

        // The sum of the centered differences, each as often as the eigenvector says.
        Direction Component(int index)
        {
            var mean = Enumerable.Range(0, count).Average(i => vectors[i, index]);
            return Direction.Combine([.. Enumerable.Range(0, count).Select(i =>
                ((vectors[i, index] - mean) / Math.Sqrt(values[index]), differences[i]))]);
        }
    }

    private static double[,] Centered(double[,] products)
    {
        var count = products.GetLength(0);
        double[] means = [.. Enumerable.Range(0, count).Select(i => Enumerable.Range(0, count).Average(j => products[i, j]))];
        var mean = means.Average();
        var centered = new double[count, count];
        for (var i = 0; i < count; i++)
        {
            for (var j = 0; j < count; j++)
                centered[i, j] = products[i, j] - means[i] - means[j] + mean;
        }
        return centered;
    }
}
