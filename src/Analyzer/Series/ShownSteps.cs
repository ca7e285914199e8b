using System.Collections.Immutable;
using System.Numerics;
using Emergence.Analyzer.Metrics;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Series;

/// <summary>
/// Which checkpoints of a series are shown to people: all, or of a series that no screen holds as many as tell its course. Files
/// for programs always have all.
/// </summary>
internal static class ShownSteps
{
    // Twice the points that a curve as wide as a screen can show.
    private const int Most = 2000;
    // Of each, the smallest and the largest E: so no peak is lost, however short.
    private const int Stretches = 500;

    /// <summary>Indices, ascending: those with the smallest and the largest E of each stretch, the first and the last.</summary>
    /// <param name="count">How many checkpoints there are.</param>
    /// <param name="emergence">E of each.</param>
    /// <param name="named">Indices that are shown in any case, as a sentence names them.</param>
    public static ImmutableArray<int> Of(int count, Func<int, EmergenceValue> emergence, params IEnumerable<int?> named)
    {
        if (count <= Most)
            return [.. Enumerable.Range(0, count)];
        var shown = new SortedSet<int> { 0, count - 1 };
        shown.UnionWith(named.OfType<int>());
        for (var stretch = 0; stretch < Stretches; stretch++)
        {
            var (first, end) = ((int)((long)stretch * count / Stretches), (int)((stretch + 1L) * count / Stretches));
            shown.Add(Enumerable.Range(first, end - first).MinBy(emergence));
            shown.Add(Enumerable.Range(first, end - first).MaxBy(emergence));
        }
        return [.. shown];
    }

    /// <summary>The same of checkpoints: by E under the first threshold, and with what their verdicts name.</summary>
    public static ImmutableArray<int> Of(ImmutableArray<CheckpointResult> checkpoints, ImmutableArray<SeriesVerdict> verdicts) =>
        Of(checkpoints.Length, i => checkpoints[i].Measurements[0].Emergence,
        verdicts.SelectMany(verdict => (int?[])[verdict.First, verdict.Since, verdict.StopAt]));

    /// <summary>What is shown of how many, in a sentence without a full stop; empty where it is all.</summary>
    /// <param name="shown">How many are shown.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="number">How a number is written.</param>
    public static string Sentence(int shown, int count, Func<BigInteger, string> number) => shown == count ? ""
        : $"{number(shown)} of {number(count)} checkpoints are shown, the smallest and the largest E of "
            + $"each of {Stretches} stretches among them";
}
