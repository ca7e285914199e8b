using System.Collections.Immutable;
using System.Text;
using Emergence.CommandLine;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Reports;

/// <summary>
/// What a series says, below its table: which steps one node or a change of structure explains, and the verdict.
/// </summary>
internal static class SeriesText
{
    // More are not read; the files have them all.
    private const int MostSteps = 10;

    /// <summary>Lines of at most 80 columns; empty for one checkpoint.</summary>
    public static string Of(AnalysisOutcome outcome)
    {
        var (series, verdicts) = (outcome.Series, outcome.Verdicts);
        if (verdicts.IsEmpty)
            return "";
        var text = new StringBuilder();
        foreach (var (t, verdict) in verdicts.Index())
        {
            var at = verdicts.Length > 1 ? $"θ = {NumberText.Exact(series.Settings.Thresholds[t])}: " : "";
            AppendSteps(text, series.Checkpoints, t, at);
            text.Append('\n').Append(WrappedText.Of(VerdictText.Headline(verdict, series.Checkpoints), $"{at}verdict: "));
            foreach (var sentence in VerdictText.Sentences(verdict, series.Checkpoints))
                text.Append(WrappedText.Of(sentence, "- "));
        }
        return text.ToString();
    }

    private static void AppendSteps(StringBuilder text, ImmutableArray<CheckpointResult> checkpoints, int threshold, string at)
    {
        var byEpoch = checkpoints.All(checkpoint => checkpoint.Epoch is not null);
        var notable = Enumerable.Range(1, checkpoints.Length - 1).Where(i =>
            IsNotable(checkpoints[i].Measurements[threshold])).ToArray();
        if (notable.Length == 0)
            return;
        text.Append(at.Length > 0 ? $"\n{at}\n" : "\n");
        foreach (var i in notable.Take(MostSteps))
        {
            var name = byEpoch ? FormattableString.Invariant($"epoch {checkpoints[i].Epoch}")
                : Printable.Of(Path.GetFileName(checkpoints[i].File));
            var before = checkpoints[i - 1].Measurements[threshold].Emergence;
            text.Append(WrappedText.Of(StepText.Of(before, checkpoints[i], checkpoints[i].Measurements[threshold])!,
                $"{name}: "));
        }
        if (notable.Length > MostSteps)
            text.Append(FormattableString.Invariant(
                $"and {notable.Length - MostSteps} more such steps, which --out DIR writes to series.csv\n"));
    }

    private static bool IsNotable(Measurement measurement) => StepText.IsOneNode(measurement)
        || measurement.Step is { Split: null };
}
