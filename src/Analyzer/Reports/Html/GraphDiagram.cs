using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.CommandLine;
using Emergence.Measuring.Statistics;
using Emergence.Pages;

namespace Emergence.Analyzer.Reports.Html;

/// <summary>The layers of the last checkpoint and what feeds what.</summary>
internal static class GraphDiagram
{
    public static LayerDiagram Of(Run run) => Of(run.Last, run.Checkpoints[^1]);

    /// <summary>Those of one measurement of a checkpoint.</summary>
    public static LayerDiagram Of(Measurement measurement, CheckpointResult checkpoint) => new(
        "The network",
        [.. measurement.Layers.Select(layer => new LayerMark(Printable.Of(layer.Name), Kind(layer), layer.Alive, layer.Nodes,
            Facts(layer)))],
        [.. checkpoint.Edges.Select(edge => new LayerLink(edge.From, edge.To, edge.Kind == EdgeKind.Identity))]);

    /// <summary>Operator and activation function.</summary>
    public static string Kind(LayerResult layer) => Printable.Of(layer.Activation.Length > 0 ? $"{layer.Op}, {layer.Activation}"
        : layer.Op);

    private static ImmutableArray<string> Facts(LayerResult layer)
    {
        var facts = ImmutableArray.CreateBuilder<string>();
        if (layer.EmergenceShare is { } share)
            facts.Add($"{PageText.Percent(share)} of E starts here");
        if (layer.Woke is { } woke && layer.Died is { } died)
            facts.Add($"since the checkpoint before: {PageText.Count(woke)} became active, {PageText.Count(died)} died");
        if (layer.AliveByBias is { } byBias and > 0)
            facts.Add($"{PageText.Count(byBias)} alive by bias only");
        if (layer.NodesNan + layer.NodesInf > 0)
            facts.Add($"{PageText.Count(layer.NodesNan + layer.NodesInf)} not finite");
        return facts.ToImmutable();
    }
}
