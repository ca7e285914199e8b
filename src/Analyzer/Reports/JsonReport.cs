using System.Text.Encodings.Web;
using System.Text.Json;
using Emergence.Analyzer.Gates;
using Emergence.Analyzer.Series;
using Emergence.Analyzer.Sharding;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using static Emergence.Analyzer.Reports.JsonFields;

namespace Emergence.Analyzer.Reports;

/// <summary>
/// <c>results.json</c>: everything, valid against schemas/results.schema.json. Exact integers are strings, as most
/// readers take a JSON number for a double.
/// </summary>
internal static class JsonReport
{
    // Raised when a reader of the old form would misread the new one.
    public const int SchemaVersion = 2;

    internal static readonly JsonWriterOptions Options = new()
    {
        Indented = true,
        NewLine = "\n",
        // Names keep their letters and base64 its plus signs: the file is never part of a web page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Write(AnalysisOutcome outcome, Stream stream)
    {
        using (var json = new Utf8JsonWriter(stream, Options))
            Write(json, outcome);
        stream.WriteByte((byte)'\n');
    }

    private static void Write(Utf8JsonWriter json, AnalysisOutcome outcome)
    {
        var series = outcome.Series;
        json.WriteStartObject();
        json.WriteNumber("schema_version", SchemaVersion);
        json.WriteStartObject("tool");
        json.WriteString("name", "emergence-analyze");
        json.WriteString("version", series.ToolVersion);
        json.WriteEndObject();
        json.WriteStartObject("runtime");
        json.WriteString("name", "onnxruntime");
        json.WriteString("version", series.RuntimeVersion);
        json.WriteString("device_reason", series.DeviceReason);
        json.WriteEndObject();
        Write(json, series.Settings);
        if (outcome.Part is { } part)
            Write(json, part);
        Array(json, "checkpoints", series.Checkpoints, checkpoint => Write(json, checkpoint));
        Array(json, "verdicts", outcome.Verdicts.Index(),
            verdict => Write(json, verdict.Item, series.Settings.Thresholds[verdict.Index]));
        Array(json, "failures", outcome.Failures, failure =>
        {
            json.WriteString("file", failure.File);
            json.WriteString("message", failure.Message);
        });
        Array(json, "gates", outcome.Gates, gate => Write(json, gate));
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ShardPart part)
    {
        json.WriteStartObject("shard");
        json.WriteNumber("index", part.Shard.Index);
        json.WriteNumber("count", part.Shard.Count);
        json.WriteNumber("first", part.Plan.First);
        json.WriteNumber("checkpoints", part.Plan.Checkpoints);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, GateResult gate)
    {
        json.WriteString("expression", gate.Expression);
        json.WriteString("file", gate.File);
        json.WriteNumber("threshold", gate.Threshold);
        json.WriteBoolean("tripped", gate.IsTripped);
        json.WriteString("problem", gate.Problem);
        Array(json, "findings", gate.Findings, finding =>
        {
            json.WriteString("layer", finding.Layer);
            json.WriteString("value", finding.Value);
            json.WriteBoolean("tripped", finding.IsTripped);
        });
    }

    private static void Write(Utf8JsonWriter json, AnalysisSettings settings)
    {
        json.WriteStartObject("settings");
        json.WriteStartArray("thresholds");
        foreach (var threshold in settings.Thresholds)
            json.WriteNumberValue(threshold);
        json.WriteEndArray();
        json.WriteString("statistic", Spelling.Of(settings.Statistic));
        json.WriteNumber("alive_share", settings.AliveShare);
        json.WriteString("conv_nodes", Spelling.Of(settings.ConvNodes));
        json.WriteBoolean("include_input", settings.IncludeInput);
        Strings(json, "only", settings.Only);
        Strings(json, "exclude", settings.Exclude);
        json.WriteBoolean("wired", settings.Wired);
        json.WriteBoolean("contributions", settings.Contributions);
        json.WriteBoolean("rivals", settings.Rivals);
        Bootstrap(json, settings.Bootstrap);
        Array(json, "nulls", settings.Nulls, model => NullJson.Write(json, model));
        json.WriteString("optimization", Spelling.Of(settings.Optimization));
        json.WriteNumber("threads", settings.Threads);
        json.WriteNumber("batch", settings.Batch);
        json.WriteString("device", settings.Device.ToString());
        json.WriteString("ep_library", settings.ProviderLibrary);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, CheckpointResult checkpoint)
    {
        json.WriteString("file", checkpoint.File);
        Number(json, "epoch", checkpoint.Epoch);
        json.WriteString("epoch_source", checkpoint.Epoch is null ? null : checkpoint.IsEpochOfName ? "file_name" : "recorded");
        json.WriteString("sha256", checkpoint.Sha256);
        Number(json, "bytes", checkpoint.Bytes);
        json.WriteString("device", checkpoint.Device.ToString());
        Array(json, "providers", checkpoint.Providers, provider =>
        {
            json.WriteString("name", provider.Name);
            json.WriteNumber("nodes", provider.Nodes);
        });
        json.WriteStartObject("probe");
        json.WriteString("name", checkpoint.Probe.Name);
        json.WriteString("sha256", checkpoint.Probe.Sha256);
        json.WriteNumber("samples", checkpoint.Probe.Samples);
        Number(json, "seed", checkpoint.Probe.Seed);
        json.WriteEndObject();
        json.WriteNumber("parameters", checkpoint.Parameters);
        json.WriteNumber("parameters_nonzero", checkpoint.ParametersNonzero);
        Number(json, "accuracy", checkpoint.Accuracy);
        Number(json, "train_accuracy", checkpoint.TrainAccuracy);
        Number(json, "test_accuracy", checkpoint.TestAccuracy);
        Number(json, "weight_change", checkpoint.WeightChange);
        Array(json, "edges", checkpoint.Edges, edge =>
        {
            json.WriteNumber("from", edge.From);
            json.WriteNumber("to", edge.To);
            json.WriteString("kind", Spelling.Of(edge.Kind));
        });
        Array(json, "diagnostics", checkpoint.Diagnostics, diagnostic =>
        {
            json.WriteString("severity", Spelling.Of(diagnostic.Severity));
            json.WriteString("subject", diagnostic.Subject);
            json.WriteString("message", diagnostic.Message);
        });
        Array(json, "measurements", checkpoint.Measurements, measurement => MeasurementJson.Write(json, measurement));
    }

    private static void Write(Utf8JsonWriter json, SeriesVerdict verdict, float threshold)
    {
        json.WriteNumber("threshold", threshold);
        json.WriteString("verdict", Spelling.Of(verdict.Kind));
        json.WriteNumber("first", verdict.First);
        Number(json, "since", verdict.Since);
        Number(json, "stop", verdict.StopAt);
        Strings(json, "evidence", verdict.Evidence);
    }

    private static void Bootstrap(Utf8JsonWriter json, BootstrapSettings? bootstrap)
    {
        if (bootstrap is null)
        {
            json.WriteNull("bootstrap");
            return;
        }
        json.WriteStartObject("bootstrap");
        json.WriteNumber("resamples", bootstrap.Resamples);
        json.WriteNumber("blocks", BootstrapSettings.Blocks);
        json.WriteNumber("seed", bootstrap.Seed);
        json.WriteEndObject();
    }
}
