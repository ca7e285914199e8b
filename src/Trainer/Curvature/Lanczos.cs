using System.Collections.Immutable;
using Emergence.Trainer.Networks;
using static TorchSharp.torch;

namespace Emergence.Trainer.Curvature;

/// <summary>An eigenvalue λ with ‖Hv − λv‖ for its vector v of length 1: some eigenvalue of H lies that close.</summary>
internal readonly record struct Eigenvalue(double Value, double Residual);

/// <summary>
/// The ends of a symmetric operator's spectrum (Lanczos 1950), each new vector made orthogonal to all before, twice.
/// </summary>
internal static class Lanczos
{
    // Below this share of the largest number so far, what is left of a vector is rounding.
    private const double Exhausted = 1e-10;

    /// <summary>The largest eigenvalues in falling order, then the smallest of all.</summary>
    /// <param name="size">Rows of the operator.</param>
    /// <param name="multiply">The operator times a vector.</param>
    /// <param name="top">How many are wanted.</param>
    /// <param name="iterations">The most products before the residuals are measured, which takes one for each eigenvalue.</param>
    /// <param name="tolerance">The share of its size that a residual may have for the iteration to end before that.</param>
    /// <param name="random">Draws the first vector.</param>
    public static ImmutableArray<Eigenvalue> Ends(
        int size, Func<Tensor, Tensor> multiply, int top, int iterations, double tolerance, SplitMix64 random)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        var steps = Math.Min(iterations, size);
        var basis = zeros(steps, size, dtype: ScalarType.Float64);
        var (diagonal, beside) = (new List<double>(), new List<double>());
        Draw(basis, 0, size, random);
        (double[] Values, Tensor Vectors) ritz;
        while (true)
        {
            var step = diagonal.Count;
            using var inner = NewDisposeScope();
            var next = multiply(basis[step]);
            diagonal.Add(next.dot(basis[step]).item<double>());
            next = Orthogonal(next, basis, step + 1);
            var length = next.norm().item<double>();
            ritz = Ritz(diagonal, beside);
            ritz.Vectors.MoveToOuterDisposeScope();
            if (step + 1 == steps || (step + 1 >= top && HasConverged(ritz, length, top, tolerance)))
                break;
            var isExhausted = length <= Exhausted * ritz.Values.Max(Math.Abs);
            beside.Add(isExhausted ? 0 : length);
            if (isExhausted)
                Draw(basis, step + 1, size, random);
            else
                basis[step + 1].copy_(next.div(length));
        }
        var wanted = Enumerable.Range(1, Math.Min(top, diagonal.Count)).Select(rank => diagonal.Count - rank).Append(0);
        return [.. wanted.Select(index => Measure(ritz.Values[index], ritz.Vectors.select(1, index), basis, multiply))];
    }

    private static void Draw(Tensor basis, int row, int size, SplitMix64 random)
    {
        using var scope = NewDisposeScope();
        var drawn = Orthogonal(tensor(random.Uniform(1, size)).to_type(ScalarType.Float64), basis, row);
        basis[row].copy_(drawn.div(drawn.norm()));
    }

    private static Tensor Orthogonal(Tensor vector, Tensor basis, int rows)
    {
        if (rows == 0)
            return vector;
        var before = basis[..rows];
        for (var pass = 0; pass < 2; pass++)
            vector = vector.sub(before.t().mv(before.mv(vector)));
        return vector;
    }

    // Of the tridiagonal matrix, in rising order.
    private static (double[] Values, Tensor Vectors) Ritz(List<double> diagonal, List<double> beside)
    {
        var matrix = diag(tensor(diagonal.ToArray()));
        if (beside.Count > 0)
            matrix = matrix + diag(tensor(beside.ToArray()), 1) + diag(tensor(beside.ToArray()), -1);
        var (values, vectors) = linalg.eigh(matrix);
        return (values.data<double>().ToArray(), vectors);
    }

    private static bool HasConverged((double[] Values, Tensor Vectors) ritz, double length, int top, double tolerance)
    {
        var last = ritz.Vectors[^1].data<double>().ToArray();
        return Enumerable.Range(ritz.Values.Length - top, top)
            .All(index => length * Math.Abs(last[index]) <= tolerance * Math.Abs(ritz.Values[index]));
    }

    private static Eigenvalue Measure(double value, Tensor share, Tensor basis, Func<Tensor, Tensor> multiply)
    {
        var vector = basis[..(int)share.shape[0]].t().mv(share);
        vector = vector.div(vector.norm());
        return new Eigenvalue(value, multiply(vector).sub(vector.mul(value)).norm().item<double>());
    }
}
