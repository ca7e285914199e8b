using System.Collections.Immutable;
using Emergence.CommandLine;
using Emergence.Measuring.Statistics;
using Emergence.Pages;

namespace Emergence.Analyzer.Reports.Html;

/// <summary>The alive share of every layer at every checkpoint. A layer that a checkpoint lacks has no cell there.</summary>
internal static class AliveMap
{
    public static HeatMap Of(Run run)
    {
        Measurement[] shown = [.. run.Shown.Select(i => run.Measurements[i])];
        ImmutableArray<string> names = [.. shown.SelectMany(measurement => measurement.Layers).OrderBy(
            layer => layer.Index).Select(layer => layer.Name).Distinct()];
        var layers = shown.Select(measurement => measurement.Layers.ToDictionary(layer => layer.Name)).ToArray();
        return new HeatMap(
            "Alive share by layer",
            [.. names.Select(Printable.Of)],
            [.. run.Shown.Select(i => run.Steps[i])],
            [.. names.Select(name => layers.Select(checkpoint => Share(checkpoint.GetValueOrDefault(name))).ToImmutableArray())])
        {
            RowLabel = "layer",
            ColumnLabel = run.StepLabel,
            ValueLabel = "alive",
        };
    }

    private static double? Share(LayerResult? layer) => layer is null ? null : (double)layer.Alive / layer.Nodes;
}
