using Emergence.Analyzer.Series;
using Emergence.CommandLine;
using Emergence.Measuring.Settings;
using Emergence.Pages;

namespace Emergence.Analyzer.Reports.Html;

/// <summary>The nodes of each layer of the last checkpoint by what they are judged by, against the threshold.</summary>
internal static class StripChart
{
    private const int MostRanges = 30;

    /// <summary>Null where nodes are judged on each sample.</summary>
    public static UnitStrips? Of(Run run)
    {
        if (run.Outcome.NodeValues.IsEmpty)
            return null;
        var settings = run.Outcome.Series.Settings;
        var isShare = settings.Statistic == Statistic.Share;
        var threshold = isShare ? settings.AliveShare : run.Last.Threshold;
        var all = isShare ? ActivationBins.OfShares(settings.AliveShare) : ActivationBins.Around(run.Last.Threshold);
        var finite = run.Outcome.NodeValues.SelectMany(values => values.Where(float.IsFinite));
        var bins = all.Covering(finite.Select(value => all.Of(value)).Distinct(), threshold);
        var line = bins.Ends.IndexOf(threshold);
        return new UnitStrips(
            "Nodes by activation",
            Measured(settings),
            [.. Enumerable.Range(0, bins.Count).Select(bins.Text)],
            [.. Enumerable.Range(0, bins.Count + 1).Select(bins.EndText)],
            [.. Enumerable.Range(0, bins.Count + 1).Where(end => end == line || IsMarked(bins.Ends[end], threshold, isShare))],
            line,
            [.. run.Last.Layers.Zip(run.Outcome.NodeValues, (layer, values) =>
                Strip(Printable.Of(layer.Name), values, bins, line))])
        {
            ThresholdText = isShare ? $"alive above {PageText.Exact(threshold)}" : $"θ = {PageText.Exact(run.Last.Threshold)}",
        };
    }

    /// <summary>What nodes are judged by, in words.</summary>
    public static string Measured(AnalysisSettings settings) => settings.Statistic switch
    {
        Statistic.Mean => "mean activation",
        Statistic.Max => "largest activation",
        Statistic.AbsMean => "mean of the activation's magnitude",
        Statistic.AbsMax => "largest magnitude of the activation",
        Statistic.Share => "share of samples above θ",
        Statistic.Dormancy => "dormancy score (ReDo)",
        _ => "activation",
    };

    // Whole powers of ten of the threshold, zero, and for shares every fifth.
    private static bool IsMarked(double end, double threshold, bool isShare)
    {
        if (isShare)
            return double.IsFinite(end) && Math.Abs(end * 5 - Math.Round(end * 5)) < 1e-9;
        var unit = threshold == 0 ? 0.05 : Math.Abs(threshold);
        var power = Math.Log10(Math.Abs(end) / unit);
        return end == 0 || (double.IsFinite(end) && power > -2.5 && Math.Abs(power - Math.Round(power)) < 1e-9);
    }

    private static UnitStrip Strip(string name, float[] values, ActivationBins bins, int line)
    {
        var nodes = new List<int>[bins.Count];
        for (var bin = 0; bin < nodes.Length; bin++)
            nodes[bin] = [];
        foreach (var (node, value) in values.Index())
        {
            if (float.IsFinite(value))
                nodes[bins.Of(value)].Add(node);
        }
        return new UnitStrip(
            name,
            [.. nodes.Select(bin => bin.Count)],
            [.. nodes.Select((bin, i) => i < line ? IndexRanges.Of(bin, MostRanges) : "")],
            IndexRanges.Of(nodes.Take(line).SelectMany(bin => bin).Concat(NotFinite(values)).Order(), 4 * MostRanges));
    }

    private static IEnumerable<int> NotFinite(float[] values) =>
        values.Index().Where(node => !float.IsFinite(node.Item)).Select(node => node.Index);
}
