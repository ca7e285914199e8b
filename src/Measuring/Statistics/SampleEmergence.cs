using System.Collections.Immutable;
using System.Numerics;
using Emergence.Analyzer.Metrics;

namespace Emergence.Measuring.Statistics;

/// <summary>E and E_H over the samples of a probe, each sample with its own alive nodes.</summary>
/// <param name="Emergence">E.</param>
/// <param name="EmergenceActive">E_H.</param>
public sealed record SampleEmergence(SampleDistribution Emergence, SampleDistribution EmergenceActive);

/// <summary>How a measure is distributed over samples. Exact but for the standard deviation.</summary>
public sealed class SampleDistribution
{
    private readonly ImmutableArray<EmergenceValue> sorted;

    /// <summary>Of the values of at least one sample, in any order.</summary>
    public SampleDistribution(IEnumerable<EmergenceValue> values)
    {
        sorted = [.. values.Order()];
        if (sorted.IsEmpty)
            throw new ArgumentException("A distribution needs at least one sample.", nameof(values));
        var sum = sorted.Aggregate(new EmergenceValue(), (total, value) => total + value);
        Mean = new EmergenceValue(sum.Numerator, sum.Denominator * sorted.Length);
    }

    /// <summary>Number of samples.</summary>
    public int Samples => sorted.Length;

    /// <summary>The values, from the smallest.</summary>
    public ImmutableArray<EmergenceValue> Values => sorted;

    /// <summary>Mean.</summary>
    public EmergenceValue Mean { get; }

    /// <summary>Standard deviation of the samples around their mean (divisor: the number of samples); null
    /// past the range of a double.</summary>
    public double? StandardDeviation
    {
        get
        {
            var squares = new EmergenceValue();
            foreach (var value in sorted)
                squares += new EmergenceValue(value.Numerator * value.Numerator, value.Denominator * value.Denominator);
            // Σx²/N − mean², over one denominator.
            var (p, q) = (squares.Numerator, squares.Denominator * sorted.Length);
            var (m, d) = (Mean.Numerator * Mean.Numerator, Mean.Denominator * Mean.Denominator);
            return SquareRoot((p * d) - (m * q), q * d);
        }
    }

    /// <summary>The smallest value that at least this share of the samples does not exceed.</summary>
    /// <param name="percent">From 0 (the smallest value) to 100 (the largest).</param>
    public EmergenceValue Quantile(int percent)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(percent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 100);
        var rank = (((long)sorted.Length * percent) + 99) / 100;
        return sorted[(int)Math.Max(rank - 1, 0)];
    }

    // Half of the exponent is taken out first, so that the variance may pass the range of a double.
    private static double? SquareRoot(BigInteger p, BigInteger q)
    {
        var half = (int)((p.GetBitLength() - q.GetBitLength()) / 2);
        var scaled = half >= 0 ? new EmergenceValue(p, q << (2 * half)) : new EmergenceValue(p << (-2 * half), q);
        var root = Math.ScaleB(Math.Sqrt(scaled.ToDouble()!.Value), half);
        return double.IsFinite(root) ? root : null;
    }
}
