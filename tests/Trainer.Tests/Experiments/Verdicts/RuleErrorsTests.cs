using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Verdicts;

namespace Emergence.Trainer.Tests.Experiments.Verdicts;

/// <summary>How often the rules are wrong, and how often they find what is there.</summary>
public sealed class RuleErrorsTests
{
    public static TheoryData<string, int> Measured { get; } = new(
        from rule in Enum.GetValues<Rule>()
        from runs in rule == Rule.Ranks ? new[] { 10, 48 } : [Rules.Fewest(rule), 5, 10]
        select (rule.ToString(), runs));

    [Theory]
    [MemberData(nameof(Measured))]
    public void A_rule_gives_a_verdict_where_nothing_is_to_be_found_in_at_most_5_percent(string rule, int runs)
    {
        var errors = RuleErrors.Of(Enum.Parse<Rule>(rule), runs);
        TestContext.Current.TestOutputHelper!.WriteLine($"{rule}, {runs} runs: {errors.FalsePositives:P2}, power alone "
            + $"{errors.Power(1):P1}, among 10 {errors.Power(10):P1}, among 25 {errors.Power(25):P1}");
        Assert.InRange(errors.FalsePositives, 0, 0.05);
    }

    /// <summary>The planted effects are found by ten runs, each by a test of its own.</summary>
    [Theory]
    [InlineData("Course", 10, 0.5)]
    [InlineData("Difference", 10, 0.95)]
    [InlineData("Epochs", 10, 0.95)]
    [InlineData("Event", 10, 0.85)]
    [InlineData("Ranks", 48, 0.85)]
    public void A_planted_effect_is_found(string rule, int runs, double atLeast) =>
        Assert.InRange(RuleErrors.Of(Enum.Parse<Rule>(rule), runs).Power(1), atLeast, 1);

    [Fact]
    public void A_report_in_which_nothing_is_to_be_found_has_a_verdict_in_at_most_5_percent()
    {
        // As many as the pruning, transfer and convolution experiments have, then half as many with too few runs to decide much.
        foreach (var (many, few) in new[] { (18, 6), (4, 0), (0, 6) })
        {
            Rule[] rules = [Rule.Difference, Rule.Course, Rule.Epochs, Rule.Difference];
            var wrong = RuleErrors.FamilyWise([
                .. Enumerable.Range(0, many).Select(i => RuleErrors.Of(rules[i % 4], 10)),
                .. Enumerable.Range(0, few).Select(i => RuleErrors.Of(rules[i % 4], 5)),
            ], many + few);
            TestContext.Current.TestOutputHelper!.WriteLine($"{many} + {few} primary claims: {wrong:P2}");
            Assert.InRange(wrong, 0, 0.05);
        }
    }

    /// <summary>Why the rule is over runs: over the epochs of one run, chance passes for a finding most of the time.</summary>
    [Fact]
    public void Over_the_epochs_of_one_run_a_random_walk_goes_with_accuracy_most_of_the_time()
    {
        var simulation = new Simulation(Rule.Course, 1);
        var wrong = Enumerable.Range(0, 1_000).Count(_ =>
            Estimate.Spearman(simulation.Course(planted: false)) is { } rho && (rho.Low > 0 || rho.High < 0));
        Assert.InRange(wrong, 600, 800);
    }

    [Fact]
    public void A_measurement_is_the_same_each_time()
    {
        var (one, other) = (new Simulation(Rule.Course, 5), new Simulation(Rule.Course, 5));
        for (var i = 0; i < 20; i++)
            Assert.Equal(one.Draw(planted: i % 2 == 1), other.Draw(planted: i % 2 == 1));
    }
}
