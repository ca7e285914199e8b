using System.Collections.Immutable;
using System.Globalization;
using CsvHelper;
using Emergence.Pruning;

namespace Emergence.Analyzer.Reports;

/// <summary>One row per file written and layer. The columns are described in docs/pruning.md.</summary>
internal static class PruneCsv
{
    public static void Write(ImmutableArray<PruneReport> reports, Stream stream)
    {
        using var csv = CsvWriter.Create(stream, CsvDialect.Options, leaveOpen: true);
        csv.WriteRecords(reports.SelectMany(report => report.Layers, PrunedLayerRow.From));
    }
}

[CsvRecord]
internal sealed partial record PrunedLayerRow
{
    [CsvColumn("checkpoint")] public required string Checkpoint { get; init; }
    [CsvColumn("output")] public required string Output { get; init; }
    [CsvColumn("structure")] public required string Structure { get; init; }
    [CsvColumn("scope")] public required string Scope { get; init; }
    [CsvColumn("of")] public required string Of { get; init; }
    [CsvColumn("amount")] public required double Amount { get; init; }
    [CsvColumn("index")] public required int Index { get; init; }
    [CsvColumn("name")] public required string Name { get; init; }
    [CsvColumn("op")] public required string Op { get; init; }
    [CsvColumn("pruned")] public required bool Pruned { get; init; }
    [CsvColumn("weights")] public required long Weights { get; init; }
    [CsvColumn("zeros_before")] public required long ZerosBefore { get; init; }
    [CsvColumn("zeros")] public required long Zeros { get; init; }
    [CsvColumn("sparsity")] public required double Sparsity { get; init; }
    [CsvColumn("nodes")] public required int Nodes { get; init; }
    [CsvColumn("nodes_removed")] public required int NodesRemoved { get; init; }
    [CsvColumn("nodes_cut")] public required int NodesCut { get; init; }
    [CsvColumn("accuracy_before")] public required double? AccuracyBefore { get; init; }
    [CsvColumn("accuracy")] public required double? Accuracy { get; init; }
    [CsvColumn("output_change")] public required double? OutputChange { get; init; }
    [CsvColumn("emergence_before")] public required string? EmergenceBefore { get; init; }
    [CsvColumn("emergence")] public required string? Emergence { get; init; }

    public static PrunedLayerRow From(PruneReport report, PrunedLayer layer) => new()
    {
        Checkpoint = CsvDialect.Name(report.File),
        Output = CsvDialect.Name(report.Output),
        Structure = report.Record.Structure,
        Scope = report.Record.Scope,
        Of = report.Record.Of,
        Amount = report.Record.Amount,
        Index = layer.Index,
        Name = CsvDialect.Name(layer.Name),
        Op = CsvDialect.Name(layer.Op),
        Pruned = layer.IsSelected,
        Weights = layer.Weights,
        ZerosBefore = layer.ZerosBefore,
        Zeros = layer.Zeros,
        Sparsity = layer.Sparsity,
        Nodes = layer.Units,
        NodesRemoved = layer.UnitsRemoved,
        NodesCut = layer.UnitsCut,
        AccuracyBefore = report.Effect?.AccuracyBefore,
        Accuracy = report.Effect?.AccuracyAfter,
        OutputChange = Spelling.Finite(report.Effect?.OutputChange),
        EmergenceBefore = report.Effect?.Before.Emergence.Rounded.ToString(CultureInfo.InvariantCulture),
        Emergence = report.Effect?.After.Emergence.Rounded.ToString(CultureInfo.InvariantCulture),
    };
}
