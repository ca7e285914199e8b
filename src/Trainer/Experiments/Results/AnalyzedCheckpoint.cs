using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Emergence.Checkpoints;

namespace Emergence.Trainer.Experiments.Results;

/// <summary>A checkpoint in the <c>results.json</c> of <c>emergence-analyze</c>, as far as the experiments need it.</summary>
/// <param name="Epoch">Epochs trained.</param>
/// <param name="Parameters">Of the traced layers.</param>
/// <param name="NonZeroParameters">Those that are not zero.</param>
/// <param name="WeightChange">‖W − W′‖ / ‖W′‖ against the checkpoint before; null for the first.</param>
/// <param name="Measurements">One for each threshold.</param>
/// <param name="Warnings">What the analyzer warned of: <c>subject: message</c>.</param>
internal sealed record AnalyzedCheckpoint(
    int Epoch, long Parameters, long NonZeroParameters, double? WeightChange, ImmutableArray<Measurement> Measurements,
    ImmutableArray<string> Warnings)
{
    /// <summary>The measurement at a threshold that was asked for.</summary>
    public Measurement At(double threshold) =>
        Measurements.First(measurement => measurement.Threshold == (double)(float)threshold);

    /// <summary>Reads the checkpoints in series order.</summary>
    /// <exception cref="UserException">The file is none that <c>emergence-analyze</c> writes.</exception>
    public static ImmutableArray<AnalyzedCheckpoint> ReadAll(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return [.. document.RootElement.GetProperty("checkpoints").EnumerateArray().Select(Read)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException
            or InvalidOperationException or FormatException)
        {
            throw new UserException(
                $"{path}: cannot be read as results of emergence-analyze ({e.Message}); remove its folder and run again", e);
        }
    }

    private static AnalyzedCheckpoint Read(JsonElement json) => new(
        json.GetProperty("epoch").GetInt32(),
        json.GetProperty("parameters").GetInt64(),
        json.GetProperty("parameters_nonzero").GetInt64(),
        Number(json, "weight_change"),
        [.. json.GetProperty("measurements").EnumerateArray().Select(Measurement.Read)],
        [.. json.GetProperty("diagnostics").EnumerateArray()
            .Where(diagnostic => diagnostic.GetProperty("severity").GetString() == "warning")
            .Select(diagnostic => $"{diagnostic.GetProperty("subject")}: {diagnostic.GetProperty("message")}")]);

    /// <summary>A number, or null where it is null.</summary>
    internal static double? Number(JsonElement json, string name) =>
        json.GetProperty(name) is { ValueKind: JsonValueKind.Number } value ? value.GetDouble() : null;
}

/// <summary>What was counted and computed at one threshold.</summary>
/// <param name="Threshold">θ, rounded to float32.</param>
/// <param name="Nodes">n over all layers.</param>
/// <param name="Alive">a over all layers.</param>
/// <param name="ZeroCause">Why E is zero; null where it is not.</param>
/// <param name="Emergence">E.</param>
/// <param name="Active">E_H.</param>
/// <param name="Wired">E_w; null where it was not asked for.</param>
/// <param name="Relative">E over the non-zero parameters.</param>
/// <param name="RelativeAll">E over all parameters.</param>
/// <param name="ActivationChange">‖s − s′‖ / ‖s′‖ of the nodes' statistic against the checkpoint before;
/// null for the first.</param>
/// <param name="Woke">Nodes alive here and dead before; null for the first.</param>
/// <param name="Died">The reverse.</param>
/// <param name="Layers">In topological order.</param>
internal sealed record Measurement(
    double Threshold, long Nodes, long Alive, string? ZeroCause, double Emergence, double Active, double? Wired, double Relative,
    double RelativeAll,
    double? ActivationChange, double? Woke, double? Died, ImmutableArray<MeasuredLayer> Layers)
{
    internal static Measurement Read(JsonElement json) => new(
        (float)json.GetProperty("threshold").GetDouble(),
        json.GetProperty("nodes").GetInt64(),
        json.GetProperty("alive").GetInt64(),
        json.GetProperty("zero_cause").GetString(),
        Exact(json.GetProperty("emergence")),
        Exact(json.GetProperty("emergence_active")),
        json.GetProperty("emergence_wired") is { ValueKind: not JsonValueKind.Null } wired ? Exact(wired) : null,
        json.GetProperty("relative_emergence").GetDouble(),
        json.GetProperty("relative_emergence_all").GetDouble(),
        AnalyzedCheckpoint.Number(json, "activation_change"),
        AnalyzedCheckpoint.Number(json, "woke"),
        AnalyzedCheckpoint.Number(json, "died"),
        [.. json.GetProperty("layers").EnumerateArray().Select(MeasuredLayer.Read)]);

    // Figures and rank correlations need no more than a double; E of these networks is far below its range.
    // A run that was finished by an older version holds an object in place of p or p/q.
    private static double Exact(JsonElement json)
    {
        var parts = json.ValueKind == JsonValueKind.Object
            ? [json.GetProperty("rounded").GetString()!]
            : json.GetString()!.Split('/');
        return (double)Digits(parts[0]) / (parts.Length == 1 ? 1 : (double)Digits(parts[1]));
    }

    private static BigInteger Digits(string text) => BigInteger.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}

/// <summary>A layer at one threshold.</summary>
/// <param name="Nodes">n.</param>
/// <param name="Alive">a.</param>
/// <param name="EmergenceShare">Share of E that starts at its dead nodes; null where E is zero.</param>
/// <param name="AliveMask">Node i is bit i mod 8 of byte i div 8, and alive where it is 1.</param>
internal sealed record MeasuredLayer(long Nodes, long Alive, double? EmergenceShare, ImmutableArray<byte> AliveMask)
{
    /// <summary>Whether a node is alive.</summary>
    public bool IsAlive(int node) => (AliveMask[node / 8] >> (node % 8) & 1) == 1;

    internal static MeasuredLayer Read(JsonElement json) => new(
        json.GetProperty("nodes").GetInt64(),
        json.GetProperty("alive").GetInt64(),
        AnalyzedCheckpoint.Number(json, "emergence_share"),
        [.. json.GetProperty("alive_mask").GetBytesFromBase64()]);
}
