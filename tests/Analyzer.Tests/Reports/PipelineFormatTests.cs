using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Emergence.Analyzer.Reports;

namespace Emergence.Analyzer.Tests.Reports;

/// <summary>
/// Holds JUnit, SARIF and Prometheus to what their publishers say beyond what a schema can, rule by rule;
/// <see cref="PublishedSchemaTests"/> has the schemas.
/// </summary>
public partial class PipelineFormatTests
{
    public static TheoryData<int> Outcomes => [0, 1, 2, 3, 4];

    private static AnalysisOutcome Outcome(int i) => ((AnalysisOutcome[])[
        SampleOutcome.Plain, SampleOutcome.Odd, SampleOutcome.Gated, SampleOutcome.Moved, SampleOutcome.One])[i];

    // JUnit as Jenkins' junit-10.xsd and the readers of GitHub and GitLab take it.
    [Theory, MemberData(nameof(Outcomes))]
    public void Junit_counts_what_it_holds(int outcome)
    {
        var root = XDocument.Parse(Text("junit", Outcome(outcome))).Root!;
        Assert.Equal("testsuites", root.Name);
        Assert.All(root.Elements(), suite => Assert.Equal("testsuite", suite.Name));
        foreach (var suite in root.Elements().Prepend(root))
        {
            var cases = suite.Descendants("testcase").ToArray();
            Assert.Equal(cases.Length, Count(suite, "tests"));
            Assert.Equal(cases.Count(item => item.Element("failure") is not null), Count(suite, "failures"));
            Assert.Equal(cases.Count(item => item.Element("error") is not null), Count(suite, "errors"));
            Assert.NotEqual("", suite.Attribute("name")!.Value);
        }
        Assert.All(root.Descendants("testcase"), item =>
        {
            Assert.Equal(["classname", "name"], item.Attributes().Select(attribute => attribute.Name.LocalName));
            Assert.InRange(item.Elements().Count(), 0, 1);
            Assert.All(item.Elements(), finding => Assert.Equal(["type", "message"],
                finding.Attributes().Select(attribute => attribute.Name.LocalName)));
        });
        var (failures, checkpoints, gates) =
            (Outcome(outcome).Failures.Length, Outcome(outcome).Series.Checkpoints.Length, Outcome(outcome).Gates.Length);
        Assert.Equal(failures + checkpoints + gates, Count(root, "tests"));

        static int Count(XElement element, string name) =>
            int.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);
    }

    // SARIF 2.1.0 (OASIS), the sections named.
    [Theory, MemberData(nameof(Outcomes))]
    public void Sarif_is_whole(int outcome)
    {
        using var json = JsonDocument.Parse(Text("sarif", Outcome(outcome)));
        // 3.13: a log has a version and runs.
        Assert.Equal("2.1.0", json.RootElement.GetProperty("version").GetString());
        var run = Assert.Single(json.RootElement.GetProperty("runs").EnumerateArray());
        // 3.19: a component has a name; rules have ids of their own.
        var driver = run.GetProperty("tool").GetProperty("driver");
        Assert.Equal("emergence-analyze", driver.GetProperty("name").GetString());
        Assert.Matches(@"^\d+\.\d+\.\d+$", driver.GetProperty("semanticVersion").GetString());
        var rules = driver.GetProperty("rules").EnumerateArray().Select(rule => rule.GetProperty("id").GetString()!).ToArray();
        Assert.Equal(["EM001", "EM002", "EM003", "EM004", "EM005", "EM006"], rules);
        // 3.20: an invocation says whether it was successful.
        Assert.Equal(Outcome(outcome).Failures.IsEmpty,
            run.GetProperty("invocations")[0].GetProperty("executionSuccessful").GetBoolean());
        var prints = new List<string>();
        foreach (var result in run.GetProperty("results").EnumerateArray())
        {
            // 3.27: a message, a level, a rule by id and index.
            Assert.Equal(result.GetProperty("ruleId").GetString(), rules[result.GetProperty("ruleIndex").GetInt32()]);
            Assert.Contains(result.GetProperty("level").GetString(), (string[])["none", "note", "warning", "error"]);
            Assert.NotEqual("", result.GetProperty("message").GetProperty("text").GetString());
            // 3.4 and 3.30: a URI reference, and lines from 1.
            var place = Assert.Single(result.GetProperty("locations").EnumerateArray()).GetProperty("physicalLocation");
            var uri = place.GetProperty("artifactLocation").GetProperty("uri").GetString()!;
            Assert.Matches(@"^[A-Za-z0-9\-._~%/:]+$", uri);
            Assert.True(Uri.TryCreate(uri, UriKind.Relative, out _));
            Assert.True(place.GetProperty("region").GetProperty("startLine").GetInt32() >= 1);
            prints.Add(result.GetProperty("partialFingerprints").GetProperty("emergenceAnalyze/v1").GetString()!);
        }
        Assert.Distinct(prints);
    }

    [Fact]
    public void Sarif_names_dead_layers_gaps_gates_and_failures()
    {
        using var json = JsonDocument.Parse(Text("sarif", SampleOutcome.Gated));
        var results = json.RootElement.GetProperty("runs")[0].GetProperty("results").EnumerateArray();
        // fc2 is dead and feeds fc3, which is dead too but feeds none; three gates trip, one of them on two layers.
        Assert.Equal(["EM001", "EM002", "EM003", "EM003", "EM003", "EM003", "EM004", "EM004", "EM006"],
            results.Select(result => result.GetProperty("ruleId").GetString()));
    }

    // https://prometheus.io/docs/instrumenting/exposition_formats
    [Theory, MemberData(nameof(Outcomes))]
    public void Prometheus_reads_every_line(int outcome)
    {
        var text = Text("prometheus", Outcome(outcome));
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var (lines, typed, seen) = (text.TrimEnd('\n').Split('\n'), new HashSet<string>(), new HashSet<string>());
        foreach (var line in lines)
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
                Assert.True(typed.Add(line.Split(' ')[2]), line);
            if (line.StartsWith('#'))
                continue;
            var match = SampleLine().Match(line);
            Assert.True(match.Success, line);
            Assert.Contains(match.Groups["name"].Value, typed);
            // A series of labels has one value.
            Assert.True(seen.Add(match.Groups["series"].Value), line);
        }
    }

    [GeneratedRegex(
        """^(?<series>(?<name>[a-z0-9_]+)(\{[a-z0-9_]+="([^"\\]|\\["\\n])*"(,[a-z0-9_]+="([^"\\]|\\["\\n])*")*\})?) """
        + @"(NaN|[+-]Inf|-?[0-9.]+(E[+-]?[0-9]+)?)$")]
    private static partial Regex SampleLine();

    private static string Text(string format, AnalysisOutcome outcome)
    {
        using var stream = new MemoryStream();
        ReportWriters.All.Single(writer => writer.Format == format).Write(outcome, stream);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }
}
