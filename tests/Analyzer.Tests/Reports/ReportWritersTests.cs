using System.Globalization;
using System.Text;
using System.Text.Json;
using Emergence.Analyzer.Reports;
using Emergence.Measuring.Settings;
using Emergence.Testing;
using Json.Schema;

namespace Emergence.Analyzer.Tests.Reports;

public class ReportWritersTests
{
    public static TheoryData<string, string> WritersAndCultures
    {
        get
        {
            var data = new TheoryData<string, string>();
            // The page, and what is told of single nodes, have tests of their own.
            foreach (var writer in ReportWriters.All.Where(writer => !writer.OfUnits && writer != ReportWriters.Page))
            {
                foreach (var culture in Cultures.Names)
                    data.Add(NameOf(writer), culture);
            }
            return data;
        }
    }

    [Theory, MemberData(nameof(WritersAndCultures))]
    public void Output_is_the_golden_one_in_every_culture(string name, string culture)
    {
        var writer = ReportWriters.All.Single(writer => NameOf(writer) == name);
        Cultures.Run(culture, () =>
        {
            Golden.Check($"plain.{name}", Bytes(writer, SampleOutcome.Plain));
            Golden.Check($"odd.{name}", Bytes(writer, SampleOutcome.Odd));
            Golden.Check($"sampled.{name}", Bytes(writer, SampleOutcome.Sampled));
            Golden.Check($"bootstrapped.{name}", Bytes(writer, SampleOutcome.Bootstrapped));
            Golden.Check($"moved.{name}", Bytes(writer, SampleOutcome.Moved));
            Golden.Check($"one.{name}", Bytes(writer, SampleOutcome.One));
            Golden.Check($"gated.{name}", Bytes(writer, SampleOutcome.Gated));
        });
    }

    [Fact]
    public void The_test_cultures_do_spell_numbers_differently() =>
        Cultures.Run("de-DE", () => Assert.Equal("−1,5", (-1.5).ToString(CultureInfo.CurrentCulture)));

    [Fact]
    public void Json_is_valid_against_the_schema()
    {
        var writer = ReportWriters.All.Single(writer => writer.Format == "json");
        foreach (var outcome in (AnalysisOutcome[])[SampleOutcome.Plain, SampleOutcome.Odd, SampleOutcome.Sampled,
            SampleOutcome.Bootstrapped, SampleOutcome.Moved, SampleOutcome.One, SampleOutcome.Gated])
            Assert.True(IsValid(Text(writer, outcome)));
    }

    [Theory]
    [InlineData("\"schema_version\": 2", "\"schema_version\": 1")]
    [InlineData("\"emergence\": \"33260\"", "\"emergence\": 33260")]
    [InlineData("\"emergence\": \"33260\"", "\"emergence\": \"33260/0\"")]
    [InlineData("\"statistic\": \"mean\"", "\"statistic\": \"Mean\"")]
    [InlineData("\"alive_mask\": \"", "\"alive_mask\": \"#")]
    [InlineData("\"file\":", "\"File\":")]
    [InlineData("\"epoch\": 10", "\"epoch\": 10, \"surplus\": 1")]
    [InlineData("\"epoch_source\": \"recorded\"", "\"epoch_source\": \"guessed\"")]
    [InlineData("\"gates\": []", "\"gates\": [{}]")]
    public void The_schema_refuses_what_is_not_ours(string good, string bad)
    {
        var json = Text(ReportWriters.All.Single(writer => writer.Format == "json"), SampleOutcome.Plain);
        Assert.Contains(good, json, StringComparison.Ordinal);
        Assert.False(IsValid(json.Replace(good, bad, StringComparison.Ordinal)));
    }

    // Once: a schema with one id cannot be registered twice.
    private static readonly JsonSchema Schema = JsonSchema.FromText(
        File.ReadAllText(Path.Combine(SharedFiles.Repository, "schemas", "results.schema.json")));

    private static bool IsValid(string text)
    {
        using var json = JsonDocument.Parse(text);
        return Schema.Evaluate(json.RootElement).IsValid;
    }

    [Fact]
    public void Alive_masks_are_packed_from_the_least_significant_bit()
    {
        var json = JsonDocument.Parse(Text(ReportWriters.All.Single(writer => writer.Format == "json"), SampleOutcome.Odd));
        var layer = json.RootElement.GetProperty("checkpoints")[0].GetProperty("measurements")[0].GetProperty("layers")[1];
        // Nodes 0 to 6 of 10 are alive.
        Assert.Equal([0b0111_1111, 0b0000_0000], layer.GetProperty("alive_mask").GetBytesFromBase64());
    }

    [Fact]
    public void A_table_is_at_most_120_columns_wide_and_no_line_ends_in_a_space()
    {
        var writer = ReportWriters.All.Single(writer => writer.Format == "table");
        var longest = SampleOutcome.Checkpoint(
            $"runs/{new string('x', 200)}_7.onnx", 7, 0.5,
            SampleOutcome.Chain(0.05f, new(999_999_999_999_999), new(999_999_999_999_999), 1, 1, 1));
        var lines = Text(writer, SampleOutcome.Of(new AnalysisSettings(), longest)).Split('\n');
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 120));
        Assert.All(lines, line => Assert.Equal(line.TrimEnd(), line));
        var row = Assert.Single(lines, line => line.Contains("_7.onnx", StringComparison.Ordinal));
        Assert.StartsWith("…", row, StringComparison.Ordinal);
    }

    [Fact]
    public void Formats_and_file_names_are_unique()
    {
        Assert.Distinct(ReportWriters.All.Select(writer => writer.Format).OfType<string>());
        Assert.Distinct(ReportWriters.All.Select(writer => writer.FileName).OfType<string>());
        Assert.All(ReportWriters.All, writer => Assert.True(writer.Format is not null || writer.FileName is not null));
    }

    private static string NameOf(ReportWriter writer) => writer.FileName ?? $"{writer.Format}.txt";

    private static byte[] Bytes(ReportWriter writer, AnalysisOutcome outcome)
    {
        using var stream = new MemoryStream();
        writer.Write(outcome, stream);
        return stream.ToArray();
    }

    private static string Text(ReportWriter writer, AnalysisOutcome outcome) => Encoding.UTF8.GetString(Bytes(writer, outcome));
}
