using System.Text.Json;
using Emergence.Checkpoints;

namespace Emergence.Trainer.Experiments.Steps;

/// <summary>The note a step leaves in its folder, by which a later run knows what is done.</summary>
/// <param name="Key">Of the step that left it.</param>
/// <param name="Worker">The program that did it and its data, see <see cref="Step.Worker"/>.</param>
/// <param name="Done">False while the work goes on.</param>
/// <param name="Seconds">How long it took, from the last interruption on; 0 while it goes on.</param>
internal sealed record StepMarker(string Key, string Worker, bool Done, double Seconds)
{
    /// <summary>The note of a step; null if there is none that can be read, so that the step is repeated.</summary>
    public static StepMarker? Read(Workbench bench, Step step)
    {
        var path = PathOf(bench, step);
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<StepMarker>(File.ReadAllText(path)) : null;
        }
        catch (JsonException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: cannot be read ({e.Message}); remove its folder and run again", e);
        }
    }

    /// <summary>Leaves this note for a step.</summary>
    /// <exception cref="UserException">The folder cannot be written.</exception>
    public void Write(Workbench bench, Step step)
    {
        var path = PathOf(bench, step);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(
                $"{Path.GetDirectoryName(path)}: cannot be made ({e.Message}); name another folder with --out", e);
        }
        AtomicFile.WriteText(path, JsonSerializer.Serialize(this) + "\n");
    }

    private static string PathOf(Workbench bench, Step step) => Path.Combine(bench.PathOf(step.Folder), step.Marker);
}
