using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>The findings for machines: every table and every number of every claim.</summary>
internal static class SummaryJson
{
    private const int SchemaVersion = 1;

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
            json.WriteString("rule", Claim.Rule);
            json.WriteStartArray("chapters");
            foreach (var chapter in reproduction.Chapters)
                Write(json, chapter);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
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
            json.WriteStartArray("seeds");
            foreach (var seed in evidence.Seeds)
            {
                json.WriteStartObject();
                Number(json, "value", seed.Value);
                Number(json, "low", seed.Low);
                Number(json, "high", seed.High);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteString("verdict", ClaimTables.Word(evidence.Verdict));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumber(name, value);
        else if (double.IsNaN(value))
            json.WriteNull(name);
        else
            json.WriteString(name, value > 0 ? "Infinity" : "-Infinity");
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
