namespace Emergence.Measuring.Statistics;

/// <summary>
/// The exponent of a power law in the tail of positive numbers: maximum likelihood above the threshold at which the largest
/// distance between the fitted and the empirical distribution (Kolmogorov and Smirnov) is smallest (Clauset, Shalizi, Newman
/// 2009, arXiv 0706.1062). Of the eigenvalues of WᵀW this is the alpha of WeightWatcher (Martin and Mahoney 2021,
/// arXiv 1810.01075).
/// </summary>
internal static class PowerLaw
{
    /// <summary>Fewer numbers tell no tail.</summary>
    public const int Fewest = 10;

    // Above the last thresholds nothing is left that could disagree with a fit.
    private const int ShortestTail = 5;

    /// <summary>The exponent; null with fewer than <see cref="Fewest"/> numbers, or where all of them are equal.</summary>
    public static double? Exponent(double[] values)
    {
        if (values.Length < Fewest)
            return null;
        double[] sorted = [.. values.Order()];
        var (best, alpha) = (double.PositiveInfinity, (double?)null);
        // Sums of logarithms of the tail, from its end on.
        var sum = 0.0;
        for (var start = sorted.Length - 1; start >= 0; start--)
        {
            sum += Math.Log(sorted[start]);
            var tail = sorted.Length - start;
            var excess = sum - tail * Math.Log(sorted[start]);
            if (tail < ShortestTail || excess <= 0 || (start > 0 && sorted[start - 1] == sorted[start]))
                continue;
            var exponent = 1 + tail / excess;
            var distance = Distance(sorted.AsSpan(start), exponent);
            // Of equally good fits, that of the longer tail.
            if (distance <= best)
                (best, alpha) = (distance, exponent);
        }
        return alpha;
    }

    private static double Distance(ReadOnlySpan<double> tail, double exponent)
    {
        var largest = 0.0;
        for (var i = 0; i < tail.Length; i++)
        {
            var fitted = 1 - Math.Pow(tail[i] / tail[0], 1 - exponent);
            largest = Math.Max(largest, Math.Max(Math.Abs(fitted - (double)i / tail.Length),
                Math.Abs(fitted - (i + 1.0) / tail.Length)));
        }
        return largest;
    }
}
