using System.Collections.Immutable;
using System.Text.Json;
using Emergence.Checkpoints;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Experiments.Results;

/// <summary>What <c>landscape.json</c> says of one checkpoint.</summary>
/// <param name="Epoch">Of the checkpoint.</param>
/// <param name="Numbers">Its numbers by name; those that are not known are left out.</param>
internal sealed record MeasuredLandscape(int Epoch, ImmutableDictionary<string, double> Numbers)
{
    /// <summary>A number; NaN where it is not known.</summary>
    public double Of(string name) => Numbers.GetValueOrDefault(name, double.NaN);

    /// <summary>Reads the file.</summary>
    /// <exception cref="UserException">It cannot be read.</exception>
    public static ImmutableArray<MeasuredLandscape> ReadAll(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return
            [
                .. json.RootElement.GetProperty("landscapes").EnumerateArray().Select(landscape => new MeasuredLandscape(
                    CheckpointFolder.EpochOf(Path.GetFileName(landscape.GetProperty("file").GetString()!))!.Value,
                    landscape.GetProperty("numbers").EnumerateArray()
                        .Where(number => number.GetProperty("value").ValueKind == JsonValueKind.Number)
                        .ToImmutableDictionary(number => number.GetProperty("name").GetString()!,
                            number => number.GetProperty("value").GetDouble()))),
            ];
        }
        catch (Exception e) when (e is IOException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new UserException($"{path}: cannot be read ({e.Message}); remove it and run again", e);
        }
    }
}
