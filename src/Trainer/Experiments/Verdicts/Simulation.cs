using MathNet.Numerics.Distributions;

namespace Emergence.Trainer.Experiments.Verdicts;

/// <summary>Runs that are made up, to learn what a rule says of them.</summary>
/// <param name="rule">The rule.</param>
/// <param name="runs">How many runs each draw has.</param>
internal sealed class Simulation(Rule rule, int runs)
{
    /// <summary>The planted effects: the share of the variance of log E that follows accuracy.</summary>
    public const double Followed = 0.75;

    /// <summary>Standard deviations by which the mean of differences is not zero.</summary>
    public const double Shift = 1.5;

    /// <summary>The share of runs in which the event happens.</summary>
    public const double Often = 0.95;

    /// <summary>The correlation over runs.</summary>
    public const double Correlation = 0.5;

    private const int CourseEpochs = 25, DifferenceEpochs = 20;

    // By how much log E moves in an epoch; how much smaller the steps of accuracy become; how far whole epochs scatter.
    private const double Step = 0.2, Slowing = 0.85, Scatter = 1.5;

    private readonly Random random = new(1000 * (int)rule + runs);

    /// <summary>Makes up one report's runs and tests them.</summary>
    /// <param name="planted">Whether there is something to be found; it has the sign +.</param>
    public Finding Draw(bool planted) => rule switch
    {
        Rule.Course => Rules.Test(rule, Courses.Deviations([.. Repeat(() => Course(planted))])),
        Rule.Difference => Rules.Test(rule, Repeat(() => Walks() + (planted ? Shift * s_walks : 0))),
        Rule.Epochs => Rules.Test(rule, Repeat(() => Rounded(planted ? Shift * s_rounded : 0) - Rounded(0))),
        Rule.Event => Rules.Test(rule,
            Repeat(() => random.NextDouble() < (planted ? Often : 0.5) ? 1 : double.PositiveInfinity)),
        Rule.Ranks => Significance.Ranks(Repeat(() => Pair(planted ? Correlation : 0))),
        _ => throw new NotSupportedException($"rule {rule}"),
    };

    // Standard deviations of what is null: of the walks measured, of two rounded normal numbers with that of the rounding.
    private static readonly double s_walks = new Simulation(Rule.Difference, 10_000).WalksDeviation();
    private static readonly double s_rounded = Math.Sqrt(2 * ((Scatter * Scatter) + (1.0 / 12)));

    private double WalksDeviation() => Math.Sqrt(Repeat(Walks).Average(number => number * number));

    private T[] Repeat<T>(Func<T> one) => [.. Enumerable.Range(0, runs).Select(_ => one())];

    private double Normal() => MathNet.Numerics.Distributions.Normal.Sample(random, 0, 1);

    /// <summary>E and an accuracy that only rises, by steps of random size that become smaller.</summary>
    public (double X, double Y)[] Course(bool planted)
    {
        var course = new (double X, double Y)[CourseEpochs];
        var (walk, accuracy, size) = (0.0, 0.0, 1.0);
        for (var t = 0; t < course.Length; t++)
        {
            walk += Step * Normal();
            accuracy += size * Exponential.Sample(random, 1);
            size *= Slowing;
            var following = (Math.Sqrt(1 - Followed) * walk) + (Math.Sqrt(Followed) * Same * accuracy);
            course[t] = (Math.Exp(planted ? following : walk), accuracy);
        }
        return course;
    }

    // Makes the variance of the accuracies, over the epochs, that of the walk: Σ Step² t against Σ Σ Slowing^2u.
    private static double Same { get; } = Math.Sqrt(
        Enumerable.Range(1, CourseEpochs).Sum(t => Step * Step * t)
        / Enumerable.Range(1, CourseEpochs).Sum(t => Enumerable.Range(0, t).Sum(u => Math.Pow(Slowing, 2 * u))));

    private double Walks()
    {
        var (x, y) = (0.0, 0.0);
        var course = new (double X, double Y)[DifferenceEpochs];
        for (var t = 0; t < course.Length; t++)
        {
            (x, y) = (x + (Step * Normal()), y + (Step * Normal()));
            course[t] = (Math.Exp(x), Math.Exp(y));
        }
        return Courses.Difference(course);
    }

    private double Rounded(double mean) => Math.Round(mean + (Scatter * Normal()));

    private (double X, double Y) Pair(double correlation)
    {
        var x = Normal();
        return (x, (correlation * x) + (Math.Sqrt(1 - (correlation * correlation)) * Normal()));
    }
}
