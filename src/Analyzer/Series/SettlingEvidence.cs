namespace Emergence.Analyzer.Series;

/// <summary>What a series of logarithms says at one time, as odds against the hypothesis that it goes on as it began.</summary>
/// <param name="Settled">Odds for a plateau: values scattered around one level.</param>
/// <param name="SettledSince">Index of the value at which the likeliest plateau begins.</param>
/// <param name="Leveling">Odds for smaller steps than before.</param>
/// <param name="LevelingSince">Index of the value from which the steps are likeliest to be smaller.</param>
internal readonly record struct SettlingOdds(double Settled, int SettledSince, double Leveling, int LevelingSince)
{
    /// <summary>Whether every step since <see cref="LevelingSince"/> is exactly 0: that is no walk in smaller steps.</summary>
    public bool HasStopped { get; init; }

    /// <summary>Whether the odds suffice for a plateau, and a walk in smaller steps does not explain it better.</summary>
    public bool IsSettled(double needed) => Settled >= needed && (HasStopped || Settled >= Leveling);

    /// <summary>Whether the odds suffice for smaller steps.</summary>
    public bool IsLeveling(double needed) => Leveling >= needed;

    /// <summary>The same change points with the smaller odds of the two.</summary>
    public SettlingOdds Least(SettlingOdds other) =>
        this with { Settled = Math.Min(Settled, other.Settled), Leveling = Math.Min(Leveling, other.Leveling) };
}

/// <summary>
/// A sequential change-point test by e-processes (Pérez-Ortiz, Lardy, de Heide, Grünwald 2024, <i>E-statistics, group
/// invariance and anytime-valid testing</i>; Ramdas, Grünwald, Vovk, Shafer 2023, <i>Game-theoretic statistics and safe
/// anytime-valid inference</i>).
/// </summary>
/// <remarks>
/// The hypothesis is a random walk: steps of log E are independent, normal, of mean zero and of one unknown size. Against it
/// stand the alternatives that from value k on the series scatters around one level, with a standard deviation of ρ times a
/// step (settled), or goes on in steps of ρ times the size (leveling off). The unknown size is integrated out with its
/// invariant prior, k and ρ with the weights below; that makes a nonnegative martingale that starts at 1, so that by Ville's
/// inequality it ever reaches 20 in at most 5 % of random walks, however often and as long as one looks. A fall or rise only
/// makes the steps before k larger. Steps with heavier tails than the normal law raise the error.
/// </remarks>
internal static class SettlingEvidence
{
    /// <summary>
    /// Steps of less than 1 % of E are no development, whatever was seen before: it is how a flat run is known.
    /// </summary>
    public const double Negligible = 0.01;

    /// <summary>Weight of the alternative for which that matters.</summary>
    public const double FlatWeight = 0.1;

    // Change points late in a long run must keep a weight: 5 / ((k + 5)(k + 6)) adds up to 1 over all k.
    private const double Early = 5;

    private static readonly (double Size, double LogWeight)[] s_sizes =
        [.. Enumerable.Range(1, 6).Select(i => (Math.Pow(2, -i), Math.Log((7 - i) / 21.0)))];

    /// <summary>
    /// Sizes after the change, with weights: a plateau as noisy as half a step is common, one of a 64th is easily seen.
    /// </summary>
    public static ReadOnlySpan<(double Size, double LogWeight)> Sizes => s_sizes;

    /// <summary>The odds after the last value of a series, in time proportional to its length.</summary>
    /// <param name="values">Logarithms, in series order.</param>
    /// <param name="isSingular">
    /// By value, whether the step to it does not speak for the size of steps in general: then it counts as no larger than the
    /// largest of the others.
    /// </param>
    public static SettlingOdds After(ReadOnlySpan<double> values, ReadOnlySpan<bool> isSingular)
    {
        var (all, others) = Both(values, isSingular);
        return all.Least(others);
    }

    /// <summary>The odds by all steps, and those by the steps that are not singular, where there are both.</summary>
    /// <inheritdoc cref="After" path="/param"/>
    public static (SettlingOdds All, SettlingOdds Others) Both(ReadOnlySpan<double> values, ReadOnlySpan<bool> isSingular)
    {
        var all = Odds(values, default);
        // Steps of 0 say nothing of the size that steps have.
        var others = false;
        for (var i = 1; i < values.Length; i++)
            others |= !isSingular[i] && values[i] != values[i - 1];
        return (all, others && isSingular.Contains(true) ? Odds(values, isSingular) : all);
    }

    /// <summary>The logarithm of the weight of a change at value k.</summary>
    public static double LogWeight(int k) => Math.Log(Early / ((k + Early) * (k + Early + 1)));

    /// <summary>The logarithm of the weight of all changes after the last of some steps.</summary>
    public static double LogTail(int steps) => Math.Log(Early / (steps + Early));

    private static SettlingOdds Odds(ReadOnlySpan<double> values, ReadOnlySpan<bool> isSingular)
    {
        var steps = values.Length - 1;
        var before = SquaresBefore(values, isSingular);
        var tail = LogTail(steps);
        var (settled, leveling) = (new LogSum(tail), new LogSum(tail));
        // From the end backward: mean and squares of the values from k on, and the squares of the steps between them.
        var (mean, scatter, moved, count, still) = (values[steps], 0.0, 0.0, 1, steps);
        for (var k = steps - 1; k >= 0; k--)
        {
            var step = values[k + 1] - values[k];
            moved += step * step;
            still = moved == 0 ? k : still;
            count++;
            var off = values[k] - mean;
            mean += off / count;
            scatter += off * (values[k] - mean);
            if (before[k] + moved == 0)
                continue;
            var n = steps - k;
            var weight = LogWeight(k);
            var shape = -Math.Log(n + 1) / 2;
            if (k == 0)
            {
                settled.Add(weight + shape - (n / 2.0 * Math.Log(scatter / moved)), k);
                leveling.Add(weight, steps);
                continue;
            }
            foreach (var (size, logWeight) in s_sizes)
            {
                var finer = weight + logWeight - (n * Math.Log(size));
                settled.Add(finer + shape - Ratio(scatter), k);
                leveling.Add(finer - Ratio(moved), k);

                double Ratio(double squares) =>
                    steps / 2.0 * Math.Log((before[k] + (squares / (size * size))) / (before[k] + moved));
            }
        }
        var flat = steps == 0 ? 0 : LogFlat(steps, scatter, moved);
        var (odds, since) = ((1 - FlatWeight) * Math.Exp(settled.Value) + (FlatWeight * Math.Exp(flat)), settled.Likeliest);
        return new(odds, flat > settled.Value ? 0 : since, Math.Exp(leveling.Value), leveling.Likeliest)
        {
            HasStopped = still < steps && still <= leveling.Likeliest,
        };
    }

    /// <summary>The logarithm of the odds for steps that are negligible.</summary>
    /// <param name="n">How many steps there are.</param>
    /// <param name="scatter">Squares around the mean of the values.</param>
    /// <param name="moved">Squares of the steps.</param>
    // Universal inference (Wasserman, Ramdas, Balakrishnan 2020): against the likeliest step size that is not negligible.
    public static double LogFlat(int n, double scatter, double moved)
    {
        var variance = Math.Max(Negligible * Negligible, moved / n);
        var walk = (-n / 2.0 * Math.Log(variance)) - (moved / (2 * variance));
        var sum = new LogSum(double.NegativeInfinity);
        foreach (var (size, logWeight) in s_sizes)
        {
            var deviation = size * Negligible;
            sum.Add(logWeight - (n * Math.Log(deviation)) - (Math.Log(n + 1) / 2) - (
                scatter / (2 * deviation * deviation)) - walk, 0);
        }
        return sum.Value;
    }

    // By k: the squares of the steps up to value k, singular ones cut to the largest other.
    private static double[] SquaresBefore(ReadOnlySpan<double> values, ReadOnlySpan<bool> isSingular)
    {
        var squares = new double[values.Length];
        for (var i = 1; i < values.Length; i++)
            squares[i] = (values[i] - values[i - 1]) * (values[i] - values[i - 1]);
        var most = 0.0;
        for (var i = 1; i < values.Length; i++)
            most = isSingular.IsEmpty || isSingular[i] ? most : Math.Max(most, squares[i]);
        for (var i = 1; i < values.Length; i++)
            squares[i] = squares[i - 1] + (isSingular.IsEmpty || !isSingular[i] ? squares[i] : Math.Min(squares[i], most));
        return squares;
    }
}
