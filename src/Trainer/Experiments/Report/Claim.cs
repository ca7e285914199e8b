using System.Collections.Immutable;
using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Verdicts;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>A statement of the paper, and what was found under each setting and definition.</summary>
/// <param name="Statement">What is claimed.</param>
/// <param name="Section">Where in the paper; empty where the statement is ours.</param>
/// <param name="Quantity">The number of each run that decides, and what it should be.</param>
/// <param name="Evidence">The findings; those that are primary give the verdicts.</param>
internal sealed record Claim(string Statement, string Section, string Quantity, ImmutableArray<Evidence> Evidence)
{
    /// <summary>Whether the paper does not make the statement, but we do, to compare with.</summary>
    public bool IsOurs => Section.Length == 0;

    /// <summary>Where the statement comes from, in a sentence.</summary>
    public string Source =>
        IsOurs
            ? "Not a statement of the paper, but to compare with."
            : $"Paper, {(char.IsAsciiDigit(Section[0]) ? "section " : "")}{Section}.";

    /// <summary>What stands where no run can tell.</summary>
    public const string NoEvidence = "No run here can tell.";
}

/// <summary>The numbers of the runs in one setting under one definition.</summary>
/// <param name="Setting">Data set, network or pruning.</param>
/// <param name="Definition">What counts as emergence; empty where none is involved.</param>
/// <param name="Rule">How they are tested.</param>
/// <param name="Sign">+1 where the claim wants a number above zero, −1 below.</param>
/// <param name="Numbers">One for each run: NaN where it has none, infinite where what is waited for did not come.</param>
/// <param name="Finding">What the test says.</param>
internal sealed record Evidence(
    string Setting, string Definition, Rule Rule, int Sign, ImmutableArray<double> Numbers, Finding Finding)
{
    /// <summary>Whether it gives a verdict: one definition and treatment for each claim and data set, fixed before the runs.
    /// All others are exploratory.</summary>
    public bool IsPrimary { get; init; }

    /// <summary>The last epoch, where something is waited for.</summary>
    public int? Within { get; init; }

    /// <summary>What it is for: <c>primary</c> or <c>exploratory</c>.</summary>
    public string Kind => IsPrimary ? "primary" : "exploratory";

    /// <summary>A number for each run.</summary>
    public static Evidence Of(string setting, string definition, Rule rule, int sign, IEnumerable<double> numbers)
    {
        ImmutableArray<double> all = [.. numbers];
        return new Evidence(setting, definition, rule, sign, all, Rules.Test(rule, all));
    }

    /// <summary>How a measure goes with training accuracy, beyond what all runs share.</summary>
    public static Evidence WithAccuracy(string setting, Definition definition, int sign, IEnumerable<Curve> runs) => Of(
        setting, definition.Name, Rule.Course, sign, Courses.Deviations(
            [.. runs.Select(run => run.Points.Select(point => (point.Of(definition), point.Record.Train.Accuracy)).ToArray())]));

    /// <summary>Two numbers of each of many runs of different networks.</summary>
    public static Evidence OfRuns(string setting, string definition, int sign, IEnumerable<(double X, double Y)> pairs) =>
        new(setting, definition, Rule.Ranks, sign, [], Significance.Ranks(pairs));
}
