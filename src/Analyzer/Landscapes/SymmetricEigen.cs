namespace Emergence.Analyzer.Landscapes;

/// <summary>Eigenvalues and eigenvectors of a small symmetric matrix, by Jacobi's rotations.</summary>
internal static class SymmetricEigen
{
    private const int MostSweeps = 100;

    /// <summary>The eigenvalues from the largest on; column i of the vectors belongs to the i-th.</summary>
    public static (double[] Values, double[,] Vectors) Of(double[,] matrix)
    {
        var size = matrix.GetLength(0);
        var a = (double[,])matrix.Clone();
        var vectors = new double[size, size];
        for (var i = 0; i < size; i++)
            vectors[i, i] = 1;
        for (var sweep = 0; sweep < MostSweeps && Rotate(a, vectors); sweep++)
        {
        }
        int[] order = [.. Enumerable.Range(0, size).OrderByDescending(i => a[i, i])];
        var sorted = new double[size, size];
        for (var column = 0; column < size; column++)
        {
            for (var row = 0; row < size; row++)
                sorted[row, column] = vectors[row, order[column]];
        }
        return ([.. order.Select(i => a[i, i])], sorted);
    }

    /// <summary>One rotation for each element above the diagonal; false where all of them are 0 beside it.</summary>
    private static bool Rotate(double[,] a, double[,] vectors)
    {
        var size = a.GetLength(0);
        var hasRotated = false;
        for (var p = 0; p < size; p++)
        {
            for (var q = p + 1; q < size; q++)
            {
                if (Math.Abs(a[p, q]) <= 1e-15 * Math.Sqrt(Math.Abs(a[p, p] * a[q, q])) || a[p, q] == 0)
                    continue;
                hasRotated = true;
                var theta = (a[q, q] - a[p, p]) / (2 * a[p, q]);
                var tangent = (theta < 0 ? -1 : 1) / (Math.Abs(theta) + Math.Sqrt(theta * theta + 1));
                var cosine = 1 / Math.Sqrt(tangent * tangent + 1);
                Turn(a, vectors, p, q, cosine, tangent * cosine);
            }
        }
        return hasRotated;
    }

    private static void Turn(double[,] a, double[,] vectors, int p, int q, double cosine, double sine)
    {
        for (var k = 0; k < a.GetLength(0); k++)
            (a[k, p], a[k, q]) = (cosine * a[k, p] - sine * a[k, q], sine * a[k, p] + cosine * a[k, q]);
        for (var k = 0; k < a.GetLength(0); k++)
        {
            (a[p, k], a[q, k]) = (cosine * a[p, k] - sine * a[q, k], sine * a[p, k] + cosine * a[q, k]);
            (vectors[k, p], vectors[k, q]) =
                (cosine * vectors[k, p] - sine * vectors[k, q], sine * vectors[k, p] + cosine * vectors[k, q]);
        }
    }
}
