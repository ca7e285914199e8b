using System.Collections.Immutable;
using System.Text.Json;
using Emergence.Analyzer.Series;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Gates;

/// <summary>A value that is a word.</summary>
/// <param name="Name">Its name, as in results.json.</param>
/// <param name="Meaning">What it is, for the documentation.</param>
/// <param name="Choices">The words that it takes.</param>
/// <param name="Of">The word; null where it is not known.</param>
internal sealed record GateWord(
    string Name, string Meaning, ImmutableArray<string> Choices, Func<ImmutableArray<CheckpointResult>, int, string?> Of);

/// <summary>Every word that a gate may name.</summary>
internal static class GateWords
{
    /// <summary>Of the series.</summary>
    public static ImmutableArray<GateWord> All { get; } =
    [
        new("verdict", "where the series stands", WordsOf<VerdictKind>(), (checkpoints, threshold) =>
            checkpoints.Length < 2 ? null : Spell(SeriesVerdicts.Of(checkpoints, threshold).Kind)),
        new("zero_cause", "why E is zero; `none` where it is not", WordsOf<ZeroCause>(), (checkpoints, threshold) =>
            Spell(checkpoints[^1].Measurements[threshold].ZeroCause)),
    ];

    private static ImmutableArray<string> WordsOf<T>() where T : struct, Enum => [.. Enum.GetValues<T>().Select(Spell)];

    private static string Spell<T>(T value) where T : struct, Enum =>
        JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
