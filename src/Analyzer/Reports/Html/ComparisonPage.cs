using System.Collections.Immutable;
using System.Text;
using Emergence.Analyzer.Comparison;
using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Series;
using Emergence.CommandLine;
using Emergence.Measuring.Statistics;
using Emergence.Pages;

namespace Emergence.Analyzer.Reports.Html;

/// <summary>Two models, series or results side by side, as a page.</summary>
internal static class ComparisonPage
{
    // Indices of nodes that changed, of one layer; the JSON form has them all.
    private const int MostRanges = 12;

    public static void Write(ModelComparison comparison, Stream stream) =>
        stream.Write(Encoding.UTF8.GetBytes(Render(comparison)));

    private static string Render(ModelComparison comparison)
    {
        var page = new Page($"A: {Printable.Of(comparison.A.Name)} · B: {Printable.Of(comparison.B.Name)}");
        page.Lead(LeadOf(comparison));
        page.Heading(2, "Layers");
        page.Chart(
            AliveMap(comparison),
            "Each row is a layer, from the input down to the output, as it is in A and in B; a layer that one of them lacks "
            + "has no cell there.");
        page.Table(["layer", "nodes, A", "nodes, B", "alive, A", "alive, B", "became active", "died", "part of the change of E",
            "which became active", "which died", "remark"], Rows(comparison),
            "Layers of A and B, matched by name, then by structure; a click on a head sorts by it.");
        if (comparison.Step is null)
            page.Note("What moved E is not known: the two were measured on other samples, sample by sample, or skip "
                + "connections of stored results are not told node by node.", isWarning: false);
        page.Heading(2, "The network of B");
        page.Chart(GraphDiagram.Of(comparison.After, comparison.B.Last),
            "The layers in the order in which they run, and what feeds what. A bar is the share of a layer's nodes that are "
            + "alive.");
        if (comparison.A.Checkpoints.Length > 1 || comparison.B.Checkpoints.Length > 1)
        {
            page.Heading(2, "Development");
            page.Chart(Development(
                comparison), "Both series along their checkpoints. What is compared above is the last checkpoint of each."
                + string.Concat(from side in (ComparedSide[])[comparison.A, comparison.B]
                                let thinned = ShownSteps.Sentence(Shown(side).Length, side.Checkpoints.Length, PageText.Count)
                                where thinned.Length > 0
                                select $" Of {Printable.Of(side.Name)} {thinned}."));
        }
        page.Heading(2, "What is compared");
        page.Facts(Facts("A", comparison.A).Concat(Facts("B", comparison.B)));
        return page.Render();
    }

    private static Lead LeadOf(ModelComparison comparison)
    {
        var (a, b, before, after) = (comparison.A.Last, comparison.B.Last, comparison.Before, comparison.After);
        return new Lead(
            $"{MovesChart.Sentence(before.Emergence, after with { Step = comparison.Step }, " from A to B")}.",
            Tone.None,
            [.. Verdicts(comparison)],
            [
                new("Is it alive?", $"{Share(before)} → {Share(after)}",
                    $"{PageText.Count(before.Alive)} of {PageText.Count(before.Nodes)} nodes, {PageText.Count(after.Alive)} "
                    + $"of {PageText.Count(after.Nodes)} in B"),
                new("How does E change?", Factor(before.Emergence, after.Emergence),
                    $"from {PageText.Of(before.Emergence)} to {PageText.Of(after.Emergence)}"),
                new("How good is it?", $"{PageText.Percent(a.Accuracy)} → {PageText.Percent(b.Accuracy)}", a.Accuracy is null
                    && b.Accuracy is null ? "the samples have no labels" : "accuracy on the samples"),
                new("How large is it?", $"{PageText.Count(a.ParametersNonzero)} → {PageText.Count(b.ParametersNonzero)}",
                    $"parameters that are not zero, of {PageText.Count(a.Parameters)} and {PageText.Count(b.Parameters)}"),
            ]);
    }

    private static IEnumerable<string> Verdicts(ModelComparison comparison) =>
        from side in (ComparedSide[])[comparison.A, comparison.B]
        let verdict = side.Verdict
        where verdict is not null
        select $"{Printable.Of(side.Name)}: {Html.LeadOf.Sentence(verdict, Run.LabelsOf(side.Checkpoints)).Text}";

    private static HeatMap AliveMap(ModelComparison comparison) => new(
        "Alive share by layer",
        [.. comparison.Layers.Select(row => Printable.Of((row.Before ?? row.After)!.Name))],
        ["A", "B"],
        [.. comparison.Layers.Select(row => ImmutableArray.Create(Share(row.Before), Share(row.After)))])
    {
        RowLabel = "layer",
        ColumnLabel = "in",
        ValueLabel = "alive",
    };

    private static IEnumerable<string[]> Rows(ModelComparison comparison) => comparison.Layers.Select(row => (string[])
    [
        Printable.Of((row.Before ?? row.After)!.Name),
        Count(row.Before?.Nodes), Count(row.After?.Nodes), Count(row.Before?.Alive), Count(row.After?.Alive),
        row.BecameActive.IsDefault ? "–" : PageText.Count(row.BecameActive.Length),
        row.Died.IsDefault ? "–" : PageText.Count(row.Died.Length),
        row.After is { } after && comparison.Step?.Split is { } split ? MovesChart.Signed(split.Layers[after.Index].Contribution)
            : "–",
        row.BecameActive.IsDefaultOrEmpty ? "–" : IndexRanges.Of(row.BecameActive, MostRanges),
        row.Died.IsDefaultOrEmpty ? "–" : IndexRanges.Of(row.Died, MostRanges),
        Remark(row),
    ]);

    private static string Remark(LayerComparison row) => row switch
    {
        { After: null } => "only in A",
        { Before: null } => "only in B",
        { Match: LayerMatch.Structure } => Printable.Of($"is {row.After.Name} in B"),
        _ when row.Before.Nodes > row.After.Nodes => $"{PageText.Nodes(row.Before.Nodes - row.After.Nodes)} cut out",
        _ => "–",
    };

    private static Figure Development(ModelComparison comparison)
    {
        (string Name, ComparedSide Side)[] sides = [("A", comparison.A), ("B", comparison.B)];
        var byEpoch = sides.All(side => side.Side.Checkpoints.All(checkpoint => checkpoint.Epoch is not null));
        var axis = new Axis(byEpoch ? "epoch" : "checkpoint");
        return new Figure("How both developed",
        [
            new Panel("Emergence", axis, new Axis("E") { Logarithmic = true, IsLog10 = true },
                Lines((m, _) => m.Emergence.Log10 ?? double.NegativeInfinity)),
            new Panel("Alive", axis, new Axis("share of nodes") { Percent = true, Maximum = 1 },
                Lines((m, _) => (double)m.Alive / m.Nodes)),
            .. sides.Any(side => side.Side.Checkpoints.Any(checkpoint => checkpoint.Accuracy is not null))
                ? (Panel[])[new("Accuracy", axis, new Axis("share of samples") { Percent = true, Maximum = 1 },
                    Lines((_, checkpoint) => checkpoint.Accuracy ?? double.NaN))]
                : [],
        ])
        { Columns = 2 };

        ImmutableArray<Pages.Series> Lines(Func<Measurement, CheckpointResult, double> value) =>
        [
            .. sides.Select(side => new Pages.Series(side.Name, [.. Shown(side.Side).Select(i =>
                new Point(byEpoch ? side.Side.Checkpoints[i].Epoch!.Value : i,
                    value(side.Side.Checkpoints[i].Measurements[side.Side.Threshold], side.Side.Checkpoints[i])))])),
        ];
    }

    private static ImmutableArray<int> Shown(ComparedSide side) =>
        ShownSteps.Of(side.Checkpoints.Length, i => side.Checkpoints[i].Measurements[side.Threshold].Emergence);

    private static IEnumerable<(string Name, string Value)> Facts(string name, ComparedSide side)
    {
        var last = side.Last;
        yield return (name, Printable.Of(side.Checkpoints.Length == 1 ? last.File
            : $"{last.File}, the last of {side.Checkpoints.Length} checkpoints"));
        yield return ($"{name}, samples", Printable.Of(
            $"{last.Probe.Name}, the first {PageText.Count(last.Probe.Samples)}; SHA-256 {PageText.Short(last.Probe.Sha256)}"));
        yield return ($"{name}, model",
            $"SHA-256 {PageText.Short(last.Sha256)}, θ = {PageText.Exact(side.Measurement.Threshold)}, on "
            + $"{last.Device}");
    }

    private static string Factor(EmergenceValue before, EmergenceValue after) => (before.Log10, after.Log10) switch
    {
        ({ } from, { } to) => $"× {PageText.FromLog10(to - from)}",
        (null, null) => "stays 0",
        (_, null) => "to 0",
        _ => "from 0",
    };

    private static string Share(Measurement measurement) => PageText.Percent((double)measurement.Alive / measurement.Nodes);

    private static double? Share(LayerResult? layer) => layer is null ? null : (double)layer.Alive / layer.Nodes;

    private static string Count(int? value) => value is { } number ? PageText.Count(number) : "–";
}
