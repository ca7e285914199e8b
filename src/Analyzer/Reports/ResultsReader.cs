using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;

namespace Emergence.Analyzer.Reports;

/// <summary>
/// Reads <c>results.json</c> back: what a comparison needs of it, fields that older versions did not write left unknown.
/// </summary>
internal static class ResultsReader
{
    /// <summary>The series that a file holds.</summary>
    /// <exception cref="UserException">It cannot be read, is no such file, or is of another schema.</exception>
    public static SeriesResult Read(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = json.RootElement;
            if (root.GetProperty("schema_version").GetInt32() is var version and (< 1 or > JsonReport.SchemaVersion))
                throw new UserException(FormattableString.Invariant(
                    $"{path}: has schema version {version}, 1 to {JsonReport.SchemaVersion} are read; write it again"));
            if (root.TryGetProperty("shard", out var shard))
                throw new UserException(
                    $"{path}: is shard {shard.GetProperty("index")}/{shard.GetProperty("count")} of a series, not the whole; "
                    + "join all of them with emergence-analyze merge");
            var settings = Settings(root.GetProperty("settings"));
            return new SeriesResult(
                settings, root.GetProperty("tool").GetProperty("version").GetString()!,
                    root.GetProperty("runtime").GetProperty("version").GetString()!,
                [.. root.GetProperty("checkpoints").EnumerateArray().Select(json =>
                    Checkpoint(json, settings.Thresholds.Length))]);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException
            or ArgumentException or OverflowException)
        {
            var reason = e is KeyNotFoundException ? "a field is missing" : e.Message;
            throw new UserException(
                $"{path}: is no results.json of emergence-analyze ({reason}); name a file that --out wrote", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: cannot be read ({e.Message}); check the file and its permissions", e);
        }
    }

    private static AnalysisSettings Settings(JsonElement json) => new()
    {
        Thresholds = [.. json.GetProperty("thresholds").EnumerateArray().Select(value => value.GetSingle())],
        Statistic = Enum.GetValues<Statistic>().Single(value => Spelling.Of(value) == json.GetProperty("statistic").GetString()),
        AliveShare = json.GetProperty("alive_share").GetDouble(),
        ConvNodes = Enum.GetValues<ConvNodes>().Single(value => Spelling.Of(value) == json.GetProperty("conv_nodes").GetString()),
        IncludeInput = json.GetProperty("include_input").GetBoolean(),
        Only = [.. json.GetProperty("only").EnumerateArray().Select(value => value.GetString()!)],
        Exclude = [.. json.GetProperty("exclude").EnumerateArray().Select(value => value.GetString()!)],
    };

    private static CheckpointResult Checkpoint(JsonElement json, int thresholds)
    {
        var probe = json.GetProperty("probe");
        var result = new CheckpointResult
        {
            File = json.GetProperty("file").GetString()!,
            Epoch = (int?)Whole(json, "epoch"),
            Sha256 = json.GetProperty("sha256").GetString()!,
            Bytes = Whole(json, "bytes"),
            Measurements = [.. json.GetProperty("measurements").EnumerateArray().Select(Measurement)],
            Edges = [.. json.GetProperty("edges").EnumerateArray().Select(Edge)],
            Parameters = json.GetProperty("parameters").GetInt64(),
            ParametersNonzero = json.GetProperty("parameters_nonzero").GetInt64(),
            Accuracy = Real(json, "accuracy"),
            TrainAccuracy = Real(json, "train_accuracy"),
            TestAccuracy = Real(json, "test_accuracy"),
            Probe = new ProbeProvenance(
                probe.GetProperty("name").GetString()!, probe.GetProperty("sha256").GetString()!,
                probe.GetProperty("samples").GetInt32(), (int?)Whole(probe, "seed")),
            Device = Device.Parse(json.GetProperty("device").GetString()!),
            Diagnostics = [],
        };
        var layers = result.Measurements.FirstOrDefault()?.Layers.Length ?? 0;
        return result.Measurements.Length == thresholds && layers > 0
            && result.Measurements.All(measurement =>
                measurement.Layers.Select(layer => layer.Index).SequenceEqual(Enumerable.Range(0, layers)))
            && result.Edges.All(edge => edge.From >= 0 && edge.From < edge.To && edge.To < layers)
            ? result
            : throw new FormatException($"{result.File}: its thresholds, layers and edges do not fit together");
    }

    private static LayerEdge Edge(JsonElement json) => new(
        json.GetProperty("from").GetInt32(), json.GetProperty("to").GetInt32(),
        Enum.GetValues<EdgeKind>().Single(kind => Spelling.Of(kind) == json.GetProperty("kind").GetString()));

    private static Measurement Measurement(JsonElement json) => new()
    {
        Threshold = json.GetProperty("threshold").GetSingle(),
        Layers = [.. json.GetProperty("layers").EnumerateArray().Select(Layer)],
        Emergence = Exact(json.GetProperty("emergence")),
        EmergenceActive = Exact(json.GetProperty("emergence_active")),
        EmergenceWired = json.GetProperty("emergence_wired") is { ValueKind: not JsonValueKind.Null } wired ? Exact(wired) : null,
        ZeroCause = json.GetProperty("zero_cause").GetString() is { } cause
            ? Enum.GetValues<ZeroCause>().Single(value => Spelling.Of(value) == cause)
            : ZeroCause.None,
        RelativeEmergence = Real(json, "relative_emergence"),
        RelativeEmergenceAll = Real(json, "relative_emergence_all"),
    };

    private static LayerResult Layer(JsonElement json)
    {
        var (nodes, multiplicity) = (json.GetProperty("nodes").GetInt32(), json.GetProperty("multiplicity").GetInt32());
        if (nodes < 1 || multiplicity < 1 || nodes % multiplicity != 0)
            throw new FormatException($"a layer has {nodes} nodes of multiplicity {multiplicity}");
        return new LayerResult
        {
            Index = json.GetProperty("index").GetInt32(),
            Name = json.GetProperty("name").GetString()!,
            Op = json.GetProperty("op").GetString()!,
            Activation = json.GetProperty("activation").GetString()!,
            Nodes = nodes,
            Alive = json.GetProperty("alive").GetInt32(),
            Multiplicity = multiplicity,
            AliveMultiplicity = json.GetProperty("alive_multiplicity").GetInt32(),
            Borderline = json.GetProperty("borderline").GetInt32(),
            NodesNan = json.GetProperty("nodes_nan").GetInt32(),
            NodesInf = json.GetProperty("nodes_inf").GetInt32(),
            AliveByBias = (int?)Whole(json, "alive_by_bias"),
            EmergenceShare = Real(json, "emergence_share"),
            NeverFired = (int?)Whole(json, "never_fired"),
            Parameters = json.GetProperty("parameters").GetInt64(),
            ParametersNonzero = json.GetProperty("parameters_nonzero").GetInt64(),
            ActivationMean = Real(json, "activation_mean"),
            ActivationMax = Real(json, "activation_max"),
            Mask = json.GetProperty("alive_mask") is { ValueKind: JsonValueKind.String } mask
                ? Unpacked(mask.GetBytesFromBase64(), nodes) : null,
        };
    }

    private static NodeMask Unpacked(byte[] packed, int nodes) =>
        packed.Length == (nodes + 7) / 8 ? NodeMask.FromBytes(nodes, packed)
            : throw new FormatException($"alive_mask has {packed.Length} bytes");

    /// <summary>p or p/q; in version 1 an object.</summary>
    private static EmergenceValue Exact(JsonElement json)
    {
        string[] parts = json.ValueKind == JsonValueKind.Object
            ? [json.GetProperty("numerator").GetString()!, json.GetProperty("denominator").GetString()!]
            : json.GetString()!.Split('/');
        return parts.Length <= 2
            ? new(Digits(parts[0]), parts.Length == 2 ? Digits(parts[1]) : BigInteger.One)
            : throw new FormatException($"'{json}' is no exact number");
    }

    private static BigInteger Digits(string text) => BigInteger.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private static long? Whole(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : null;

    private static double? Real(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}
