namespace Emergence.Trainer.Experiments.Results;

/// <summary>A number with its 95 % confidence interval; a point where there is no way to give one.</summary>
/// <param name="Value">The estimate.</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
internal readonly record struct Estimate(double Value, double Low, double High)
{
    private const double Normal975 = 1.959963984540054;

    /// <summary>A number without an interval.</summary>
    public static Estimate Point(double value) => new(value, value, value);

    /// <summary>
    /// Spearman's rank correlation of pairs (ties get their mean rank), with the interval of Fisher's
    /// transformation and Bonett and
    /// Wright's (2000) variance (1 + ρ²/2) / (n − 3). Pairs that follow one another in time are not independent: for them the
    /// interval is too narrow.
    /// </summary>
    /// <returns>NaN where there are fewer than five pairs, of which no order is significant, or one side does not vary.</returns>
    public static Estimate Spearman(IEnumerable<(double X, double Y)> pairs)
    {
        var values = pairs.Where(pair => double.IsFinite(pair.X) && double.IsFinite(pair.Y)).ToArray();
        var rho = Pearson(Ranks([.. values.Select(pair => pair.X)]), Ranks([.. values.Select(pair => pair.Y)]));
        if (values.Length < 5 || double.IsNaN(rho))
            return Point(double.NaN);
        // A perfect order has no finite transform; the interval then ends at it.
        var z = Math.Atanh(Math.Clamp(rho, -1 + 1e-12, 1 - 1e-12));
        var width = Normal975 * Math.Sqrt((1 + rho * rho / 2) / (values.Length - 3));
        return new Estimate(rho, Math.Tanh(z - width), Math.Tanh(z + width));
    }

    /// <summary>The middle of some ordered numbers; NaN between −∞ and ∞.</summary>
    public static double MedianOf(IReadOnlyList<double> ordered) =>
        ordered.Count == 0 ? double.NaN : (ordered[(ordered.Count - 1) / 2] + ordered[ordered.Count / 2]) / 2;

    private static double[] Ranks(double[] values)
    {
        var order = Enumerable.Range(0, values.Length).OrderBy(i => values[i]).ToArray();
        var ranks = new double[values.Length];
        for (var start = 0; start < order.Length;)
        {
            var end = start;
            while (end < order.Length && values[order[end]] == values[order[start]])
                end++;
            for (var i = start; i < end; i++)
                ranks[order[i]] = (start + end - 1) / 2.0;
            start = end;
        }
        return ranks;
    }

    private static double Pearson(double[] x, double[] y)
    {
        if (x.Length == 0)
            return double.NaN;
        var (meanX, meanY) = (x.Average(), y.Average());
        var (xy, xx, yy) = (0.0, 0.0, 0.0);
        for (var i = 0; i < x.Length; i++)
        {
            xy += (x[i] - meanX) * (y[i] - meanY);
            xx += (x[i] - meanX) * (x[i] - meanX);
            yy += (y[i] - meanY) * (y[i] - meanY);
        }
        return xx == 0 || yy == 0 ? double.NaN : Math.Clamp(xy / Math.Sqrt(xx * yy), -1, 1);
    }
}
