using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Emergence.Checkpoints;
using static Emergence.Analyzer.Reports.JsonFields;

namespace Emergence.Analyzer.Reports;

/// <summary>
/// SARIF 2.1.0, as code scanning reads it: dead layers of the last checkpoint, what an analysis warns of, and gates, each on the
/// model file it is about. Rule ids stay; docs/formats.md lists them.
/// </summary>
internal static class SarifReport
{
    private sealed record Rule(string Id, string Name, string Level, string Text);

    private sealed record Finding(Rule Rule, string File, string? Layer, string Message);

    private static readonly Rule DeadLayer = new("EM001", "DeadLayer", "warning",
        "A layer that feeds another has no alive node, so that nothing passes it.");
    private static readonly Rule AnalysisGap = new("EM002", "AnalysisGap", "warning",
        "Something could not be traced or measured as one may think: a number may not mean what it seems to.");
    private static readonly Rule GateTripped = new("EM003", "GateTripped", "error", "A condition of --fail-on is met.");
    private static readonly Rule GateUnknown = new("EM004", "GateUnknown", "error", "A condition of --fail-on cannot be judged.");
    private static readonly Rule NotFinite = new("EM005", "NotFinite", "error", "Activations of a layer are NaN or infinite.");
    private static readonly Rule CheckpointFailed = new("EM006", "CheckpointFailed", "error",
        "A checkpoint could not be analyzed.");

    private static readonly Rule[] Rules = [DeadLayer, AnalysisGap, GateTripped, GateUnknown, NotFinite, CheckpointFailed];

    public static void Write(AnalysisOutcome outcome, Stream stream)
    {
        using (var json = new Utf8JsonWriter(stream, JsonReport.Options))
        {
            json.WriteStartObject();
            json.WriteString("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
            json.WriteString("version", "2.1.0");
            Array(json, "runs", [outcome], run => Run(json, run));
            json.WriteEndObject();
        }
        stream.WriteByte((byte)'\n');
    }

    private static void Run(Utf8JsonWriter json, AnalysisOutcome outcome)
    {
        json.WriteStartObject("tool");
        json.WriteStartObject("driver");
        json.WriteString("name", "emergence-analyze");
        json.WriteString("version", outcome.Series.ToolVersion);
        json.WriteString("semanticVersion", outcome.Series.ToolVersion);
        Array(json, "rules", Rules, rule =>
        {
            json.WriteString("id", rule.Id);
            json.WriteString("name", rule.Name);
            Message(json, "shortDescription", rule.Text);
            Message(json, "fullDescription", rule.Text);
            json.WriteStartObject("defaultConfiguration");
            json.WriteString("level", rule.Level);
            json.WriteEndObject();
        });
        json.WriteEndObject();
        json.WriteEndObject();
        Array(json, "invocations", [outcome.Failures.IsEmpty], isDone => json.WriteBoolean("executionSuccessful", isDone));
        json.WriteString("columnKind", "utf16CodeUnits");
        // Viewers match findings by fingerprint, so that each is there once.
        Array(json, "results", Findings(outcome).DistinctBy(Fingerprint), finding => Result(json, finding));
    }

    private static IEnumerable<Finding> Findings(AnalysisOutcome outcome)
    {
        var isOne = outcome.Series.Settings.Thresholds.Length == 1;
        if (outcome.Series.Checkpoints is [.., var last])
        {
            var sources = last.Edges.Select(edge => edge.From).ToHashSet();
            foreach (var measurement in last.Measurements)
            {
                var at = isOne ? "" : $" at θ = {NumberText.Exact(measurement.Threshold)}";
                foreach (var layer in measurement.Layers.Where(layer => layer.Alive == 0 && sources.Contains(layer.Index)))
                    yield return new(DeadLayer, last.File, layer.Name, FormattableString.Invariant(
                        $"layer {layer.Name} ({layer.Op}) has no alive node of {layer.Nodes}{at}"));
            }
            foreach (var layer in last.Measurements[0].Layers.Where(layer => layer.NodesNan + layer.NodesInf > 0))
                yield return new(NotFinite, last.File, layer.Name, FormattableString.Invariant(
                    $"layer {layer.Name} ({layer.Op}) has {layer.NodesNan} nodes with NaN and {layer.NodesInf} with infinite ")
                    + "activations");
        }
        // The same in each checkpoint of a series, so that the last that has it stands for all.
        foreach (var (file, diagnostic) in outcome.Series.Checkpoints.Reverse()
            .SelectMany(checkpoint => checkpoint.Diagnostics, (checkpoint, diagnostic) => (checkpoint.File, diagnostic))
            .Where(pair => pair.diagnostic.Severity == Severity.Warning).DistinctBy(pair => pair.diagnostic))
            yield return new(AnalysisGap, file, null, diagnostic.ToString());
        foreach (var gate in outcome.Gates)
        {
            var at = isOne ? "" : $", θ = {NumberText.Exact(gate.Threshold)}";
            foreach (var finding in gate.Findings.Where(finding => finding.IsTripped))
                yield return new(GateTripped, gate.File, finding.Layer,
                    $"{finding.Sentence} (--fail-on '{gate.Expression}'{at})");
            if (gate.Problem is { } problem)
                yield return new(GateUnknown, gate.File, null, $"{problem} (--fail-on '{gate.Expression}'{at})");
        }
        foreach (var failure in outcome.Failures)
            yield return new(CheckpointFailed, failure.File, null, failure.Message);
    }

    private static void Result(Utf8JsonWriter json, Finding finding)
    {
        json.WriteString("ruleId", finding.Rule.Id);
        json.WriteNumber("ruleIndex", System.Array.IndexOf(Rules, finding.Rule));
        json.WriteString("level", finding.Rule.Level);
        Message(json, "message", finding.Message);
        Array(json, "locations", [finding], location =>
        {
            json.WriteStartObject("physicalLocation");
            json.WriteStartObject("artifactLocation");
            json.WriteString("uri", UriOf(location.File));
            json.WriteEndObject();
            // Code scanning of GitHub shows no result without a line, though a model has none.
            json.WriteStartObject("region");
            json.WriteNumber("startLine", 1);
            json.WriteEndObject();
            json.WriteEndObject();
            if (location.Layer is { } layer)
            {
                Array(json, "logicalLocations", [layer], name =>
                {
                    json.WriteString("name", name);
                    json.WriteString("kind", "element");
                });
            }
        });
        json.WriteStartObject("partialFingerprints");
        json.WriteString("emergenceAnalyze/v1", Fingerprint(finding));
        json.WriteEndObject();
    }

    private static void Message(Utf8JsonWriter json, string name, string text)
    {
        json.WriteStartObject(name);
        json.WriteString("text", text);
        json.WriteEndObject();
    }

    private static string Fingerprint(Finding finding) => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes($"{finding.Rule.Id}\n{finding.File}\n{finding.Layer}\n{finding.Message}")))[..32];

    /// <summary>A relative reference for a relative path: the repository may be checked out anywhere.</summary>
    private static string UriOf(string file) => Path.IsPathRooted(file)
        ? new Uri(file).AbsoluteUri
        : string.Join('/', file.Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar)
            .Select(Uri.EscapeDataString));
}
