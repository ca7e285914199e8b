using System.Collections.Immutable;
using System.Text;
using Emergence.Analyzer.Landscapes;
using Emergence.Analyzer.Reports.Html;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Losses;
using Emergence.Pages;

namespace Emergence.Analyzer.Reports.Landscapes;

/// <summary>
/// <c>landscape.html</c>: the landscapes as one page for people, that opens from a file and asks no network for anything.
/// </summary>
internal static class LandscapePage
{
    public static void Write(LandscapeOutcome outcome, Stream stream) => stream.Write(Encoding.UTF8.GetBytes(Render(outcome)));

    private static string Render(LandscapeOutcome outcome)
    {
        var landscapes = outcome.Landscapes;
        var first = landscapes[0];
        var page = new Page(landscapes.Length == 1 ? $"Loss landscape: {Title(first)}"
            : $"Loss landscapes of {PageText.Count(landscapes.Length)} checkpoints");
        page.Lead(landscapes.Length == 1 ? LeadOf(first) : LeadOf(landscapes));
        if (landscapes.Length > 1)
            SideBySide(page, landscapes);
        foreach (var landscape in landscapes)
            One(page, landscape);
        Settings(page, outcome);
        return page.Render();
    }

    private static string Title(Landscape landscape) => Printable.Of(landscape.Other is { } other
        ? $"{Path.GetFileName(landscape.File)} to {Path.GetFileName(other)}" : Path.GetFileName(landscape.File));

    private static Lead LeadOf(Landscape landscape)
    {
        var numbers = landscape.Numbers.ToDictionary(number => number.Name, StringComparer.Ordinal);
        LandscapeNumber[] told = landscape.Grid.IsLine
            ? [numbers["barrier"], numbers["accuracy_barrier"], numbers["roughness"]]
            : [numbers["minima"], numbers["roughness"], numbers["sharpness"]];
        return new Lead(LandscapeSentences.Of(told[0]), Tone.None,
            [.. told[1..].Select(LandscapeSentences.Of).Append(LandscapeSentences.Path(landscape)).OfType<string>()],
            [
                new("How high is the loss?", PageText.Number(landscape.Center.Loss), $"at {Title(landscape)}, on "
                    + $"{PageText.Count(landscape.Probe.Samples)} samples"),
                new("How good is it?", landscape.Center.Accuracy is null ? "not known"
                    : PageText.Percent(landscape.Center.Accuracy), landscape.Center.Accuracy is null
                    ? "there is no accuracy without classes" : "accuracy on the samples"),
                .. told.Where(number => number.Name != "accuracy_barrier").Select(Card),
            ]);
    }

    private static Card Card(LandscapeNumber number) => new(
        $"{LandscapeSentences.Name(number)}?", number.Value is null ? "not known" : PageText.Number(number.Value),
        number is { Low: { } low, High: { } high } ? $"{PageText.Number(low)} to {PageText.Number(high)} with 95 % confidence"
            : Printable.Of(number.Reason ?? "no interval"));

    private static Lead LeadOf(ImmutableArray<Landscape> landscapes)
    {
        var (low, high) = (landscapes.MinBy(landscape => landscape.Center.Loss)!, landscapes.MaxBy(
            landscape => landscape.Center.Loss)!);
        return new Lead(
            $"The loss is between {PageText.Number(low.Center.Loss)} at {Title(low)} and {PageText.Number(high.Center.Loss)} at "
            + $"{Title(high)}.", Tone.None, [], []);
    }

    /// <summary>Each number along the checkpoints, as curves with their intervals and as a table.</summary>
    private static void SideBySide(Page page, ImmutableArray<Landscape> landscapes)
    {
        page.Heading(2, "Side by side");
        ImmutableArray<string> files = [.. landscapes.Select(Title)];
        ImmutableArray<string> names = [.. landscapes[0].Numbers.Select(number => number.Name)];
        LandscapeNumber[][] numbers = [.. names.Select(name => landscapes.Select(
            landscape => landscape.Numbers.Single(number => number.Name == name)).ToArray())];
        var known = numbers.Where(along => along.Any(number => number.Value is not null)).ToArray();
        page.Chart(new Figure("Numbers of each checkpoint",
        [
            .. known.Select(along => new Panel(LandscapeSentences.Name(along[0]), new Axis("") { Categories = files },
                new Axis(""),
                [
                    new Pages.Series(LandscapeSentences.Name(along[0]), [.. along.Select((number, i) => new Point(
                        i, number.Value ?? double.NaN, number.Low, number.High))]) { Kind = SeriesKind.Scatter },
                ])),
        ])
        { Columns = 2 }, "A point for each checkpoint; whiskers are 95 % intervals over random directions. A number that is not "
            + "known has no point.");
        page.Table(["checkpoint", "loss", "accuracy", .. numbers.Select(along => LandscapeSentences.Name(along[0]))],
            landscapes.Select((landscape, i) => (string[])
            [
                files[i], PageText.Number(landscape.Center.Loss), PageText.Percent(landscape.Center.Accuracy),
                .. numbers.Select(along => PageText.Number(along[i].Value)),
            ]), "A row for each checkpoint; a click on a head sorts by it.");
    }

    private static void One(Page page, Landscape landscape)
    {
        page.Heading(2, Title(landscape));
        if (!landscape.Grid.IsLine)
        {
            page.Chart(LandscapeCharts.Surface(landscape), landscape.Path.IsEmpty
                ? "Colors and lines of equal loss; the dot is the checkpoint. Without color the loss is not finite."
                : "Colors and lines of equal loss, and the path of the checkpoints, projected on the plane; the large dot is the "
                    + "last.");
        }
        page.Chart(LandscapeCharts.Lines(landscape), landscape.Grid.IsLine
            ? "Loss and accuracy from the first checkpoint (0) to the second (1), and the straight line that a barrier rises "
                + "above."
            : "The row and the column of the grid through the checkpoint, or those next to it.");
        page.Heading(3, "What the numbers say");
        page.List(landscape.Numbers.Select(LandscapeSentences.Of).Append(LandscapeSentences.Path(landscape)).OfType<string>());
        page.Table(["number", "value", "from", "to", "at three step sizes", "remark"], landscape.Numbers.Select(number =>
            (string[])
            [
                number.Name.Replace('_', ' '), PageText.Number(number.Value), PageText.Number(number.Low),
                PageText.Number(number.High),
                number.AtSteps.IsEmpty ? "–" : string.Join(", ", number.AtSteps.Select(value => PageText.Number(value))),
                number.Reason is { } reason ? Printable.Of(reason) : "–",
            ]), "Values with their 95 % intervals over random directions; docs/landscape.md defines each.");
        foreach (var diagnostic in landscape.Diagnostics.Distinct())
            page.Note(Printable.Of($"{diagnostic}"), diagnostic.Severity == Severity.Warning);
        page.Facts(Facts(landscape));
    }

    private static IEnumerable<(string Name, string Value)> Facts(Landscape landscape)
    {
        yield return ("checkpoint", Printable.Of($"{landscape.File}, SHA-256 {PageText.Short(landscape.Sha256)}"));
        yield return ("loss", $"{PageText.Number(landscape.Center.Loss)}, from output {Printable.Of(landscape.Output)}, read as "
            + LossWords.Of(landscape.Form));
        yield return ("parameters", PageText.Count(landscape.Parameters));
        yield return ("samples", Printable.Of($"{landscape.Probe.Name}, the first {PageText.Count(landscape.Probe.Samples)}; "
            + $"SHA-256 {PageText.Short(landscape.Probe.Sha256)}"));
        yield return ("device", $"{landscape.Device}");
    }

    private static void Settings(Page page, LandscapeOutcome outcome)
    {
        var request = outcome.Request;
        page.Heading(2, "Settings");
        foreach (var failure in outcome.Failures)
            page.Note(Printable.Of($"Failed: {failure.Message}"), isWarning: true);
        page.Facts(
        [
            ("directions", LandscapeWords.Of(request.Directions)),
            .. request.Directions == DirectionKind.Random
                ? ((string, string)[])[("normalized by", LandscapeWords.Of(request.Normalization))] : [],
            ("grid", $"{PageText.Count(request.Grid)} points along each direction, range {PageText.Exact(request.Range)}"),
            ("pairs of random directions", PageText.Count(request.Pairs)),
            ("seed", PageText.Count(request.Seed)),
            ("loss", LossWords.Of(request.Loss.Kind)),
            ("versions", $"emergence-analyze {Journal.ToolBuild.Version}, ONNX Runtime "
                + Measuring.Inference.SessionFactory.RuntimeVersion),
        ]);
    }
}
