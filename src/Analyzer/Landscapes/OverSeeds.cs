namespace Emergence.Analyzer.Landscapes;

/// <summary>A mean over random directions with its 95 % interval of Student's t.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="Margin">Half the interval; null with fewer than two values.</param>
internal readonly record struct OverSeeds(double Mean, double? Margin)
{
    // The 97.5 % quantiles for 1 to 30 degrees of freedom.
    private static readonly double[] Quantiles =
    [
        12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448, 2.1314,
        2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
    ];

    /// <summary>The mean of at least one value.</summary>
    public static OverSeeds Of(IReadOnlyList<double> values)
    {
        var mean = values.Average();
        if (values.Count < 2)
            return new OverSeeds(mean, null);
        var variance = values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1);
        return new OverSeeds(mean, Quantile(values.Count - 1) * Math.Sqrt(variance / values.Count));
    }

    /// <summary>As a number of a landscape.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="wider">By how much the interval is wider on both sides.</param>
    public LandscapeNumber Named(string name, double wider = 0) => Margin is { } margin
        ? new LandscapeNumber(name, Mean) { Low = Mean - margin - wider, High = Mean + margin + wider }
        : new LandscapeNumber(name, Mean) { Reason = "one draw has no interval; give --pairs 2 or more" };

    // Above 30, the expansion of Cornish and Fisher is right to four digits.
    private static double Quantile(int freedom)
    {
        const double z = 1.959964;
        return freedom <= Quantiles.Length
            ? Quantiles[freedom - 1]
            : z + (Math.Pow(z, 3) + z) / (4 * freedom)
                + (5 * Math.Pow(z, 5) + 16 * Math.Pow(z, 3) + 3 * z) / (96.0 * freedom * freedom);
    }
}
