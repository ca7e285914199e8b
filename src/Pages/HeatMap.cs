using System.Collections.Immutable;
using System.Text.Json;

namespace Emergence.Pages;

/// <summary>A number for each row and column, as colors: shares from 0 to 1, or magnitudes by their logarithm.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Rows">Names of the rows.</param>
/// <param name="Columns">Names of the columns.</param>
/// <param name="Cells">By row and column; null where there is none.</param>
public sealed record HeatMap(
    string Title, ImmutableArray<string> Rows, ImmutableArray<string> Columns, ImmutableArray<ImmutableArray<double?>> Cells)
        : Chart(Title)
{
    /// <summary>Whether cells are decimal logarithms of numbers, and not shares.</summary>
    public bool IsLog10 { get; init; }

    /// <summary>Whether rows and columns are of the same things.</summary>
    public bool IsSquare { get; init; }

    /// <summary>What a row is.</summary>
    public required string RowLabel { get; init; }

    /// <summary>What a column is.</summary>
    public required string ColumnLabel { get; init; }

    /// <summary>What a cell says.</summary>
    public required string ValueLabel { get; init; }

    internal override string Kind => "heat";

    internal override void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteBoolean("log", IsLog10);
        json.WriteBoolean("square", IsSquare);
        json.WriteString("rowLabel", RowLabel);
        json.WriteString("columnLabel", ColumnLabel);
        json.WriteString("valueLabel", ValueLabel);
        ChartJson.Texts(json, "rows", Rows);
        ChartJson.Texts(json, "columns", Columns);
        ChartJson.Array(json, "cells", Cells, row => ChartJson.Array(json, row,
            cell => ChartJson.Number(json, cell is { } value ? Math.Round(value, IsLog10 ? 6 : 4) : null)));
    }
}
