using System.Collections.Immutable;
using System.Text;
using Emergence.Analyzer.Comparison;
using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Series;
using Emergence.CommandLine;
using Emergence.Pages;

namespace Emergence.Analyzer.Reports.Html;

/// <summary>Several runs together, as a page: the median along the steps, with a band from the least to the most.</summary>
internal static class RunsPage
{
    public static void Write(RunsComparison comparison, Stream stream) =>
        stream.Write(Encoding.UTF8.GetBytes(Render(comparison)));

    private static string Render(RunsComparison comparison)
    {
        var page = new Page($"{PageText.Count(comparison.Runs.Length)} runs together");
        page.Lead(LeadOf(comparison));
        page.Heading(2, "Development");
        page.Chart(
            Development(comparison),
            $"The median over {PageText.Count(comparison.Runs.Length)} runs at each step. Bands: from the least to the most "
            + "of the runs." + Thinned(comparison.Steps));
        page.Heading(2, "What is compared");
        page.Facts(comparison.Runs.Select((run, i) => (
            $"run {PageText.Count(i + 1)}",
            Printable.Of(
            $"{run.Name}, {run.Checkpoints.Length} checkpoints, SHA-256 of the last {PageText.Short(run.Last.Sha256)}"))));
        return page.Render();
    }

    private static string Thinned(ImmutableArray<RunsStep> steps) =>
        ShownSteps.Sentence(Shown(steps).Length, steps.Length, PageText.Count) is { Length: > 0 } thinned
            ? $" Of the runs {thinned}." : "";

    private static Lead LeadOf(RunsComparison comparison)
    {
        // Runs of different length are compared where all of them still are.
        var last = comparison.Steps.LastOrDefault(step => step.Runs == comparison.Runs.Length) ?? comparison.Steps[^1];
        var label = comparison.HasEpochs ? "epoch" : "checkpoint";
        return new Lead(
            $"At {label} {PageText.Count(last.Step)}, E is {PageText.Of(last.Emergence.Median)} in the middle of "
            + $"{PageText.Count(last.Runs)} runs.",
            Tone.None,
            [.. Verdicts(comparison)],
            [
                new("Is it alive?", PageText.Percent(last.AliveShare.Median),
                    $"of the nodes; {PageText.Percent(last.AliveShare.Low)} to {PageText.Percent(last.AliveShare.High)}"),
                new("How far do the runs differ?", $"E from {PageText.Of(last.Emergence.Low)}",
                    $"to {PageText.Of(last.Emergence.High)}"),
                new("How good are they?", PageText.Percent(last.Accuracy?.Median), last.Accuracy is { } accuracy
                    ? $"accuracy on the samples; {PageText.Percent(accuracy.Low)} to {PageText.Percent(accuracy.High)}"
                        : "the samples have no labels"),
            ]);
    }

    private static IEnumerable<string> Verdicts(RunsComparison comparison) =>
        from run in comparison.Runs
        let verdict = run.Verdict
        where verdict is not null
        select $"{Printable.Of(run.Name)}: {Html.LeadOf.Sentence(verdict, Run.LabelsOf(run.Checkpoints)).Text}";

    private static Figure Development(RunsComparison comparison)
    {
        var axis = new Axis(comparison.HasEpochs ? "epoch" : "checkpoint");
        var panels = ImmutableArray.Create(
            new Panel("Emergence", axis, new Axis("E") { Logarithmic = true, IsLog10 = true },
                [Line("E", comparison.Steps, step => step.Emergence, Log, PageText.Of)]),
            new Panel("Alive", axis, new Axis("share of nodes") { Percent = true, Maximum = 1 },
                [Line("alive nodes", comparison.Steps, step => step.AliveShare, share => share,
                    share => PageText.Percent(share)) with { Style = 1 }]));
        ImmutableArray<RunsStep> labeled = [.. comparison.Steps.Where(step => step.Accuracy is not null)];
        return new Figure("How the runs developed", labeled.IsEmpty ? panels : panels.Add(
            new Panel("Accuracy", axis, new Axis("share of samples") { Percent = true, Maximum = 1 },
                [Line("accuracy", labeled, step => step.Accuracy!.Value, share => share,
                    share => PageText.Percent(share)) with { Style = 2 }])))
        { Columns = 2 };
    }

    private static Pages.Series Line<T>(
        string name, ImmutableArray<RunsStep> steps,
        Func<RunsStep, Spread<T>> spread, Func<T, double> at, Func<T, string> text) =>
        new(name,
        [
            .. Shown(steps).Select(i => (steps[i].Step, Spread: spread(steps[i]))).Select(point =>
                new Point(point.Step, at(point.Spread.Median), at(point.Spread.Low), at(point.Spread.High))
                {
                    Text = $"{text(point.Spread.Median)} [{text(point.Spread.Low)}, {text(point.Spread.High)}]",
                }),
        ]);

    private static ImmutableArray<int> Shown(ImmutableArray<RunsStep> steps) =>
        ShownSteps.Of(steps.Length, i => steps[i].Emergence.Median);

    private static double Log(EmergenceValue value) => value.Log10 ?? double.NegativeInfinity;
}
