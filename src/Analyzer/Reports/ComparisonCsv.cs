using System.Globalization;
using CsvHelper;
using Emergence.Analyzer.Comparison;

namespace Emergence.Analyzer.Reports;

/// <summary>A comparison as rows: one per layer. The columns are described in docs/formats.md.</summary>
internal static class ComparisonCsv
{
    public static void Write(ModelComparison comparison, Stream stream)
    {
        using var csv = CsvWriter.Create(stream, CsvDialect.Options, leaveOpen: true);
        csv.WriteRecords(comparison.Layers.Select(ComparedLayerRow.Of));
    }
}

[CsvRecord]
internal sealed partial record ComparedLayerRow
{
    [CsvColumn("name_a")] public required string NameA { get; init; }
    [CsvColumn("name_b")] public required string NameB { get; init; }
    [CsvColumn("match")] public required string Match { get; init; }
    [CsvColumn("nodes_a")] public required int? NodesA { get; init; }
    [CsvColumn("nodes_b")] public required int? NodesB { get; init; }
    [CsvColumn("alive_a")] public required int? AliveA { get; init; }
    [CsvColumn("alive_b")] public required int? AliveB { get; init; }
    [CsvColumn("became_active")] public required string? BecameActive { get; init; }
    [CsvColumn("died")] public required string? Died { get; init; }

    public static ComparedLayerRow Of(LayerComparison layer) => new()
    {
        NameA = CsvDialect.Name(layer.Before?.Name ?? ""),
        NameB = CsvDialect.Name(layer.After?.Name ?? ""),
        Match = Spelling.Of(layer.Match),
        NodesA = layer.Before?.Nodes,
        NodesB = layer.After?.Nodes,
        AliveA = layer.Before?.Alive,
        AliveB = layer.After?.Alive,
        BecameActive = layer.BecameActive.IsDefault ? null : string.Join(' ', layer.BecameActive.Select(Text)),
        Died = layer.Died.IsDefault ? null : string.Join(' ', layer.Died.Select(Text)),
    };

    private static string Text(int node) => node.ToString(CultureInfo.InvariantCulture);
}
