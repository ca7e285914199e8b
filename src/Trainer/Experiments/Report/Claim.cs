using System.Collections.Immutable;
using Emergence.Trainer.Experiments.Results;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>What some numbers say about a claim.</summary>
internal enum Verdict
{
    Holds,
    Contradicted,
    Undecided,
}

/// <summary>A statement of the paper, and what was found under each setting and definition.</summary>
/// <param name="Statement">What is claimed.</param>
/// <param name="Section">Where in the paper; empty where the statement is ours.</param>
/// <param name="Quantity">The number that decides, and what it should be.</param>
/// <param name="Evidence">The findings.</param>
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

    /// <summary>What the rule does not see.</summary>
    public const string Caution =
        "Epochs of one run are not independent of one another, so that intervals over epochs are too narrow; many settings "
        + "and definitions are tested, and no correction is made for that. The seeds are few: a verdict says what these runs "
        + "show, no more.";

    /// <summary>The rule, in words; fixed before any number was seen.</summary>
    public const string Rule =
        "a claim holds where on every seed the 95 % interval excludes zero with the claimed sign, is contradicted where on "
        + "every seed it does with the other sign, and is undecided else. "
        + "Where a number has no interval of its own (epochs until something happens), the number stands for it.";
}

/// <summary>The numbers of one setting under one definition.</summary>
/// <param name="Setting">Data set, network or pruning.</param>
/// <param name="Definition">What counts as emergence; empty where none is involved.</param>
/// <param name="Sign">+1 where the claim wants a number above zero, −1 below.</param>
/// <param name="Seeds">One number for each seed.</param>
internal sealed record Evidence(string Setting, string Definition, int Sign, ImmutableArray<Estimate> Seeds)
{
    /// <summary>By the rule of <see cref="Claim.Rule"/>; undecided where a number is missing.</summary>
    public Verdict Verdict =>
        Seeds.IsEmpty ? Verdict.Undecided
        : Seeds.All(seed => Sign > 0 ? seed.Low > 0 : seed.High < 0) ? Verdict.Holds
        : Seeds.All(seed => Sign > 0 ? seed.High < 0 : seed.Low > 0) ? Verdict.Contradicted
        : Verdict.Undecided;

    /// <summary>A number for each seed.</summary>
    public static Evidence Of(IEnumerable<long> seeds, string setting, string definition, int sign,
        Func<long, Estimate> estimate) =>
        new(setting, definition, sign, [.. seeds.Select(estimate)]);

    /// <summary>The median over the seeds that have a number; NaN where none has.</summary>
    public double Median => Estimate.MedianOf([.. Known.Order()]);

    /// <summary>The smallest of the seeds' numbers.</summary>
    public double Lowest => Known.DefaultIfEmpty(double.NaN).Min();

    /// <summary>The largest.</summary>
    public double Highest => Known.DefaultIfEmpty(double.NaN).Max();

    private IEnumerable<double> Known => Seeds.Select(seed => seed.Value).Where(value => !double.IsNaN(value));
}
