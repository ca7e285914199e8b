using Emergence.Checkpoints;
using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Comparison;

/// <summary>Whether two results were measured in the same way.</summary>
internal static class ComparableSettings
{
    /// <summary>The index of a threshold among those that a result has.</summary>
    /// <exception cref="UserException">It is none of them.</exception>
    public static int IndexOf(float threshold, string name, AnalysisSettings settings) =>
        settings.Thresholds.IndexOf(threshold) is var index and >= 0
        ? index
        : throw new UserException(FormattableString.Invariant(
            $"{name}: was not measured with threshold {threshold} but with {string.Join(", ", settings.Thresholds)}; ")
            + "choose one with --threshold");

    /// <summary>Refuses two results of which a number does not mean the same.</summary>
    /// <exception cref="UserException">A setting that shapes E differs.</exception>
    public static void Require(string nameA, AnalysisSettings a, string nameB, AnalysisSettings b)
    {
        Same("--statistic", a.Statistic, b.Statistic);
        if (a.Statistic == Statistic.Share)
            Same("--alive-share", a.AliveShare, b.AliveShare);
        Same("--conv-nodes", a.ConvNodes, b.ConvNodes);
        Same("--include-input", a.IncludeInput, b.IncludeInput);
        Same("--only", string.Join(' ', a.Only), string.Join(' ', b.Only));
        Same("--exclude", string.Join(' ', a.Exclude), string.Join(' ', b.Exclude));

        void Same<T>(string option, T one, T other)
        {
            if (!Equals(one, other))
            {
                throw new UserException(FormattableString.Invariant(
                    $"{nameA} and {nameB}: were not measured in the same way ({option} is '{one}' in the first and '{other}' in ")
                    + "the second); measure both with the same options");
            }
        }
    }
}
