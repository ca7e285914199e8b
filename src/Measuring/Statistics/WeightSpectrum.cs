using MathNet.Numerics.LinearAlgebra;

namespace Emergence.Measuring.Statistics;

/// <summary>
/// What the singular values of a layer's weight matrix come to, and how sparse it is: numbers that others use to judge
/// networks. Rows are output nodes or channels, columns what each of them reads.
/// </summary>
/// <param name="Sparsity">Share of weights that are exactly zero.</param>
/// <param name="Frobenius">The root of the sum of squares.</param>
/// <param name="Spectral">The largest singular value.</param>
/// <param name="StableRank">‖W‖F² / ‖W‖₂² (Rudelson and Vershynin 2007); null where all weights are zero.</param>
/// <param name="EffectiveRank">exp of the entropy of the singular values over their sum (Roy and Vetterli 2007); null in the same
/// case.</param>
/// <param name="Alpha">Exponent of the tail of the squared singular values; null where there are too few.</param>
public sealed record WeightSpectrum(
    double Sparsity, double Frobenius, double Spectral, double? StableRank, double? EffectiveRank, double? Alpha)
{
    /// <summary>The longest shorter side of a matrix that is decomposed: beyond it a decomposition takes minutes.</summary>
    public const int LargestSide = 1024;

    // What is smaller than this share of the largest is rounding.
    private const double Rounding = 1e-12;

    /// <summary>Decomposes a matrix.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="values">Its values, row by row.</param>
    /// <returns>Null where a value is not finite, or the shorter side is longer than <see cref="LargestSide"/>.</returns>
    public static WeightSpectrum? Of(int rows, int columns, ReadOnlySpan<double> values)
    {
        if (Math.Min(rows, columns) > LargestSide || values.IsEmpty || !IsFinite(values))
            return null;
        var zeros = 0;
        foreach (var value in values)
            zeros += value == 0 ? 1 : 0;
        // Column by column, as the library stores it, this is the transposed matrix, which has the same singular values.
        double[] singular = [.. Matrix<double>.Build.Dense(columns, rows, values.ToArray()).Svd(computeVectors: false).S];
        var largest = singular.Max();
        double[] kept = [.. singular.Where(value => value > Rounding * largest)];
        var squares = kept.Sum(value => value * value);
        var sum = kept.Sum();
        return new WeightSpectrum((double)zeros / values.Length, Math.Sqrt(squares), largest,
            largest > 0 ? squares / (largest * largest) : null,
            largest > 0 ? Math.Exp(-kept.Sum(value => value / sum * Math.Log(value / sum))) : null,
            PowerLaw.Exponent([.. kept.Select(value => value * value)]));
    }

    private static bool IsFinite(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            if (!double.IsFinite(value))
                return false;
        }
        return true;
    }
}
