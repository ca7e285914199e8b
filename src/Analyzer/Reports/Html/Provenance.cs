using System.Globalization;
using Emergence.Analyzer.Series;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Pages;

namespace Emergence.Analyzer.Reports.Html;

/// <summary>What a reader must know to trust the numbers, and to get them again: remarks, settings, samples, versions,
/// files.</summary>
internal static class Provenance
{
    // Of more remarks, the rest is counted.
    private const int MostRemarks = 50;

    public static void Write(Page page, Run run)
    {
        var outcome = run.Outcome;
        page.Heading(2, "Remarks and settings");
        Remarks(page, outcome);
        page.Facts(Facts(outcome.Series.Settings, outcome));
        var rows =
            from index in run.Shown
            let checkpoint = run.Checkpoints[index]
            from measurement in checkpoint.Measurements
            select (string[])
            [
                Printable.Of(checkpoint.File), checkpoint.Epoch is { } epoch ? PageText.Count(epoch) : "–",
                    PageText.Exact(measurement.Threshold),
                PageText.Count(measurement.Nodes), PageText.Count(measurement.Alive), PageText.Of(measurement.Emergence),
                PageText.Of(measurement.EmergenceActive), PageText.Number(measurement.RelativeEmergence),
                    PageText.Number(measurement.RelativeEmergenceAll),
                PageText.Percent(checkpoint.Accuracy), PageText.Count(checkpoint.ParametersNonzero),
                    PageText.Count(checkpoint.Parameters), PageText.Short(checkpoint.Sha256),
            ];
        var isAll = run.Shown.Length == run.Checkpoints.Length;
        page.Details(isAll ? "Every checkpoint, in numbers" : "Checkpoints, in numbers", part => part.Table(
            ["file", "epoch", "θ", "nodes", "alive", "E", "E_H", "relative E", "relative E, all", "accuracy",
                "non-zero parameters", "parameters", "SHA-256"],
            rows, isAll ? "One row per checkpoint and threshold; results.json has every digit."
                : $"{PageText.Count(run.Shown.Length)} of {PageText.Count(run.Checkpoints.Length)} checkpoints, a row for each "
                    + "threshold; series.csv has all, results.json every digit."));
    }

    private static void Remarks(Page page, AnalysisOutcome outcome)
    {
        foreach (var failure in outcome.Failures.Take(MostRemarks))
            page.Note(Printable.Of($"Failed: {failure.Message}"), isWarning: true);
        Rest(outcome.Failures.Length, "checkpoints failed");
        var groups = outcome.Series.Checkpoints
            .SelectMany(checkpoint => checkpoint.Diagnostics.Distinct(),
                (checkpoint, diagnostic) => (checkpoint.File, Diagnostic: diagnostic))
            .GroupBy(entry => entry.Diagnostic, entry => Path.GetFileName(entry.File))
            .OrderBy(group => group.Key.Severity == Severity.Warning ? 0 : 1).ToArray();
        foreach (var group in groups.Take(MostRemarks))
        {
            string[] files = [.. group];
            var where = files.Length == outcome.Series.Checkpoints.Length ? "" : files.Length == 1 ? $"{files[0]}: "
                : $"{files[0]} and {PageText.Count(files.Length - 1)} more: ";
            page.Note(Printable.Of($"{where}{group.Key}"), group.Key.Severity == Severity.Warning);
        }
        Rest(groups.Length, "remarks");

        void Rest(int count, string what)
        {
            if (count > MostRemarks)
                page.Note($"And {PageText.Count(count - MostRemarks)} more {what}, which results.json has.", isWarning: true);
        }
    }

    private static IEnumerable<(string Name, string Value)> Facts(AnalysisSettings settings, AnalysisOutcome outcome)
    {
        var series = outcome.Series;
        yield return ("alive", AliveRuleText(settings));
        yield return ("nodes of convolutions", settings.ConvNodes == Tracing.Networks.ConvNodes.Units
            ? "one for each filter and position" : "one for each filter");
        foreach (var probe in series.Checkpoints.Select(checkpoint => checkpoint.Probe).Distinct())
        {
            yield return ("samples", Printable.Of(
                $"{probe.Name}, the first {PageText.Count(probe.Samples)}{(probe.Seed is { } seed ? $", seed {seed}" : "")}; "
                + $"SHA-256 {PageText.Short(probe.Sha256)}"));
        }
        yield return ("network's input", settings.IncludeInput ? "counted as a layer" : "not counted as a layer");
        if (!settings.Only.IsEmpty)
            yield return ("only layers", Printable.Of(string.Join(", ", settings.Only)));
        if (!settings.Exclude.IsEmpty)
            yield return ("without layers", Printable.Of(string.Join(", ", settings.Exclude)));
        if (settings.Bootstrap is { } bootstrap)
            yield return ("intervals",
                $"{PageText.Count(bootstrap.Resamples)} resamples of {PageText.Count(BootstrapSettings.Blocks)} blocks of "
                + $"samples, seed {bootstrap.Seed}");
        foreach (var (threshold, result) in series.Checkpoints[^1].Measurements
            .SelectMany(measurement => measurement.Nulls, (measurement, result) => (measurement.Threshold, result)))
        {
            var at = settings.Thresholds.Length > 1 ? $" at θ = {PageText.Exact(threshold)}" : "";
            yield return ($"{NullWords.Symbol(result.Measure)} against chance{at}", Sentence(result));
        }
        yield return ("device",
            string.Join(", ", series.Checkpoints.Select(checkpoint => checkpoint.Device.ToString()).Distinct()));
        yield return ("versions",
            $"emergence-analyze {series.ToolVersion}, ONNX Runtime {series.RuntimeVersion}, optimization "
            + $"{PageText.Word(settings.Optimization)}");
    }

    private static string Sentence(NullResult result)
    {
        var score = result.Z is { } z ? string.Create(CultureInfo.InvariantCulture, $"z = {z:0.0}, ") : "";
        var p = string.Create(CultureInfo.InvariantCulture, $"p = {result.P:0.####} (one side is at least "
        + $"{result.Limit:0.####})");
        return $"{score}{p}; 95 % of {NullWords.Draws(result.Model)} are from {PageText.Count(result.Low.Rounded)} to "
            + PageText.Count(result.High.Rounded);
    }

    private static string AliveRuleText(AnalysisSettings settings)
    {
        var thresholds = string.Join(", ", settings.Thresholds.Select(PageText.Exact));
        var shown = settings.Thresholds.Length > 1 ? "; pictures of layers are of the first" : "";
        return settings.Statistic switch
        {
            Statistic.Share =>
                $"activation above θ = {thresholds} on more than {PageText.Percent(settings.AliveShare)} of the samples{shown}",
            Statistic.Sample =>
                $"activation above θ = {thresholds}, on each sample by itself; counts and E are means over the samples{shown}",
            _ => $"{StripChart.Measured(settings)} above θ = {thresholds}{shown}",
        };
    }
}
