using System.Text.Json;
using Emergence.Analyzer.Journal;
using Emergence.Analyzer.Landscapes;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Losses;
using static Emergence.Analyzer.Reports.JsonFields;

namespace Emergence.Analyzer.Reports.Landscapes;

/// <summary><c>landscape.json</c>: everything, valid against schemas/landscape.schema.json.</summary>
internal static class LandscapeJson
{
    // Raised when a reader of the old form would misread the new one.
    public const int SchemaVersion = 1;

    public static void Write(LandscapeOutcome outcome, Stream stream)
    {
        using (var json = new Utf8JsonWriter(stream, JsonReport.Options))
            Write(json, outcome);
        stream.WriteByte((byte)'\n');
    }

    private static void Write(Utf8JsonWriter json, LandscapeOutcome outcome)
    {
        var request = outcome.Request;
        json.WriteStartObject();
        json.WriteNumber("schema_version", SchemaVersion);
        json.WriteString("tool_version", ToolBuild.Version);
        json.WriteString("runtime_version", SessionFactory.RuntimeVersion);
        json.WriteString("directions", LandscapeWords.Of(request.Directions));
        json.WriteString("normalize",
            request.Directions == DirectionKind.Random ? LandscapeWords.Of(request.Normalization) : null);
        json.WriteNumber("grid", request.Grid);
        json.WriteNumber("range", request.Range);
        json.WriteNumber("seed", request.Seed);
        json.WriteNumber("pairs", request.Pairs);
        json.WriteString("loss", LossWords.Of(request.Loss.Kind));
        json.WriteString("targets", request.Loss.Targets?.Subject);
        Array(json, "landscapes", outcome.Landscapes, landscape => Write(json, landscape));
        Array(json, "failures", outcome.Failures, failure =>
        {
            json.WriteString("file", failure.File);
            json.WriteString("message", failure.Message);
        });
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Landscape landscape)
    {
        json.WriteString("file", landscape.File);
        json.WriteString("other", landscape.Other);
        json.WriteString("sha256", landscape.Sha256);
        json.WriteNumber("parameters", landscape.Parameters);
        json.WriteString("output", landscape.Output);
        json.WriteString("output_form", LossWords.Of(landscape.Form));
        json.WriteString("device", $"{landscape.Device}");
        json.WriteStartObject("probe");
        json.WriteString("name", landscape.Probe.Name);
        json.WriteString("sha256", landscape.Probe.Sha256);
        json.WriteNumber("samples", landscape.Probe.Samples);
        json.WriteEndObject();
        Number(json, "loss", landscape.Center.Loss);
        Number(json, "accuracy", landscape.Center.Accuracy);
        Array(json, "numbers", landscape.Numbers, number =>
        {
            json.WriteString("name", number.Name);
            Number(json, "value", number.Value);
            Number(json, "low", number.Low);
            Number(json, "high", number.High);
            Reals(json, "at_steps", number.AtSteps);
            json.WriteString("reason", number.Reason);
        });
        Array(json, "path", landscape.Path, place =>
        {
            json.WriteString("file", place.File);
            Number(json, "x", place.X);
            Number(json, "y", place.Y);
            Number(json, "off_plane", place.OffPlane);
        });
        Reals(json, "explained_variance", landscape.ExplainedVariance);
        Reals(json, "x", landscape.Grid.X);
        Reals(json, "y", landscape.Grid.Y);
        Rows(json, "losses", landscape, value => value.Loss);
        Rows(json, "accuracies", landscape, value => value.Accuracy);
        Strings(json, "diagnostics", landscape.Diagnostics.Select(diagnostic => diagnostic.ToString()));
    }

    private static void Rows(Utf8JsonWriter json, string name, Landscape landscape, Func<LossValue, double?> number)
    {
        json.WriteStartArray(name);
        foreach (var row in landscape.Grid.Values.Chunk(landscape.Grid.X.Length))
        {
            json.WriteStartArray();
            foreach (var value in row)
                Real(json, number(value));
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    private static void Reals(Utf8JsonWriter json, string name, IEnumerable<double> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            Real(json, value);
        json.WriteEndArray();
    }

    private static void Real(Utf8JsonWriter json, double? value)
    {
        if (Spelling.Finite(value) is { } number)
            json.WriteNumberValue(number);
        else
            json.WriteNullValue();
    }
}
