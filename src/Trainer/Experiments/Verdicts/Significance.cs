using Emergence.Trainer.Experiments.Results;
using MathNet.Numerics.Distributions;

namespace Emergence.Trainer.Experiments.Verdicts;

/// <summary>The tests behind the verdicts: each takes one number from each run. NaN says that a run has none.</summary>
internal static class Significance
{
    /// <summary>Student's test of a mean against zero, two-sided, with the interval of the mean.</summary>
    /// <param name="numbers">One for each run.</param>
    /// <param name="estimated">
    /// Degrees of freedom that the numbers share, as where each is taken against the mean over the runs.
    /// </param>
    public static Finding Mean(IEnumerable<double> numbers, int estimated = 0)
    {
        double[] known = [.. numbers.Where(double.IsFinite)];
        var freedom = known.Length - 1 - estimated;
        if (known.Length == 0)
            return Finding.None(0);
        var mean = known.Average();
        if (freedom < 1)
            return Finding.None(known.Length, mean);
        // Without any spread Student's test knows no doubt; that all have one sign still happens by chance.
        if (known.Max() == known.Min())
            return new Finding(known.Length, Estimate.Point(known[0]), known[0] == 0 ? 1 : Math.Pow(2, 1 - known.Length));
        var error = Math.Sqrt(known.Sum(number => (number - mean) * (number - mean)) / known.Length / freedom);
        var width = StudentT.InvCDF(0, 1, freedom, 0.975) * error;
        return new Finding(known.Length, new Estimate(mean, mean - width, mean + width),
            2 * StudentT.CDF(0, 1, freedom, -Math.Abs(mean) / error));
    }

    /// <summary>
    /// The share of runs in which something happens, with Clopper and Pearson's interval, tested against one half: only a
    /// larger share counts, as what has not happened may still come.
    /// </summary>
    /// <param name="epochs">When it happens; infinity where it does not.</param>
    public static Finding Share(IEnumerable<double> epochs)
    {
        double[] known = [.. epochs.Where(epoch => !double.IsNaN(epoch))];
        if (known.Length == 0)
            return Finding.None(0);
        var (all, some) = (known.Length, known.Count(double.IsFinite));
        var low = some == 0 ? 0 : Beta.InvCDF(some, all - some + 1, 0.025);
        var high = some == all ? 1 : Beta.InvCDF(some + 1, all - some, 0.975);
        return new Finding(all, new Estimate((double)some / all, low, high),
            some == 0 ? 1 : 1 - Binomial.CDF(0.5, all, some - 1));
    }

    /// <summary>Spearman's correlation over runs that know nothing of one another, two-sided.</summary>
    public static Finding Ranks(IEnumerable<(double X, double Y)> pairs)
    {
        var known = pairs.Where(pair => double.IsFinite(pair.X) && double.IsFinite(pair.Y)).ToArray();
        var rho = Estimate.Spearman(known);
        if (double.IsNaN(rho.Value))
            return Finding.None(known.Length);
        var freedom = known.Length - 2;
        var t = Math.Abs(rho.Value) * Math.Sqrt(freedom / Math.Max(1e-12, 1 - (rho.Value * rho.Value)));
        return new Finding(known.Length, rho, 2 * StudentT.CDF(0, 1, freedom, -t));
    }

    /// <summary>Holm's (1979) adjustment: whatever the dependence, all that stay at 5 % or below are wrong in at most 5 % of
    /// reports. A test that could not be made counts as one that found nothing.</summary>
    public static double[] Holm(IReadOnlyList<double> chances)
    {
        var adjusted = new double[chances.Count];
        var most = 0.0;
        foreach (var (rank, i) in Enumerable.Range(0, chances.Count).OrderBy(i => Known(chances[i])).Index())
        {
            most = Math.Max(most, Math.Min(1, Known(chances[i]) * (chances.Count - rank)));
            adjusted[i] = most;
        }
        return adjusted;

        static double Known(double chance) => double.IsNaN(chance) ? 1 : chance;
    }
}
