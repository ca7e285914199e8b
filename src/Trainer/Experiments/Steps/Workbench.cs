using System.Collections.Immutable;

namespace Emergence.Trainer.Experiments.Steps;

/// <summary>Where an experiment works, and what with.</summary>
/// <param name="Folder">Holds everything it makes.</param>
/// <param name="DataDir">Folder with the data sets' files, or null for the cache.</param>
/// <param name="Data">What tells the content of each data set from another, by its name.</param>
/// <param name="Analyzer">The program that prunes and analyses.</param>
internal sealed record Workbench(string Folder, string? DataDir, ImmutableDictionary<string, string> Data,
    AnalyzerProgram Analyzer)
{
    /// <summary>This program, with its version.</summary>
    public static string Trainer { get; } = $"emergence-train {typeof(Workbench).Assembly.GetName().Version!.ToString(3)}";

    /// <summary>The path of a folder named relative to <see cref="Folder"/>, with '/' between names.</summary>
    public string PathOf(string relative) => Path.Combine([Folder, .. relative.Split('/')]);
}
