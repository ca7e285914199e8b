using CsvHelper;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Reports;

/// <summary>
/// <c>units.csv</c>: one row per checkpoint, threshold, layer and node. The columns are described in docs/formats.md.
/// </summary>
internal static class UnitsCsv
{
    public static void Write(AnalysisOutcome outcome, Stream stream)
    {
        var rows =
            from checkpoint in outcome.Series.Checkpoints
            from measurement in checkpoint.Measurements
            from layer in measurement.Layers
            from node in Enumerable.Range(0, layer.Units is null ? 0 : layer.Nodes)
            select UnitRow.Of(checkpoint, measurement, layer, layer.Units!, node);
        using var csv = CsvWriter.Create(stream, CsvDialect.Options, leaveOpen: true);
        csv.WriteRecords(rows);
    }
}

[CsvRecord]
internal sealed partial record UnitRow
{
    [CsvColumn("checkpoint")] public required string Checkpoint { get; init; }
    [CsvColumn("epoch")] public required int? Epoch { get; init; }
    [CsvColumn("threshold")] public required float Threshold { get; init; }
    [CsvColumn("layer")] public required int Layer { get; init; }
    [CsvColumn("name")] public required string Name { get; init; }
    [CsvColumn("node")] public required int Node { get; init; }
    [CsvColumn("channel")] public required int Channel { get; init; }
    [CsvColumn("position")] public required int Position { get; init; }
    [CsvColumn("mean")] public required float? Mean { get; init; }
    [CsvColumn("max")] public required float? Max { get; init; }
    [CsvColumn("share")] public required float? Share { get; init; }
    [CsvColumn("alive")] public required int Alive { get; init; }

    public static UnitRow Of(CheckpointResult checkpoint, Measurement measurement, LayerResult layer, LayerUnits units, int node)
    {
        var positions = layer.Nodes / layer.Multiplicity;
        return new UnitRow
        {
            Checkpoint = CsvDialect.Name(checkpoint.File),
            Epoch = checkpoint.Epoch,
            Threshold = measurement.Threshold,
            Layer = layer.Index,
            Name = CsvDialect.Name(layer.Name),
            Node = node,
            Channel = node / positions,
            Position = node % positions,
            Mean = Finite(units.Mean[node]),
            Max = Finite(units.Max[node]),
            Share = Finite(units.Share[node]),
            Alive = layer.Mask![node] ? 1 : 0,
        };
    }

    private static float? Finite(float value) => float.IsFinite(value) ? value : null;
}
