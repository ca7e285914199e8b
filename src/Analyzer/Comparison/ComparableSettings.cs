using Emergence.Checkpoints;
using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Comparison;

/// <summary>Whether two results were measured in the same way.</summary>
internal static class ComparableSettings
{
    /// <summary>The index of a threshold among those that a result has.</summary>
    /// <exception cref="UserException">It is not one of them.</exception>
    public static int IndexOf(float threshold, string name, AnalysisSettings settings) =>
        settings.Thresholds.IndexOf(threshold) is var index and >= 0
        ? index
        : throw new UserException(FormattableString.Invariant(
            $"{name}: was not measured with threshold {threshold} but with {string.Join(", ", settings.Thresholds)}; ")
            + "choose one with --threshold");

    /// <summary>Refuses two results of which a number does not mean the same, and names every setting that differs.</summary>
    /// <exception cref="UserException">A setting that shapes E differs.</exception>
    public static void Require(string nameA, AnalysisSettings a, string nameB, AnalysisSettings b)
    {
        string[] differences = [.. Differences(a, b)];
        if (differences.Length > 0)
        {
            throw new UserException(
                $"{nameA} and {nameB}: were not measured in the same way ({string.Join("; ", differences)}); "
                + "measure both with the same options");
        }
    }

    private static IEnumerable<string> Differences(AnalysisSettings a, AnalysisSettings b)
    {
        (string Option, object One, object Other)[] settings =
        [
            ("--statistic", a.Statistic, b.Statistic),
            ("--alive-share", ShareOf(a, b), ShareOf(b, a)),
            ("--conv-nodes", a.ConvNodes, b.ConvNodes),
            ("--include-input", a.IncludeInput, b.IncludeInput),
            ("--only", string.Join(' ', a.Only), string.Join(' ', b.Only)),
            ("--exclude", string.Join(' ', a.Exclude), string.Join(' ', b.Exclude)),
        ];
        return settings.Where(setting => !Equals(setting.One, setting.Other)).Select(setting => FormattableString.Invariant(
            $"{setting.Option} is '{setting.One}' in the first and '{setting.Other}' in the second"));
    }

    // It means nothing unless both are shares.
    private static double ShareOf(AnalysisSettings settings, AnalysisSettings other) =>
        (settings.Statistic, other.Statistic) == (Statistic.Share, Statistic.Share) ? settings.AliveShare : 0;
}
