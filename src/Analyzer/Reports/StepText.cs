using System.Globalization;
using Emergence.Analyzer.Metrics;
using Emergence.CommandLine;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Reports;

/// <summary>What moved E since the checkpoint before, in a sentence.</summary>
internal static class StepText
{
    /// <summary>The share of all movement from which on a single node is named.</summary>
    public const double NotableShare = 0.25;

    /// <summary>Whether one node moved E so much that it must be said.</summary>
    public static bool IsOneNode(Measurement measurement) => measurement.Step?.Split is { LargestShare: > NotableShare };

    /// <summary>
    /// Such as <c>E × 2.6: one node of fc3 (logits) became active</c>; null where nothing is known or nothing moved.
    /// </summary>
    /// <param name="before">E of the checkpoint before.</param>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="measurement">Its measurement under one threshold.</param>
    public static string? Of(EmergenceValue before, CheckpointResult checkpoint, Measurement measurement) =>
        measurement.Step switch
        {
            null => null,
            { Split: null } => $"{Change(before, measurement.Emergence)}: the structure changed",
            { Split: { Largest: { } largest } split } when split.LargestShare > NotableShare =>
                $"{Change(before, measurement.Emergence)}: {OneNode(checkpoint, measurement, split, largest)}",
            { Split.Largest: null } => null,
            { Split: { } split } => $"{Change(before, measurement.Emergence)}: {Layer(checkpoint, measurement, split)}",
        };

    /// <summary>A layer's name; the last are told as logits.</summary>
    public static string NameOf(CheckpointResult checkpoint, LayerResult layer) =>
        Printable.Of(layer.Name) + (IsLogits(checkpoint, layer) ? " (logits)" : "");

    private static bool IsLogits(CheckpointResult checkpoint, LayerResult layer) =>
        layer.Activation.Length == 0 && checkpoint.Edges.All(edge => edge.From != layer.Index);

    private static string Change(EmergenceValue before, EmergenceValue after) =>
        before == after ? "E stayed"
        : before.Log10 is { } from && after.Log10 is { } to ? $"E {NumberText.Factor(to - from)}"
        : before.IsZero ? $"E rose from 0 to {NumberText.Short(after.Rounded)}"
        : $"E fell from {NumberText.Short(before.Rounded)} to 0";

    private static string OneNode(CheckpointResult checkpoint, Measurement measurement, EmergenceSplit split, NodeStep largest)
    {
        var name = NameOf(checkpoint, measurement.Layers[largest.Layer]);
        var layer = split.Layers[largest.Layer];
        if (layer is (1, 0, _) or (0, 1, _))
        {
            var others = split.Layers.Count(other => other.BecameAlive + other.Died > 0) > 1
                ? $", {Percent(split.LargestShare)} of what moved" : "";
            return $"one node of {name} {(largest.BecameAlive ? "became active" : "died")}{others}";
        }
        return $"{Flips(layer)} in {name}; a single node is {Percent(split.LargestShare)} of what moved";
    }

    private static string Layer(CheckpointResult checkpoint, Measurement measurement, EmergenceSplit split)
    {
        var most = split.Layers.Index().MaxBy(layer => layer.Item.Contribution.Magnitude);
        var all = split.Layers.Aggregate(new EmergenceValue(), (sum, layer) => sum + layer.Contribution.Magnitude);
        var share = all.IsZero ? "" : $", {Percent(Ratio(most.Item.Contribution.Magnitude, all))} of what layers moved";
        return $"{Flips(most.Item)} in {NameOf(checkpoint, measurement.Layers[most.Index])}{share}";
    }

    private static string Flips(LayerStep layer) => (layer.BecameAlive, layer.Died) switch
    {
        (var born, 0) => $"{Nodes(born)} became active",
        (0, var died) => $"{Nodes(died)} died",
        var (born, died) => string.Create(CultureInfo.InvariantCulture, $"{Nodes(born)} became active and {died} died"),
    };

    private static string Nodes(int count) => count == 1 ? "one node"
        : string.Create(CultureInfo.InvariantCulture, $"{count} nodes");

    private static double Ratio(EmergenceValue part, EmergenceValue whole) =>
        new EmergenceValue(part.Numerator * whole.Denominator, part.Denominator * whole.Numerator).ToDouble() ?? 0;

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{Math.Round(100 * share)} %");
}
