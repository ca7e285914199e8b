using CsvHelper;
using Emergence.Analyzer.Landscapes;

namespace Emergence.Analyzer.Reports.Landscapes;

/// <summary><c>landscape.csv</c>: one row for each point. The columns are described in docs/landscape.md.</summary>
internal static class LandscapeCsv
{
    public static void Write(LandscapeOutcome outcome, Stream stream)
    {
        var rows =
            from landscape in outcome.Landscapes
            from row in Enumerable.Range(0, landscape.Grid.Y.Length)
            from column in Enumerable.Range(0, landscape.Grid.X.Length)
            select LandscapeRow.Of(landscape, column, row);
        using var csv = CsvWriter.Create(stream, CsvDialect.Options, leaveOpen: true);
        csv.WriteRecords(rows);
    }
}

[CsvRecord]
internal sealed partial record LandscapeRow
{
    [CsvColumn("checkpoint")] public required string Checkpoint { get; init; }
    [CsvColumn("x")] public required double X { get; init; }
    [CsvColumn("y")] public required double Y { get; init; }
    [CsvColumn("loss")] public required double? Loss { get; init; }
    [CsvColumn("accuracy")] public required double? Accuracy { get; init; }

    public static LandscapeRow Of(Landscape landscape, int column, int row) => new()
    {
        Checkpoint = CsvDialect.Name(landscape.File),
        X = landscape.Grid.X[column],
        Y = landscape.Grid.Y[row],
        Loss = Spelling.Finite(landscape.Grid.At(column, row).Loss),
        Accuracy = Spelling.Finite(landscape.Grid.At(column, row).Accuracy),
    };
}
