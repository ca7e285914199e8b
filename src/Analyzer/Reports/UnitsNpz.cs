using System.Collections.Immutable;
using Emergence.Analyzer.Series;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Reports;

/// <summary><c>units.npz</c>: what was counted of each node, for NumPy. The arrays are described in docs/formats.md.</summary>
internal static class UnitsNpz
{
    public static void Write(AnalysisOutcome outcome, Stream stream)
    {
        using var npz = new NpzWriter(stream);
        var checkpoints = outcome.Series.Checkpoints;
        var thresholds = outcome.Series.Settings.Thresholds;
        npz.Add("thresholds", [thresholds], thresholds.Length);
        var segments = Segment.Of(checkpoints);
        foreach (var (s, segment) in segments.Index())
        {
            var prefix = segments.Length == 1 ? "" : FormattableString.Invariant($"s{s}.");
            Write(npz, prefix, checkpoints.Slice(segment.First, segment.Length), thresholds.Length);
        }
    }

    private static void Write(NpzWriter npz, string prefix, ImmutableArray<CheckpointResult> checkpoints, int thresholds)
    {
        npz.Add($"{prefix}checkpoints", [.. checkpoints.Select(checkpoint => checkpoint.File)]);
        npz.Add($"{prefix}layers", [.. checkpoints[0].Measurements[0].Layers.Select(layer => layer.Name)]);
        foreach (var layer in checkpoints[0].Measurements[0].Layers)
        {
            var key = FormattableString.Invariant($"{prefix}{layer.Index:000}");
            LayerResult[] once = [.. checkpoints.Select(checkpoint => checkpoint.Measurements[0].Layers[layer.Index])];
            LayerResult[] each = [.. checkpoints.SelectMany(checkpoint =>
                checkpoint.Measurements.Select(measurement => measurement.Layers[layer.Index]))];
            npz.Add($"{key}.mean", once.Select(result => result.Units!.Mean), once.Length, layer.Nodes);
            npz.Add($"{key}.max", once.Select(result => result.Units!.Max), once.Length, layer.Nodes);
            npz.Add($"{key}.share", each.Select(result => result.Units!.Share), once.Length, thresholds, layer.Nodes);
            npz.Add($"{key}.alive", each.SelectMany(result => result.Mask!.Cast<bool>()), once.Length, thresholds, layer.Nodes);
        }
    }
}
