using System.Collections.Immutable;
using System.Text.Json;
using Emergence.Checkpoints;

namespace Emergence.Trainer.Prediction;

/// <summary>What the study takes from the <c>results.json</c> of <c>emergence-analyze</c>.</summary>
internal static class AnalyzedNumbers
{
    /// <summary>Reads the checkpoints of a file, each at its one threshold.</summary>
    /// <exception cref="UserException">The file is none that <c>emergence-analyze</c> writes.</exception>
    public static ImmutableArray<ImmutableDictionary<string, double>> ReadAll(
        string path, Func<JsonElement, ImmutableDictionary<string, double>> read)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return [.. document.RootElement.GetProperty("checkpoints").EnumerateArray().Select(read)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException
            or InvalidOperationException or FormatException)
        {
            throw new UserException($"{path}: cannot be read as results of emergence-analyze ({e.Message}); check --analyzer", e);
        }
    }

    /// <summary>E and its rivals, as far as they were measured.</summary>
    public static ImmutableDictionary<string, double> Usual(JsonElement checkpoint)
    {
        var measured = checkpoint.GetProperty("measurements")[0];
        var layers = measured.GetProperty("layers").EnumerateArray().ToArray();
        return new Dictionary<string, double>
        {
            ["parameters"] = Number(checkpoint, "parameters"),
            ["emergence"] = Number(measured, "emergence_float"),
            ["emergence_active"] = Number(measured, "emergence_active_float"),
            ["emergence_wired"] = Number(measured, "emergence_wired_float"),
            ["relative_emergence"] = Number(measured, "relative_emergence"),
            ["emergence_z"] = measured.GetProperty("nulls").EnumerateArray()
                .Where(result => result.GetProperty("measure").GetString() == "emergence")
                .Select(result => Number(result, "z")).FirstOrDefault(double.NaN),
            ["alive_share"] = Number(measured, "alive") / Number(measured, "nodes"),
            ["log_frobenius_norm"] = Mean(layers, "frobenius_norm", Math.Log),
            ["log_spectral_norm"] = Mean(layers, "spectral_norm", Math.Log),
            ["stable_rank"] = Mean(layers, "stable_rank", x => x),
            ["effective_rank"] = Mean(layers, "effective_rank", x => x),
            ["alpha"] = Mean(layers, "alpha", x => x),
        }.ToImmutableDictionary();
    }

    /// <summary>The share of nodes that are not alive, under a name.</summary>
    public static Func<JsonElement, ImmutableDictionary<string, double>> DeadShare(string name) => checkpoint =>
    {
        var measured = checkpoint.GetProperty("measurements")[0];
        return ImmutableDictionary.Create<string, double>().Add(name, 1 - Number(measured, "alive") / Number(measured, "nodes"));
    };

    // Over the layers that have it.
    private static double Mean(JsonElement[] layers, string name, Func<double, double> of) =>
        layers.Select(layer => Number(layer, name)).Where(value => !double.IsNaN(value)).Select(of)
            .DefaultIfEmpty(double.NaN).Average();

    private static double Number(JsonElement json, string name) =>
        json.GetProperty(name) is { ValueKind: JsonValueKind.Number } value ? value.GetDouble() : double.NaN;
}
