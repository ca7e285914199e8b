namespace Emergence.Trainer.Experiments.Verdicts;

/// <summary>How numbers of runs become a verdict.</summary>
internal enum Rule
{
    /// <summary>Two courses of each run go together, beyond what all runs share.</summary>
    Course,

    /// <summary>A difference, or a slope, in each run.</summary>
    Difference,

    /// <summary>A difference in epochs, in each run.</summary>
    Epochs,

    /// <summary>Something happens in a run, or not within its epochs.</summary>
    Event,

    /// <summary>Two numbers of each run go together over runs of different networks.</summary>
    Ranks,
}

/// <summary>What the rules say and need.</summary>
internal static class Rules
{
    /// <summary>A primary claim is decided where Holm's adjusted p is no larger.</summary>
    public const double Level = 0.04;

    /// <summary>With fewer runs there is no verdict.</summary>
    public static int Fewest(Rule rule) => rule switch
    {
        Rule.Course => 4,
        Rule.Ranks => 10,
        _ => 3,
    };

    /// <summary>The rule in a word.</summary>
    public static string Word(Rule rule) => rule.ToString().ToLowerInvariant();

    /// <summary>What is computed.</summary>
    public static string Text(Rule rule) => rule switch
    {
        Rule.Course => "one number per run: the correlation, over the epochs, of its deviations from the mean of all runs at the "
            + "same epoch, so that what all runs share, time itself, counts for nothing; then Student's t over the runs, with "
            + "one degree of freedom less, as the runs share that mean.",
        Rule.Difference => "one number per run, a difference or a slope; then Student's t over the runs.",
        Rule.Epochs => "one number per run, a difference in epochs; then Student's t over the runs. Where what is waited for "
            + "does not come within the epochs of some run, the verdict is \"not within N epochs\".",
        Rule.Event => "whether it happens in a run; then the share of runs against one half, exact binomial, one-sided: what has "
            + "not happened may still come, so that nothing is contradicted. Where it happens in no run, the verdict is \"not "
            + "within N epochs\".",
        Rule.Ranks => "Spearman's correlation over runs of different networks, each with a seed of its own.",
        _ => throw new NotSupportedException($"rule {rule}"),
    };

    /// <summary>The test of a rule that takes one number from each run.</summary>
    public static Finding Test(Rule rule, IEnumerable<double> numbers) => rule switch
    {
        Rule.Course => Within(Significance.Mean(numbers, estimated: 1), 1),
        Rule.Difference or Rule.Epochs => Significance.Mean(numbers),
        Rule.Event => Significance.Share(numbers),
        _ => throw new NotSupportedException($"rule {rule} takes pairs"),
    };

    // No correlation lies outside −1 and 1, wherever Student's interval ends.
    private static Finding Within(Finding found, double most) => found with
    {
        Estimate = found.Estimate with
        {
            Low = Math.Max(-most, found.Estimate.Low),
            High = Math.Min(most, found.Estimate.High),
        },
    };
}
