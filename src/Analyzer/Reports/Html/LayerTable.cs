using Emergence.Analyzer.Series;
using Emergence.CommandLine;
using Emergence.Measuring.Statistics;
using Emergence.Pages;

namespace Emergence.Analyzer.Reports.Html;

/// <summary>The layers of the last checkpoint, to be sorted by any column. A column that would say nothing is left out.</summary>
internal static class LayerTable
{
    // Dead nodes, by index; more of them are in the alive masks of results.json.
    private const int MostRanges = 8;

    public static void Write(Page page, Run run)
    {
        var layers = run.Last.Layers;
        (string Head, Func<LayerResult, string> Cell)[] columns =
        [
            ("layer", layer => Printable.Of(layer.Name)),
            ("#", layer => PageText.Count(layer.Index)),
            ("operator", layer => Printable.Of(layer.Op)),
            ("function", layer => Printable.Of(layer.Activation)),
            ("nodes", layer => PageText.Count(layer.Nodes)),
            ("alive", layer => PageText.Count(layer.Alive)),
            ("dead", layer => PageText.Count(layer.Nodes - layer.Alive)),
            ("alive share", layer => PageText.Percent((double)layer.Alive / layer.Nodes)),
            ("share of E", layer => layer.EmergenceShare is { } share ? PageText.Percent(share) : ""),
            ("one more alive: E changes by", layer => layer.Slope is { } slope ? MovesChart.Signed(slope) : ""),
            ("became active", layer => layer.Woke is { } woke ? PageText.Count(woke) : ""),
            ("died", layer => layer.Died is { } died ? PageText.Count(died) : ""),
            ("never fired", layer => Positive(layer.NeverFired ?? 0)),
            ("by bias only", layer => Positive(layer.AliveByBias ?? 0)),
            ("borderline", layer => Positive(layer.Borderline)),
            ("not finite", layer => Positive(layer.NodesNan + layer.NodesInf)),
            ("parameters", layer => PageText.Count(layer.Parameters)),
            ("mean activation", layer => PageText.Number(layer.ActivationMean)),
            ("largest", layer => PageText.Number(layer.ActivationMax)),
            ("sparsity", layer => Real(layer.Spectrum?.Sparsity)),
            ("Frobenius norm", layer => Real(layer.Spectrum?.Frobenius)),
            ("spectral norm", layer => Real(layer.Spectrum?.Spectral)),
            ("stable rank", layer => Real(layer.Spectrum?.StableRank)),
            ("effective rank", layer => Real(layer.Spectrum?.EffectiveRank)),
            ("alpha", layer => Real(layer.Spectrum?.Alpha)),
            ("stable rank of activations", layer => Real(layer.ActivationRanks?.StableRank)),
            ("effective rank of activations", layer => Real(layer.ActivationRanks?.EffectiveRank)),
            ("dead, by index", layer => layer.Mask is { } mask
                ? IndexRanges.Of(Enumerable.Range(0, mask.Count).Where(node => !mask[node]), MostRanges) : ""),
        ];
        var kept = columns.Where(column => layers.Any(layer => column.Cell(layer).Length > 0)).ToArray();
        page.Table(
            kept.Select(column => column.Head),
            layers.Select(layer => kept.Select(column => column.Cell(layer) is { Length: > 0 } cell ? cell : "–")),
            $"Layers{(run.IsSeries ? $" of {run.Labels[^1]}" : "")}; a click on a head sorts by it.");
    }

    private static string Real(double? value) => value is null ? "" : PageText.Number(value);

    private static string Positive(int count) => count == 0 ? "" : PageText.Count(count);
}
