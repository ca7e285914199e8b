using System.Collections.Immutable;
using Emergence.Trainer.Experiments.Results;
using MathNet.Numerics.Distributions;

namespace Emergence.Trainer.Prediction;

/// <summary>A run as a score sees it: its group, a predictor, the training loss of the same epoch, and how it ended.</summary>
/// <param name="Group">Family and data set.</param>
/// <param name="X">The predictor; NaN where it is missing.</param>
/// <param name="Loss">The training loss.</param>
/// <param name="Y">What is predicted.</param>
/// <param name="IsCensored">Whether Y is only the last epoch at which it had not come yet.</param>
internal readonly record struct Case(string Group, double X, double Loss, double Y, bool IsCensored = false);

/// <summary>The scores of docs/preregistration.md.</summary>
internal static class Scores
{
    private const double Normal975 = 1.959963984540054;

    /// <summary>Fewest runs of a group that count.</summary>
    public const int Fewest = 3;

    /// <summary>The cases of groups that are large enough.</summary>
    public static ImmutableArray<Case> Enough(IEnumerable<Case> cases) =>
        [.. cases.GroupBy(one => one.Group).Where(group => group.Count() >= Fewest).SelectMany(group => group)];

    /// <summary>
    /// The correlation of the ranks within groups of X and Y, given that of the loss, with its interval and two-sided p.
    /// </summary>
    /// <returns>NaN with p 1 where there are too few runs or a side does not vary.</returns>
    public static (Estimate Estimate, double P) Partial(ImmutableArray<Case> cases)
    {
        var (x, loss, y) = (Ranks(cases, one => one.X), Ranks(cases, one => one.Loss), Ranks(cases, one => one.Y));
        var (xy, xz, yz) = (Correlation(x, y), Correlation(x, loss), Correlation(y, loss));
        var rho = (xy - xz * yz) / Math.Sqrt((1 - xz * xz) * (1 - yz * yz));
        var freedom = cases.Length - cases.Select(one => one.Group).Distinct().Count() - 4;
        if (freedom < 1 || !double.IsFinite(rho))
            return (Estimate.Point(double.NaN), 1);
        var z = Math.Atanh(Math.Clamp(rho, -1 + 1e-12, 1 - 1e-12));
        var error = 1 / Math.Sqrt(freedom);
        return (new Estimate(rho, Math.Tanh(z - Normal975 * error), Math.Tanh(z + Normal975 * error)),
            2 * Normal.CDF(0, 1, -Math.Abs(z) / error));
    }

    /// <summary>In each held-out group, the share of pairs that X orders rightly, with the sign it has in the others.</summary>
    public static ImmutableArray<double> Alone(ImmutableArray<Case> cases) => HeldOut(cases, (others, own) =>
    {
        var sign = Correlation(Ranks(others, one => one.X), Ranks(others, one => one.Y)) < 0 ? -1 : 1;
        return [.. Ranks(own, one => one.X).Select(rank => sign * rank)];
    });

    /// <summary>The same for the fit of X and loss in the other groups, less that of the loss alone.</summary>
    public static ImmutableArray<double> Added(ImmutableArray<Case> cases)
    {
        var both = HeldOut(cases, (others, own) => Fit(others, own, withX: true));
        var loss = HeldOut(cases, (others, own) => Fit(others, own, withX: false));
        return [.. both.Zip(loss, (a, b) => a - b)];
    }

    /// <summary>Of the pairs whose order is known, the share that is predicted as in Y (Harrell 1982); NaN for none.</summary>
    public static double Concordance(ImmutableArray<Case> cases, IReadOnlyList<double> predicted)
    {
        var (right, pairs) = (0.0, 0);
        for (var i = 0; i < cases.Length; i++)
        {
            for (var j = 0; j < cases.Length; j++)
            {
                // Known to end before the other: that is later, or had not come at the same epoch.
                if (cases[i].IsCensored || !(cases[i].Y < cases[j].Y || (cases[i].Y == cases[j].Y && cases[j].IsCensored)))
                    continue;
                pairs++;
                right += predicted[i] < predicted[j] ? 1 : predicted[i] == predicted[j] ? 0.5 : 0;
            }
        }
        return pairs == 0 ? double.NaN : right / pairs;
    }

    /// <summary>Ranks within groups, from −1 to 1; ties their mean, what is missing 0, infinite numbers theirs.</summary>
    public static double[] Ranks(ImmutableArray<Case> cases, Func<Case, double> of)
    {
        var ranks = new double[cases.Length];
        foreach (var group in Enumerable.Range(0, cases.Length).GroupBy(i => cases[i].Group))
        {
            var known = group.Where(i => !double.IsNaN(of(cases[i]))).ToArray();
            foreach (var i in known)
            {
                var below = known.Count(j => of(cases[j]) < of(cases[i]));
                var equal = known.Count(j => of(cases[j]) == of(cases[i]));
                ranks[i] = known.Length < 2 ? 0 : (2.0 * below + equal - 1) / (known.Length - 1) - 1;
            }
        }
        return ranks;
    }

    private static ImmutableArray<double> HeldOut(
        ImmutableArray<Case> cases, Func<ImmutableArray<Case>, ImmutableArray<Case>, double[]> predict) =>
        [.. cases.Select(one => one.Group).Distinct().Select(group =>
        {
            ImmutableArray<Case> own = [.. cases.Where(one => one.Group == group)];
            return Concordance(own, predict([.. cases.Where(one => one.Group != group)], own));
        })];

    // Ranks have mean zero in each group, so that there is nothing to fit but slopes.
    private static double[] Fit(ImmutableArray<Case> others, ImmutableArray<Case> own, bool withX)
    {
        var (x, loss, y) = (Ranks(others, one => one.X), Ranks(others, one => one.Loss), Ranks(others, one => one.Y));
        var (xx, zz, xz, xy, zy) = (Dot(x, x), Dot(loss, loss), Dot(x, loss), Dot(x, y), Dot(loss, y));
        var determinant = xx * zz - xz * xz;
        var (a, b) = withX && determinant > 1e-9 * xx * zz
            ? ((xy * zz - zy * xz) / determinant, (zy * xx - xy * xz) / determinant)
            : (0, zz == 0 ? 0 : zy / zz);
        return [.. Ranks(own, one => one.X).Zip(Ranks(own, one => one.Loss), (rank, z) => a * rank + b * z)];
    }

    // Of numbers whose mean is zero.
    private static double Correlation(double[] a, double[] b) => Dot(a, b) / Math.Sqrt(Dot(a, a) * Dot(b, b));

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
