using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Emergence.Trainer.Experiments.Verdicts;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>The findings for machines: every table and every number of every claim.</summary>
internal static class SummaryJson
{
    private const int SchemaVersion = 2;

    /// <summary>The whole document. The working time stands apart, under <c>run</c>: all else is the same
    /// for the same runs.</summary>
    public static string Render(Reproduction reproduction)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream,
            new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("schema_version", SchemaVersion);
            json.WriteStartObject("run");
            json.WriteString("command", reproduction.Command);
            json.WriteString("machine", reproduction.Machine);
            Strings(json, "programs", reproduction.Programs);
            json.WriteNumber("seconds", Math.Round(reproduction.Seconds, 1));
            json.WriteNumber("jobs", reproduction.Jobs);
            json.WriteEndObject();
            Strings(json, "remarks", reproduction.Remarks);
            Write(json, reproduction.Primaries);
            json.WriteStartArray("chapters");
            foreach (var chapter in reproduction.Chapters)
                Write(json, chapter);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void Write(Utf8JsonWriter json, Primaries primaries)
    {
        json.WriteString("method", Primaries.Method);
        Strings(json, "rules", ClaimTables.RuleLines(primaries));
        Number(json, "family_wise_false_positives", primaries.FamilyWise);
        json.WriteStartArray("verdicts");
        foreach (var one in primaries.All)
        {
            json.WriteStartObject();
            json.WriteString("statement", one.Claim.Statement);
            json.WriteString("section", one.Claim.Section);
            json.WriteString("setting", one.Evidence.Setting);
            json.WriteString("definition", one.Evidence.Definition);
            json.WriteString("verdict", one.Word);
            Write(json, one.Evidence.Finding);
            Number(json, "p_holm", one.AdjustedP);
            json.WriteString("rule", Rules.Word(one.Evidence.Rule));
            Number(json, "false_positives", one.Errors?.FalsePositives ?? double.NaN);
            Number(json, "power", one.Power);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, Finding finding)
    {
        json.WriteNumber("runs", finding.Count);
        Number(json, "estimate", finding.Estimate.Value);
        Number(json, "low", finding.Estimate.Low);
        Number(json, "high", finding.Estimate.High);
    }

    private static void Write(Utf8JsonWriter json, Chapter chapter)
    {
        json.WriteStartObject();
        json.WriteString("title", chapter.Title);
        Strings(json, "text", chapter.Text);
        Strings(json, "figures", chapter.Figures.Select(figure => figure.Id));
        json.WriteStartArray("tables");
        foreach (var table in chapter.Tables)
        {
            json.WriteStartObject();
            json.WriteString("id", table.Id);
            json.WriteString("caption", table.Caption);
            Strings(json, "headers", table.Headers);
            json.WriteStartArray("rows");
            foreach (var row in table.Rows)
                Strings(json, null, row);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("claims");
        foreach (var claim in chapter.Claims)
            Write(json, claim);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Claim claim)
    {
        json.WriteStartObject();
        json.WriteString("statement", claim.Statement);
        json.WriteString("section", claim.Section);
        json.WriteBoolean("ours", claim.IsOurs);
        json.WriteString("quantity", claim.Quantity);
        json.WriteStartArray("evidence");
        foreach (var evidence in claim.Evidence)
        {
            json.WriteStartObject();
            json.WriteString("setting", evidence.Setting);
            json.WriteString("definition", evidence.Definition);
            json.WriteNumber("sign", evidence.Sign);
            json.WriteString("kind", evidence.Kind);
            json.WriteString("rule", Rules.Word(evidence.Rule));
            Write(json, evidence.Finding);
            json.WriteStartArray("numbers");
            foreach (var number in evidence.Numbers)
                Number(json, null, number);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Number(Utf8JsonWriter json, string? name, double value)
    {
        if (name is not null)
            json.WritePropertyName(name);
        if (double.IsFinite(value))
            json.WriteNumberValue(value);
        else if (double.IsNaN(value))
            json.WriteNullValue();
        else
            json.WriteStringValue(value > 0 ? "Infinity" : "-Infinity");
    }

    private static void Strings(Utf8JsonWriter json, string? name, IEnumerable<string> values)
    {
        if (name is null)
            json.WriteStartArray();
        else
            json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
