using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Emergence.Analyzer.Landscapes;
using Emergence.Analyzer.Reports.Landscapes;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Pages;
using Emergence.Measuring.Losses;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Testing;
using Json.Schema;

namespace Emergence.Analyzer.Tests.Landscapes;

/// <summary>What the files of landscapes say: the schema, the page, and its sentences.</summary>
public sealed class LandscapeReportTests
{
    private static readonly JsonSchema Schema = JsonSchema.FromText(
        File.ReadAllText(Path.Combine(SharedFiles.Repository, "schemas", "landscape.schema.json")));

    [Fact]
    public void every_kind_of_landscape_is_valid_against_the_schema()
    {
        using var folder = new TemporaryFolder();
        var probe = LandscapeRun.Labeled(folder);
        string[] series = [.. Enumerable.Range(0, 3).Select(seed =>
            LandscapeRun.Save(folder, $"{seed}.onnx", LandscapeRun.Classifier(seed: seed)))];
        foreach (var request in (LandscapeRequest[])
        [
            LandscapeRun.Request(probe, series[0], series[1]),
            LandscapeRun.Request(probe, series[0], folder.Path("missing.onnx")) with { Pairs = 1 },
            LandscapeRun.Request(probe, [.. series]) with { Directions = DirectionKind.Trajectory },
            LandscapeRun.Request(probe, series[0], series[1]) with { Directions = DirectionKind.Between },
        ])
        {
            var outcome = new LandscapeAnalysis(request).Run(TestContext.Current.CancellationToken);
            Assert.NotEmpty(outcome.Landscapes);
            var text = Text("json", outcome);
            Assert.True(IsValid(text), text);
        }
        Assert.True(IsValid(Text("json", Made([]))));
    }

    [Theory]
    [InlineData("\"schema_version\": 1", "\"schema_version\": 2")]
    [InlineData("\"directions\": \"random\"", "\"directions\": \"Random\"")]
    [InlineData("\"name\": \"roughness\"", "\"name\": \"ruggedness\"")]
    [InlineData("\"pairs\": 5", "\"pairs\": 0")]
    [InlineData("\"other\": null", "\"other\": null, \"surplus\": 1")]
    public void the_schema_refuses_what_is_not_ours(string good, string bad)
    {
        var text = Text("json", Made([new LandscapeNumber("roughness", 0.5)]));
        Assert.Contains(good, text, StringComparison.Ordinal);
        Assert.False(IsValid(text.Replace(good, bad, StringComparison.Ordinal)));
    }

    [Fact]
    public void every_field_of_the_schema_is_required_described_and_no_other_is_allowed()
    {
        using var schema = JsonDocument.Parse(File.ReadAllText(
            Path.Combine(SharedFiles.Repository, "schemas", "landscape.schema.json")));
        foreach (var part in schema.RootElement.GetProperty("$defs").EnumerateObject().Select(entry => entry.Value)
            .Append(schema.RootElement))
        {
            Assert.Equal(part.GetProperty("properties").EnumerateObject().Select(property => property.Name),
                part.GetProperty("required").EnumerateArray().Select(name => name.GetString()));
            Assert.False(part.GetProperty("additionalProperties").GetBoolean());
            Assert.All(part.GetProperty("properties").EnumerateObject(), field => Assert.True(
                field.Value.TryGetProperty("description", out _) || field.Value.TryGetProperty("$ref", out _), field.Name));
        }
    }

    [Theory]
    [InlineData("minima", 1.0, null, null, "One point inside the grid is lower than all its neighbors")]
    [InlineData("minima", 0.0, null, null, "No point inside the grid is lower than all its neighbors")]
    [InlineData("minima", 7.0, null, null, "7 points inside the grid are lower than all their neighbors")]
    [InlineData("roughness", 0.0, 0.0, 0.0, "the loss has one valley")]
    [InlineData("roughness", 0.25, 0.1, 0.4, "by 25% of its height (95 % interval 10% to 40%).")]
    [InlineData("roughness", 0.25, -0.1, 0.6, "the interval reaches 0")]
    [InlineData("sharpness", 3.0, 1.0, 5.0, "raises the loss by 3 % of 1 + loss (95 % interval 1 to 5).")]
    [InlineData("sharpness", 3.0, -1.0, 7.0, "whether it rises is not known")]
    [InlineData("sharpness", -3.0, -4.0, -2.0, "lowers the loss by 3 %")]
    [InlineData("curvature_min", -2.0, -3.0, -1.0, "the loss bends downwards there.")]
    [InlineData("curvature_min", -2.0, -5.0, 1.0, "its sign is not known.")]
    [InlineData("curvature_max", 2.0, null, null, "the loss bends upwards there.")]
    [InlineData("hessian_trace", 2.0, 1.0, 3.0, "summed over all directions of the weights: 2 (95 % interval 1 to 3)")]
    [InlineData("barrier", 0.5, null, null, "rises up to 0.5 above the straight line")]
    [InlineData("barrier", 0.0, null, null, "no barrier was seen at this spacing")]
    [InlineData("accuracy_barrier", 0.125, null, null, "falls up to 12.5 points below")]
    [InlineData("top_eigenvalue", null, null, null, "Top eigenvalue: not known; the reason.")]
    [InlineData("hessian_trace", null, null, null, "Hessian trace: not known; the reason.")]
    public void a_sentence_is_no_stronger_than_its_number(string name, double? value, double? low, double? high, string part) =>
        Assert.Contains(part, LandscapeSentences.Of(
            new LandscapeNumber(name, value) { Low = low, High = high, Reason = "the reason" }), StringComparison.Ordinal);

    [Fact]
    public void a_sign_on_which_the_steps_do_not_agree_is_not_claimed() => Assert.Contains("its sign is not known",
        LandscapeSentences.Of(new LandscapeNumber("hessian_trace", 1) { Low = 0.5, High = 1.5, AtSteps = [-0.1, 1, 1.2] }),
        StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Cultures.Names), MemberType = typeof(Cultures))]
    public void the_page_is_the_same_in_every_culture_and_escapes_names(string culture)
    {
        var outcome = Made([new LandscapeNumber("minima", 1), new("roughness", 0.5) { Low = 0.25, High = 0.75 },
            new("sharpness", null) { Reason = PageOutcomes.Hostile }]);
        var expected = Text(null, outcome);
        Cultures.Run(culture, () => Assert.Equal(expected, Text(null, outcome)));
        // The two scripts and the data between them; nothing else.
        Assert.Equal(3, Regex.Count(expected, "<script"));
        Assert.DoesNotContain("<img src=x", expected, StringComparison.Ordinal);
        Assert.Contains("\"kind\":\"surface\"", expected, StringComparison.Ordinal);
        Assert.DoesNotContain("src=\"http", expected, StringComparison.Ordinal);
    }

    /// <summary>A made-up landscape whose names would break out of any place they are put in without care.</summary>
    internal static LandscapeOutcome Made(ImmutableArray<LandscapeNumber> numbers, bool hasPath = false, int count = 1)
    {
        ImmutableArray<double> axis = [.. SurfaceShape.Symmetric(11, 1)];
        var landscape = new Landscape
        {
            File = $"a{PageOutcomes.Hostile}.onnx",
            Sha256 = new string('0', 64),
            Parameters = 12,
            Output = PageOutcomes.Hostile,
            Form = OutputForm.Logits,
            Probe = new ProbeProvenance($"x{PageOutcomes.Hostile}", new string('1', 64), 40, null),
            Device = Device.Cpu,
            Center = new LossValue(0.25, 0.5),
            Grid = new LossGrid(axis, axis, [.. axis.SelectMany(y => axis.Select(x => new LossValue(
                x > 0.9 && y > 0.9 ? double.NaN : 0.25 + x * x + 3 * y * y + 0.1 * Math.Sin(9 * x), 0.5)))]),
            Numbers = numbers,
            Diagnostics = [Emergence.Checkpoints.Diagnostic.Warning("statistics", PageOutcomes.Hostile)],
        };
        if (hasPath)
        {
            landscape = landscape with
            {
                Path = [.. Enumerable.Range(0, 5).Select(i => new PathPoint($"{i}{PageOutcomes.Hostile}", 0.8 - 0.2 * i,
                    0.5 - 0.03 * i * i, 0.1 * i))],
                ExplainedVariance = [0.75, 0.125],
            };
        }
        var request = new LandscapeRequest([landscape.File], WholeAnalysis.OnCpu, new(), new LossSettings(LossKind.CrossEntropy));
        return new LandscapeOutcome(request, [.. Enumerable.Repeat(landscape, count)], []);
    }

    /// <summary>The same between two checkpoints, with a barrier and a loss that is not finite.</summary>
    internal static LandscapeOutcome Line()
    {
        var plane = Made([
            new("barrier", 0.75) { Reason = "no interval: the line is given, not drawn" },
            new("accuracy_barrier", null) { Reason = "there is no accuracy without classes" },
            new("minima", 2), new("roughness", 0.25),
        ]);
        ImmutableArray<double> axis = [.. SurfaceShape.Spread(11, 0, 1)];
        var landscape = plane.Landscapes[0] with
        {
            Other = $"b{PageOutcomes.Hostile}.onnx",
            Center = new LossValue(1, null),
            Grid = new LossGrid(axis, [0], [.. axis.Select(x =>
                new LossValue(x == 0.5 ? double.PositiveInfinity : 1 + 3 * x * (1 - x), null))]),
        };
        return plane with
        {
            Request = plane.Request with { Directions = DirectionKind.Between },
            Landscapes = [landscape],
        };
    }

    internal static void WritePage(LandscapeOutcome outcome, Stream stream) =>
        LandscapeWriters.All.Single(writer => writer.FileName == "landscape.html").Write(outcome, stream);

    private static string Text(string? format, LandscapeOutcome outcome)
    {
        using var stream = new MemoryStream();
        if (format is null)
            WritePage(outcome, stream);
        else
            LandscapeWriters.All.Single(writer => writer.Format == format).Write(outcome, stream);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static bool IsValid(string text)
    {
        using var json = JsonDocument.Parse(text);
        return Schema.Evaluate(json.RootElement).IsValid;
    }
}
