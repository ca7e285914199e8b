using System.Text.Encodings.Web;
using System.Text.Json;
using Emergence.Analyzer.Gates;
using Emergence.Analyzer.Metrics;
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
        Array(json, "measurements", checkpoint.Measurements, measurement => Write(json, measurement));
    }

    private static void Write(Utf8JsonWriter json, Measurement measurement)
    {
        json.WriteNumber("threshold", measurement.Threshold);
        json.WriteNumber("nodes", measurement.Nodes);
        json.WriteNumber("alive", measurement.Alive);
        Number(json, "alive_low", measurement.Intervals?.Alive.Low);
        Number(json, "alive_high", measurement.Intervals?.Alive.High);
        json.WriteNumber("borderline", measurement.Borderline);
        json.WriteNumber("nodes_nan", measurement.NodesNan);
        json.WriteNumber("nodes_inf", measurement.NodesInf);
        Number(json, "alive_by_bias", measurement.AliveByBias);
        Flat(json, "emergence", measurement.Emergence);
        json.WriteString("emergence_low", Rounded(measurement.Intervals?.Emergence.Low));
        json.WriteString("emergence_high", Rounded(measurement.Intervals?.Emergence.High));
        json.WriteString("zero_cause", Spelling.Of(measurement.ZeroCause));
        Flat(json, "emergence_active", measurement.EmergenceActive);
        json.WriteString("emergence_active_low", Rounded(measurement.Intervals?.EmergenceActive.Low));
        json.WriteString("emergence_active_high", Rounded(measurement.Intervals?.EmergenceActive.High));
        Flat(json, "emergence_wired", measurement.EmergenceWired);
        PerSample(json, measurement.PerSample);
        Contributions(json, measurement.Contributions);
        Array(json, "nulls", measurement.Nulls, result => NullJson.Write(json, result));
        SpectrumJson.Write(json, measurement.Rivals);
        Number(json, "relative_emergence", measurement.RelativeEmergence);
        Number(json, "relative_emergence_all", measurement.RelativeEmergenceAll);
        Number(json, "activation_change", measurement.ActivationChange);
        Number(json, "never_fired", measurement.NeverFired);
        json.WriteString("emergence_change", measurement.Step?.Change.ToString());
        json.WriteString("structure_change", measurement.Step?.Structure.ToString());
        LargestNode(json, measurement.Step?.Split);
        Number(json, "woke", measurement.Woke);
        Number(json, "died", measurement.Died);
        Array(json, "layers", measurement.Layers,
            layer => Write(json, layer, measurement.Step?.Split?.Layers[layer.Index].Contribution));
    }

    private static void Write(Utf8JsonWriter json, LayerResult layer, EmergenceChange? contribution)
    {
        json.WriteNumber("index", layer.Index);
        json.WriteString("name", layer.Name);
        json.WriteString("op", layer.Op);
        json.WriteString("activation", layer.Activation);
        json.WriteNumber("nodes", layer.Nodes);
        json.WriteNumber("alive", layer.Alive);
        Number(json, "alive_low", layer.AliveInterval?.Low);
        Number(json, "alive_high", layer.AliveInterval?.High);
        json.WriteNumber("multiplicity", layer.Multiplicity);
        json.WriteNumber("alive_multiplicity", layer.AliveMultiplicity);
        json.WriteNumber("borderline", layer.Borderline);
        json.WriteNumber("nodes_nan", layer.NodesNan);
        json.WriteNumber("nodes_inf", layer.NodesInf);
        Number(json, "alive_by_bias", layer.AliveByBias);
        Number(json, "emergence_share", layer.EmergenceShare);
        Number(json, "never_fired", layer.NeverFired);
        json.WriteString("slope", layer.Slope?.ToString());
        json.WriteString("contribution", contribution?.ToString());
        Number(json, "woke", layer.Woke);
        Number(json, "died", layer.Died);
        json.WriteNumber("parameters", layer.Parameters);
        json.WriteNumber("parameters_nonzero", layer.ParametersNonzero);
        Number(json, "activation_mean", layer.ActivationMean);
        Number(json, "activation_max", layer.ActivationMax);
        SpectrumJson.Write(json, layer);
        if (layer.Mask is { } mask)
            json.WriteBase64String("alive_mask", mask.ToBytes());
        else
            json.WriteNull("alive_mask");
    }

    private static void LargestNode(Utf8JsonWriter json, EmergenceSplit? split)
    {
        if (split?.Largest is not { } node)
        {
            json.WriteNull("largest_node");
            return;
        }
        json.WriteStartObject("largest_node");
        json.WriteNumber("layer", node.Layer);
        Number(json, "node", node.Node);
        json.WriteBoolean("became_alive", node.BecameAlive);
        json.WriteString("contribution", node.Contribution.ToString());
        json.WriteNumber("share", split.LargestShare);
        json.WriteEndObject();
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

    private static void PerSample(Utf8JsonWriter json, SampleEmergence? perSample)
    {
        if (perSample is null)
        {
            json.WriteNull("per_sample");
            return;
        }
        json.WriteStartObject("per_sample");
        json.WriteNumber("samples", perSample.Emergence.Samples);
        Distribution(json, "emergence", perSample.Emergence);
        Distribution(json, "emergence_active", perSample.EmergenceActive);
        json.WriteEndObject();
    }

    private static void Contributions(Utf8JsonWriter json, Contributions? contributions)
    {
        if (contributions is null)
        {
            json.WriteNull("contributions");
            return;
        }
        var pairs =
            from start in Enumerable.Range(0, contributions.Layers)
            from end in Enumerable.Range(0, contributions.Layers)
            let value = contributions[start, end]
            where !value.IsZero
            select (start, end, value);
        Array(json, "contributions", pairs, pair =>
        {
            json.WriteNumber("from", pair.start);
            json.WriteNumber("to", pair.end);
            json.WriteString("emergence", Rounded(pair.value));
            Number(json, "log10", pair.value.Log10);
        });
    }

    private static void Distribution(Utf8JsonWriter json, string name, SampleDistribution distribution)
    {
        json.WriteStartObject(name);
        Number(json, "mean", distribution.Mean.ToDouble());
        Number(json, "sd", distribution.StandardDeviation);
        json.WriteString("min", Rounded(distribution.Quantile(0)));
        json.WriteString("q05", Rounded(distribution.Quantile(5)));
        json.WriteString("q25", Rounded(distribution.Quantile(25)));
        json.WriteString("q50", Rounded(distribution.Quantile(50)));
        json.WriteString("q75", Rounded(distribution.Quantile(75)));
        json.WriteString("q95", Rounded(distribution.Quantile(95)));
        json.WriteString("max", Rounded(distribution.Quantile(100)));
        json.WriteEndObject();
    }
}
