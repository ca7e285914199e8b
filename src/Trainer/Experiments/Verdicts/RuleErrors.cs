using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Emergence.Trainer.Experiments.Verdicts;

/// <summary>How often a rule is wrong, and how often it finds what is there: measured on made-up runs.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Runs">How many runs it is given.</param>
/// <param name="NullChances">Its p on runs in which nothing is to be found, in no order.</param>
/// <param name="PlantedChances">Its p on runs with a planted effect; 1 where the estimate points the other way.</param>
internal sealed record RuleErrors(Rule Rule, int Runs, ImmutableArray<double> NullChances, ImmutableArray<double> PlantedChances)
{
    /// <summary>Reports that are made up for each figure; its standard error at 5 % is 0.2 points.</summary>
    public const int Draws = 10_000;

    private static readonly ConcurrentDictionary<(Rule, int), RuleErrors> Measured = new();

    /// <summary>The share of null runs that get a verdict, either way, from this rule alone.</summary>
    public double FalsePositives => Share(NullChances, Rules.Level);

    /// <summary>The share of planted effects that are found when a report has some number of primary claims and this is
    /// Holm's first, the hardest place.</summary>
    public double Power(int primaries) => Share(PlantedChances, Rules.Level / primaries);

    /// <summary>What is made up where nothing is to be found.</summary>
    public static string Null(Rule rule) => rule switch
    {
        Rule.Course => "log E a random walk of 25 epochs beside an accuracy that only rises, at its own pace in each run",
        Rule.Difference => "two random walks of log E from one point, of 20 epochs",
        Rule.Epochs => "two whole numbers around one mean, rounded from a normal law of deviation 1.5",
        Rule.Event => "an event as likely as not",
        Rule.Ranks => "two normal numbers that know nothing of one another",
        _ => throw new NotSupportedException($"rule {rule}"),
    };

    /// <summary>The effect that is planted to measure power.</summary>
    public static string Planted(Rule rule) => rule switch
    {
        Rule.Course => Text($"log E {Simulation.Followed * 100:0} % of whose variance follows accuracy, the rest a random walk"),
        Rule.Difference or Rule.Epochs => Text($"a mean of {Simulation.Shift} standard deviations of the runs' numbers"),
        Rule.Event => Text($"an event in {Simulation.Often * 100:0} % of runs"),
        Rule.Ranks => Text($"a correlation of {Simulation.Correlation}"),
        _ => throw new NotSupportedException($"rule {rule}"),
    };

    /// <summary>Measures a rule, the same for the same arguments.</summary>
    public static RuleErrors Of(Rule rule, int runs) => Measured.GetOrAdd((rule, runs), static key =>
    {
        var simulation = new Simulation(key.Item1, key.Item2);
        return new RuleErrors(
            key.Item1, key.Item2,
            [.. Enumerable.Range(0, Draws).Select(_ => Known(simulation.Draw(planted: false)))],
            [.. Enumerable.Range(0, Draws).Select(_ => simulation.Draw(planted: true))
                .Select(found => found.Estimate.Value > 0 ? Known(found) : 1)]);
    });

    /// <summary>The share of reports with any verdict, after Holm's adjustment, where nothing is to be found in any of their
    /// primary claims.</summary>
    /// <param name="tested">Those that can be tested.</param>
    /// <param name="primaries">How many there are with those that cannot.</param>
    public static double FamilyWise(ImmutableArray<RuleErrors> tested, int primaries)
    {
        var random = new Random(1);
        var wrong = 0;
        for (var i = 0; i < Draws; i++)
        {
            // Holm's adjustment lets some pass exactly where it lets the smallest.
            var smallest = double.PositiveInfinity;
            foreach (var rule in tested)
                smallest = Math.Min(smallest, rule.NullChances[random.Next(Draws)]);
            if (smallest * primaries <= Rules.Level)
                wrong++;
        }
        return (double)wrong / Draws;
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    private static double Known(Finding finding) => double.IsNaN(finding.P) ? 1 : finding.P;

    private static double Share(ImmutableArray<double> chances, double level) =>
        (double)chances.Count(chance => chance <= level) / chances.Length;
}
