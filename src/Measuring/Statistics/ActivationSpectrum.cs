using MathNet.Numerics.LinearAlgebra;

namespace Emergence.Measuring.Statistics;

/// <summary>
/// How many directions the activations of a layer fill: ranks of the matrix X with a row for each sample (token, or position of a
/// whole filter) and a column for each node, as it is, without its mean taken off.
/// </summary>
/// <param name="StableRank">‖X‖F² / ‖X‖₂² (Rudelson and Vershynin 2007).</param>
/// <param name="EffectiveRank">exp of the entropy of the singular values over their sum (Roy and Vetterli 2007).</param>
public sealed record ActivationSpectrum(double StableRank, double EffectiveRank)
{
    /// <summary>The most nodes of a layer whose products are kept: 8 MB, and some seconds for the singular values.</summary>
    public const int LargestWidth = 1024;

    // Eigenvalues of products; a singular value below a millionth of the largest is rounding of float32.
    private const double Rounding = 1e-12;

    /// <summary>The ranks that follow from XᵀX, the samples' second moments times their number.</summary>
    /// <param name="nodes">Its rows.</param>
    /// <param name="products">Its values, row by row.</param>
    /// <returns>Null where a value is not finite, or all are zero.</returns>
    public static ActivationSpectrum? Of(int nodes, double[] products)
    {
        ArgumentNullException.ThrowIfNull(products);
        if (!Array.TrueForAll(products, double.IsFinite))
            return null;
        // Symmetric, and no eigenvalue is negative: these are its singular values.
        double[] values = [.. Matrix<double>.Build.Dense(nodes, nodes, products).Svd(computeVectors: false).S];
        var largest = values.Max();
        if (largest <= 0)
            return null;
        double[] singular = [.. values.Where(value => value > Rounding * largest).Select(Math.Sqrt)];
        var sum = singular.Sum();
        return new ActivationSpectrum(singular.Sum(value => value * value) / largest,
            Math.Exp(-singular.Sum(value => value / sum * Math.Log(value / sum))));
    }
}
