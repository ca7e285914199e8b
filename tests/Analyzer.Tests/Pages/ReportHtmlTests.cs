using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Reports.Html;
using Emergence.Analyzer.Series;
using Emergence.Analyzer.Tests.Reports;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Pages;

/// <summary>report.html as text.</summary>
public partial class ReportHtmlTests
{
    [GeneratedRegex("(?<=<(script|style)>).*?(?=</(script|style)>)", RegexOptions.Singleline)]
    private static partial Regex ScriptOrStyle();

    /// <summary>Without the scripts and the style that all pages have.</summary>
    [Theory, MemberData(nameof(Cultures.Names), MemberType = typeof(Cultures))]
    public void The_page_is_the_golden_one_in_every_culture(string culture) => Cultures.Run(culture, () =>
    {
        Golden.Check("plain.report.html", Shown(SampleOutcome.Plain));
        Golden.Check("odd.report.html", Shown(SampleOutcome.Odd));
    });

    [Fact]
    public void A_hundred_checkpoints_of_fifty_layers_are_less_than_2_MB()
    {
        var page = Bytes(PageOutcomes.Residual(50, 100));
        Assert.InRange(page.Length, 1_000_000, 2_000_000);
    }

    [Fact]
    public void The_policy_allows_no_network_and_names_the_scripts_by_their_hash()
    {
        var html = Encoding.UTF8.GetString(Bytes(SampleOutcome.Plain));
        var policy = Regex.Match(html, "Content-Security-Policy\" content=\"([^\"]*)\"").Groups[1].Value;
        var hashes = ScriptOrStyle().Matches(html).Where(match => match.Groups[1].Value == "script")
            .Select(match => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(match.Value)))}'").ToArray(
                );
        Assert.Equal(2, hashes.Length);
        Assert.Equal(
            $"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {string.Join(' ', hashes)}; base-uri "
            + "'none'; form-action 'none'",
            policy);
        Assert.All(
            Regex.Matches(ScriptOrStyle().Replace(html, ""), "(?:href|src)=\"([^\"]*)\"").Select(match => match.Groups[1].Value),
            target => Assert.Matches("^(#|data:,)", target));
    }

    [Fact]
    public void Names_from_files_are_never_markup()
    {
        var outcome = PageOutcomes.Residual(3, 2, i => $"{i}{PageOutcomes.Hostile}");
        var shown = Encoding.UTF8.GetString(Shown(outcome).Span);
        Assert.DoesNotContain("<img", shown, StringComparison.Ordinal);
        Assert.DoesNotContain('\u2028', shown);
        Assert.Equal(3, Regex.Count(shown, "</script>"));
    }

    [Theory]
    [InlineData(new int[0], "")]
    [InlineData(new[] { 5 }, "5")]
    [InlineData(new[] { 0, 1, 2, 7, 9, 10 }, "0–2, 7, 9–10")]
    [InlineData(new[] { 0, 2, 4, 6, 7 }, "0, 2, 4 and 2 more")]
    public void Indices_are_named_in_ranges(int[] indices, string expected) => Assert.Equal(expected, IndexRanges.Of(indices, 3));

    /// <summary>A node is in the bin that says whether it is alive, whatever the threshold.</summary>
    [Theory]
    [InlineData(0.05f)]
    [InlineData(0f)]
    [InlineData(-0.3f)]
    [InlineData(12f)]
    public void Bins_end_at_the_threshold(float threshold)
    {
        var bins = ActivationBins.Around(threshold);
        var line = bins.Ends.IndexOf(threshold);
        Assert.True(line > 0);
        float[] values = [float.MinValue, -1, -0.3f, -0.05f, -float.Epsilon, 0, float.Epsilon, 0.01f, 0.05f,
            MathF.BitIncrement(0.05f), 1, 12, 13, float.MaxValue];
        Assert.All(values.Append(threshold).Append(MathF.BitIncrement(threshold)),
            value => Assert.Equal(value > threshold, bins.Of(value) >= line));
        Assert.Equal("exactly 0", bins.Text(bins.Of(0)));
    }

    private static byte[] Bytes(AnalysisOutcome outcome)
    {
        using var stream = new MemoryStream();
        ReportWriters.Page.Write(outcome, stream);
        return stream.ToArray();
    }

    private static ReadOnlyMemory<byte> Shown(AnalysisOutcome outcome) =>
        Encoding.UTF8.GetBytes(Regex.Replace(ScriptOrStyle().Replace(Encoding.UTF8.GetString(Bytes(outcome)), ""),
            "sha256-[^']*", "sha256-…"));
}
