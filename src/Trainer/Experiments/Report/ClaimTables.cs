using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Experiments.Results;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>The claims as tables: all of them in short, one in full, and every number of every one.</summary>
internal static class ClaimTables
{
    /// <summary>One row for each claim.</summary>
    public static ResultTable Overview(IEnumerable<Chapter> chapters) => new(
        "claims", "In how many settings and definitions each statement holds; the last column has those with the definition "
        + "of the figures (E or Ẽ, mean > 0.05), or those that need none.",
        ["statement", "section", "holds", "contradicted", "undecided", "with the usual definition"],
        [
            .. from claim in chapters.SelectMany(chapter => chapter.Claims)
               let usual = claim.Evidence.Where(evidence => Usual.Contains(evidence.Definition)).ToArray()
               select ImmutableArray.Create(
                   claim.Statement, claim.IsOurs ? "ours" : claim.Section, Count(claim, Verdict.Holds),
                   Count(claim, Verdict.Contradicted), Count(claim, Verdict.Undecided),
                   usual.Length == 0 ? Cell.None : Verdicts(usual)),
        ]);

    /// <summary>How many of some findings have each verdict, in words.</summary>
    public static string Verdicts(IEnumerable<Evidence> evidence) => string.Join(", ", evidence
        .GroupBy(one => one.Verdict).OrderBy(verdict => verdict.Key)
        .Select(verdict => string.Create(CultureInfo.InvariantCulture, $"{Word(verdict.Key)} in {verdict.Count()}")));

    private static ImmutableArray<string> Usual { get; } =
        ["", Definition.Usual.Name, (Definition.Usual with { Quantity = Quantity.Relative }).Name];

    /// <summary>One row for each setting and definition of a claim.</summary>
    public static ResultTable Of(Claim claim)
    {
        var defined = claim.Evidence.Any(evidence => evidence.Definition.Length > 0);
        return new ResultTable(
            "", claim.Quantity,
            defined
                ? ["setting", "definition", "median", "seeds", "95 % intervals", "verdict"]
                : ["setting", "median", "seeds", "95 % intervals", "verdict"],
            [
                .. from evidence in claim.Evidence
                   let many = evidence.Seeds.Length > 6
                   let numbers = ImmutableArray.Create(
                       Cell.Signed(evidence.Median),
                       many
                           ? $"{Cell.Signed(evidence.Lowest)} … {Cell.Signed(evidence.Highest)}"
                           : string.Join("; ", evidence.Seeds.Select(seed => Cell.Signed(seed.Value))),
                       evidence.Seeds.All(seed => seed.Low == seed.High || double.IsNaN(seed.Value)) ? Cell.None
                           : string.Join("; ",
                               evidence.Seeds.Select(seed => $"{Cell.Signed(seed.Low)} … {Cell.Signed(seed.High)}")),
                       Word(evidence.Verdict))
                   select ImmutableArray.Create(
                       [evidence.Setting, .. defined ? [evidence.Definition] : ImmutableArray<string>.Empty, .. numbers]),
            ]);
    }

    /// <summary>One row for each seed of each claim, with numbers as a machine reads them.</summary>
    public static ResultTable Evidence(IEnumerable<Chapter> chapters) => new(
        "claims-evidence", "",
        ["statement", "section", "setting", "definition", "sign", "index", "value", "low", "high", "verdict"],
        [
            .. from claim in chapters.SelectMany(chapter => chapter.Claims)
               from evidence in claim.Evidence
               from seed in evidence.Seeds.Index()
               select ImmutableArray.Create(
                   claim.Statement, claim.Section, evidence.Setting, evidence.Definition, Raw(evidence.Sign), Raw(seed.Index),
                   Raw(seed.Item.Value), Raw(seed.Item.Low), Raw(seed.Item.High), Word(evidence.Verdict)),
        ]);

    /// <summary>A verdict in lower case.</summary>
    public static string Word(Verdict verdict) => verdict.ToString().ToLowerInvariant();

    private static string Count(Claim claim, Verdict verdict) =>
        claim.Evidence.Count(evidence => evidence.Verdict == verdict).ToString(CultureInfo.InvariantCulture);

    private static string Raw(double value) => double.IsNaN(value) ? "" : value.ToString(CultureInfo.InvariantCulture);
}
