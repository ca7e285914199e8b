using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Experiments.Verdicts;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>The claims as tables: the verdicts, one claim in full, and every number of every one.</summary>
internal static class ClaimTables
{
    /// <summary>One row for each primary claim.</summary>
    public static ResultTable Verdicts(Primaries primaries) => new(
        "verdicts",
        "False positives: how often the rule, with this many runs, gives a verdict where nothing is to be found. Power: how often "
        + "it finds the planted effect in a report with this many primary claims, as the first of Holm's. Both are "
        + $"measured by simulation, {RuleErrors.Draws.ToString("#,0", CultureInfo.InvariantCulture)} draws each.",
        ["statement", "section", "primary setting", "definition", "verdict", "estimate (95 % interval)", "runs", "p, Holm",
            "rule", "false positives, %", "power, %"],
        [
            .. primaries.All.Select(one => ImmutableArray.Create(
                one.Claim.Statement, one.Claim.Section, one.Evidence.Setting,
                one.Evidence.Definition.Length == 0 ? Cell.None : one.Evidence.Definition,
                one.Word, Cell.Interval(one.Evidence.Finding.Estimate), Runs(one.Evidence), Cell.Chance(one.AdjustedP),
                Rules.Word(one.Evidence.Rule), Percent(one.Errors?.FalsePositives), Percent(one.Power))),
        ]);

    /// <summary>One line for each rule that gives a verdict.</summary>
    public static ImmutableArray<string> RuleLines(Primaries primaries) =>
    [
        .. primaries.All.Select(one => one.Evidence.Rule).Distinct().Order().Select(rule =>
            $"{Rules.Word(rule)}: {Rules.Text(rule)} At least {Rules.Fewest(rule)} runs. False positives on "
            + $"{RuleErrors.Null(rule)}; power on {RuleErrors.Planted(rule)}."),
    ];

    /// <summary>How often a report like this one has any verdict by chance, in a sentence.</summary>
    public static string FamilyWise(Primaries primaries) => double.IsNaN(primaries.FamilyWise)
        ? "No claim here has runs enough to be tested."
        : string.Create(CultureInfo.InvariantCulture,
            $"Where nothing is to be found in any of its {primaries.All.Length} primary claims, a report like this one has a "
            + $"verdict in {primaries.FamilyWise * 100:0.0} % of cases (measured, {RuleErrors.Draws:#,0} draws).");

    /// <summary>How many findings of a claim are primary and exploratory, in words.</summary>
    public static string Counts(Claim claim) => string.Join(", ", claim.Evidence.GroupBy(one => one.Kind)
        .OrderByDescending(kind => kind.Key, StringComparer.Ordinal)
        .Select(kind => string.Create(CultureInfo.InvariantCulture, $"{kind.Count()} {kind.Key}")));

    /// <summary>One row for each setting and definition of a claim, without verdicts.</summary>
    public static ResultTable Of(Claim claim)
    {
        var isDefined = claim.Evidence.Any(evidence => evidence.Definition.Length > 0);
        return new ResultTable(
            "", claim.Quantity,
            ["setting", .. isDefined ? ["definition"] : ImmutableArray<string>.Empty, "kind", "estimate (95 % interval)", "runs",
                "smallest … largest"],
            [
                .. from evidence in claim.Evidence
                   select ImmutableArray.Create(
                   [
                       evidence.Setting, .. isDefined ? [evidence.Definition] : ImmutableArray<string>.Empty, evidence.Kind,
                       Cell.Interval(evidence.Finding.Estimate), Runs(evidence), Range(evidence),
                   ]),
            ]);
    }

    /// <summary>One row for each finding of each claim, with numbers as a machine reads them; only primary ones have a
    /// verdict.</summary>
    public static ResultTable Estimates(IEnumerable<Chapter> chapters, Primaries primaries) => new(
        "claims-estimates", "",
        ["statement", "section", "setting", "definition", "kind", "rule", "sign", "runs", "estimate", "low", "high", "p_holm",
            "verdict", "false_positives", "power"],
        [
            .. from claim in chapters.SelectMany(chapter => chapter.Claims)
               from evidence in claim.Evidence
               let primary = primaries.All.FirstOrDefault(one => ReferenceEquals(one.Evidence, evidence))
               select ImmutableArray.Create(
                   claim.Statement, claim.Section, evidence.Setting, evidence.Definition, evidence.Kind,
                   Rules.Word(evidence.Rule), Raw(evidence.Sign), Raw(evidence.Finding.Count), Raw(evidence.Finding.Estimate.Value),
                   Raw(evidence.Finding.Estimate.Low), Raw(evidence.Finding.Estimate.High),
                   Raw(primary?.AdjustedP ?? double.NaN), primary?.Word ?? "",
                   Raw(primary?.Errors?.FalsePositives ?? double.NaN), Raw(primary?.Power ?? double.NaN)),
        ]);

    /// <summary>One row for each run of each finding.</summary>
    public static ResultTable Numbers(IEnumerable<Chapter> chapters) => new(
        "claims-runs", "", ["statement", "section", "setting", "definition", "kind", "index", "number"],
        [
            .. from claim in chapters.SelectMany(chapter => chapter.Claims)
               from evidence in claim.Evidence
               from number in evidence.Numbers.Index()
               select ImmutableArray.Create(
                   claim.Statement, claim.Section, evidence.Setting, evidence.Definition, evidence.Kind, Raw(number.Index),
                   Raw(number.Item)),
        ]);

    private static string Runs(Evidence evidence) =>
        evidence.Numbers.Length is var all && (all == 0 || all == evidence.Finding.Count)
        ? evidence.Finding.Count.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{evidence.Finding.Count} of {all}");

    private static string Range(Evidence evidence)
    {
        double[] known = [.. evidence.Numbers.Where(number => !double.IsNaN(number)).Order()];
        return known.Length == 0 ? Cell.None
            : evidence.Rule == Rule.Event ? $"{Cell.Count(known[0])} … {Cell.Count(known[^1])}"
            : $"{Cell.Signed(known[0])} … {Cell.Signed(known[^1])}";
    }

    private static string Percent(double? share) => Cell.Number(share * 100 ?? double.NaN, "0.0");

    private static string Raw(double value) => double.IsNaN(value) ? "" : value.ToString(CultureInfo.InvariantCulture);
}
