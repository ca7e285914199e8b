using System.Collections.Immutable;
using System.Text.Json;
using Emergence.Trainer.Experiments.Report;
using Emergence.Trainer.Experiments.Verdicts;

namespace Emergence.Trainer.Tests.Experiments;

/// <summary>From numbers of runs to verdicts, and how the reports tell them.</summary>
public sealed class PrimariesTests
{
    private const double Never = double.PositiveInfinity, None = double.NaN;

    private static readonly double[] Low = [-1, -1.2, -0.9, -1.1, -1.05, -0.95, -1, -1.15, -0.85, -1];

    public static TheoryData<string, int, int, double[], string> Runs { get; } = new()
    {
        { "Difference", -1, 1, Low, "holds" },
        { "Difference", 1, 1, Low, "contradicted" },
        { "Difference", 1, 1, [-1, 1, 2, -2, 0.5], "undecided" },
        { "Difference", 1, 1, [], "too few seeds" },
        { "Difference", 1, 1, [5, 5], "too few seeds" },
        { "Difference", 1, 1, [5, 6, None, None], "too few seeds" },
        { "Difference", 1, 1, [0, 0, 0, 0], "undecided" },
        { "Course", -1, 1, [-0.9, -0.8, -0.85], "too few seeds" },
        { "Course", -1, 1, [-0.9, -0.8, -0.85, -0.9, -0.95], "holds" },
        // What passes alone does not among many.
        { "Course", -1, 5_000, [-0.9, -0.8, -0.85, -0.9, -0.95], "undecided" },
        { "Epochs", -1, 1, [-5, -6, -5, -4, Never], "not within 20 epochs" },
        { "Epochs", -1, 1, [None, None, None, None], "not within 20 epochs" },
        { "Epochs", -1, 1, [-5, Never], "too few seeds" },
        { "Event", 1, 1, [Never, Never, Never], "not within 20 epochs" },
        { "Event", 1, 1, [Never, Never], "too few seeds" },
        { "Event", 1, 1, [Never, None, None], "too few seeds" },
        { "Event", 1, 1, [3, 4, 5, 6, 7], "holds" },
        { "Event", 1, 1, [3, 4, 5, 6, Never], "undecided" },
        { "Event", 1, 10, [3, 4, 5, 6, 7], "too few seeds" },
    };

    [Theory]
    [MemberData(nameof(Runs))]
    public void A_verdict_follows_from_one_number_of_each_run(string rule, int sign, int primaries, double[] numbers, string word)
    {
        var evidence = Of(Enum.Parse<Rule>(rule), sign, numbers);
        var others = Enumerable.Repeat(Of(Rule.Difference, 1, [-1, 1, 0.5, -0.5]), primaries - 1);
        Assert.Equal(word, Judge([evidence, .. others]).All[0].Word);
    }

    [Fact]
    public void Runs_of_different_networks_are_too_few_below_ten()
    {
        var nine = Evidence.OfRuns("", "", 1, Enumerable.Range(0, 9).Select(i => ((double)i, i * 2.0))) with { IsPrimary = true };
        var ten = Evidence.OfRuns("", "", 1, Enumerable.Range(0, 10).Select(i => ((double)i, i * 2.0))) with { IsPrimary = true };
        Assert.Equal(["too few seeds", "holds"], Judge([nine, ten]).All.Select(one => one.Word));
    }

    [Fact]
    public void Only_primary_evidence_has_a_verdict_and_counts_for_Holm()
    {
        var evidence = Of(Rule.Difference, -1, Low);
        var alone = Judge([evidence]);
        var beside = Judge([evidence, .. Enumerable.Repeat(evidence with { IsPrimary = false }, 100)]);
        Assert.Equal(alone.All.Single().AdjustedP, beside.All.Single().AdjustedP);
        Assert.True(double.IsNaN(Judge([evidence with { IsPrimary = false }]).FamilyWise));
    }

    [Fact]
    public void A_claim_that_has_been_decided_shows_how_often_its_rule_is_wrong()
    {
        var primary = Judge([Of(Rule.Difference, -1, Low), Of(Rule.Difference, -1, [1])]).All;
        var measured = RuleErrors.Of(Rule.Difference, 10);
        Assert.Equal((measured.FalsePositives, measured.Power(2)), (primary[0].Errors!.FalsePositives, primary[0].Power));
        Assert.Null(primary[1].Errors);
        Assert.True(double.IsNaN(primary[1].AdjustedP));
    }

    [Fact]
    public void All_reports_tell_the_same()
    {
        var reproduction = new Reproduction("emergence-train", "machine", [], 0, 1, [], [ChapterOf([
            Of(Rule.Difference, -1, Low), Of(Rule.Event, 1, [Never, Never, Never]), Of(Rule.Course, 1, [0.1]),
            Of(Rule.Difference, 1, Low) with { IsPrimary = false, Setting = "elsewhere" },
        ])]);
        var folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            reproduction.Save(folder);
            using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "summary.json")));
            var verdicts = json.RootElement.GetProperty("verdicts").EnumerateArray().ToArray();
            string[] words = [.. verdicts.Select(one => one.GetProperty("verdict").GetString()!)];
            Assert.Equal(["holds", "not within 20 epochs", "too few seeds"], words);

            var table = ClaimTables.Verdicts(reproduction.Primaries);
            var (page, text) = (File.ReadAllText(Path.Combine(folder, "report.html")),
                File.ReadAllText(Path.Combine(folder, "reproduction.md")));
            var csv = File.ReadAllLines(Path.Combine(folder, "tables", "verdicts.csv"));
            var estimates = File.ReadAllLines(Path.Combine(folder, "tables", "claims-estimates.csv"));
            foreach (var (row, i) in table.Rows.Select((row, i) => (row, i)))
            {
                Assert.Equal(words[i], row[4]);
                Assert.Contains($"| {string.Join(" | ", row)} |", text, StringComparison.Ordinal);
                Assert.All(row, cell => Assert.Contains(
                    cell.Replace("<", "&lt;", StringComparison.Ordinal), page, StringComparison.Ordinal));
                Assert.Equal(string.Join(',', row), csv[i + 1].Replace("\"", "", StringComparison.Ordinal));
                Assert.Contains($",{words[i]},", estimates[i + 1], StringComparison.Ordinal);
            }
            Assert.Contains(ClaimTables.FamilyWise(reproduction.Primaries), text, StringComparison.Ordinal);
            // No verdict for what is exploratory, in any of them.
            Assert.Contains("exploratory", estimates[4], StringComparison.Ordinal);
            Assert.EndsWith(",,,,", estimates[4], StringComparison.Ordinal);
            Assert.Single(text.Split('\n'), line => line.StartsWith("| elsewhere |", StringComparison.Ordinal));
            Assert.DoesNotContain("contradicted |", text, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Evidence Of(Rule rule, int sign, double[] numbers) =>
        Evidence.Of("here", "E", rule, sign, numbers) with
        {
            IsPrimary = true,
            Within = rule is Rule.Epochs or Rule.Event ? 20 : null,
        };

    private static Primaries Judge(ImmutableArray<Evidence> evidence) => Primaries.Of([ChapterOf(evidence)]);

    private static Chapter ChapterOf(ImmutableArray<Evidence> evidence) =>
        new("Chapter", [], [], [], [new Claim("It is so.", "4.1", "A number.", evidence)]);
}
