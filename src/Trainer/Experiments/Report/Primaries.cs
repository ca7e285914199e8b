using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Experiments.Verdicts;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>What the runs say about a claim.</summary>
internal enum Verdict
{
    Holds,
    Contradicted,
    Undecided,
    NotWithin,
    TooFewSeeds,
}

/// <summary>A claim in the one setting and definition that decides it.</summary>
/// <param name="Claim">The claim.</param>
/// <param name="Evidence">Its primary evidence.</param>
/// <param name="AdjustedP">Holm's p over all primary claims of the report.</param>
/// <param name="Verdict">The verdict.</param>
/// <param name="Errors">How often the rule is wrong with this many runs; null where there are too few for it.</param>
/// <param name="Power">How often it finds the planted effect in this report; NaN where there are too few runs.</param>
internal sealed record Primary(
    Claim Claim, Evidence Evidence, double AdjustedP, Verdict Verdict, RuleErrors? Errors, double Power)
{
    /// <summary>The verdict in words.</summary>
    public string Word => Verdict switch
    {
        Verdict.NotWithin => string.Create(CultureInfo.InvariantCulture, $"not within {Evidence.Within} epochs"),
        Verdict.TooFewSeeds => "too few seeds",
        _ => Verdict.ToString().ToLowerInvariant(),
    };
}

/// <summary>The verdicts of a report: those of its primary claims, adjusted for how many there are.</summary>
/// <param name="All">In the order of the chapters.</param>
/// <param name="FamilyWise">Measured share of reports with any verdict where nothing is to be found; NaN where no claim could
/// be tested.</param>
internal sealed record Primaries(ImmutableArray<Primary> All, double FamilyWise)
{
    /// <summary>What holds for all verdicts, in sentences.</summary>
    public static string Method { get; } = string.Create(CultureInfo.InvariantCulture,
        $"Each statement of the paper is decided by one definition and one treatment for each data set, the primary ones, fixed "
        + $"in the program before the runs; every other number below is exploratory and has no verdict. A run gives one number, "
        + $"and the test is over the runs, not over epochs. A statement holds where the number has the claimed sign and "
        + $"Holm's p, adjusted for all rows of this table, is at most {Rules.Level}; it is contradicted where it has the other "
        + $"sign; else it is undecided, which does not mean that it is false. The level is {Rules.Level}, not 0.05, as the "
        + $"numbers of runs are not normal: so each rule stays below 5 % false verdicts.");

    /// <summary>Tests every primary claim.</summary>
    public static Primaries Of(IEnumerable<Chapter> chapters)
    {
        var primary = (from claim in chapters.SelectMany(chapter => chapter.Claims)
                       from evidence in claim.Evidence
                       where evidence.IsPrimary
                       select (claim, evidence)).ToArray();
        var adjusted = Significance.Holm(
            [.. primary.Select(one => CanDecide(one.evidence) ? one.evidence.Finding.P : double.NaN)]);
        ImmutableArray<Primary> all =
        [
            .. primary.Zip(adjusted, (one, p) =>
            {
                var errors = CanDecide(one.evidence) ? RuleErrors.Of(one.evidence.Rule, one.evidence.Finding.Count) : null;
                return new Primary(one.claim, one.evidence, CanDecide(one.evidence) ? p : double.NaN,
                    Decide(one.evidence, p, primary.Length), errors, errors?.Power(primary.Length) ?? double.NaN);
            }),
        ];
        ImmutableArray<RuleErrors> tested = [.. all.Select(one => one.Errors).OfType<RuleErrors>()];
        return new Primaries(all, tested.IsEmpty ? double.NaN : RuleErrors.FamilyWise(tested, all.Length));
    }

    /// <summary>The verdict on primary evidence.</summary>
    /// <param name="evidence">The evidence.</param>
    /// <param name="adjusted">Its p, adjusted.</param>
    /// <param name="primaries">How many primary claims there are.</param>
    public static Verdict Decide(Evidence evidence, double adjusted, int primaries) =>
        HasTooFewRuns(evidence) ? Verdict.TooFewSeeds
        : DoesNotCome(evidence) ? Verdict.NotWithin
        : !CanDecide(evidence) || NoneWouldDo(evidence, primaries) ? Verdict.TooFewSeeds
        : !(adjusted <= Rules.Level) ? Verdict.Undecided
        : evidence.Rule == Rule.Event || evidence.Finding.Estimate.Value * evidence.Sign > 0 ? Verdict.Holds
        : Verdict.Contradicted;

    private static bool HasTooFewRuns(Evidence evidence) =>
        (evidence.Rule == Rule.Ranks ? evidence.Finding.Count : evidence.Numbers.Length) < Rules.Fewest(evidence.Rule);

    // A number of the runs in which it came would leave out just those in which it takes longest.
    private static bool DoesNotCome(Evidence evidence) => evidence.Within is not null && (evidence.Rule == Rule.Event
        ? evidence.Finding.Count >= Rules.Fewest(Rule.Event) && evidence.Finding.Estimate.Value == 0
        : evidence.Finding.Count == 0 || evidence.Numbers.Any(double.IsInfinity));

    private static bool CanDecide(Evidence evidence) =>
        !HasTooFewRuns(evidence) && !DoesNotCome(evidence) && evidence.Finding.Count >= Rules.Fewest(evidence.Rule);

    // Not even if it happened in every run.
    private static bool NoneWouldDo(Evidence evidence, int primaries) =>
        evidence.Rule == Rule.Event && Math.Pow(0.5, evidence.Finding.Count) * primaries > Rules.Level;
}
