using System.Collections.Immutable;
using System.Text.Json;

namespace Emergence.Pages;

/// <summary>Heights over a plane, seen from above: colors, lines of equal height, and a path.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="X">Where the columns are, in ascending order, at equal distances, at least two.</param>
/// <param name="Y">Where the rows are.</param>
/// <param name="Heights">Row by row; what is not finite has no color.</param>
public sealed record Surface(
    string Title, ImmutableArray<double> X, ImmutableArray<double> Y, ImmutableArray<double> Heights) : Chart(Title)
{
    /// <summary>What the horizontal axis measures.</summary>
    public required string XLabel { get; init; }

    /// <summary>What the vertical axis measures.</summary>
    public required string YLabel { get; init; }

    /// <summary>What a height is.</summary>
    public required string HeightLabel { get; init; }

    /// <summary>Places joined by a line, the last of them marked.</summary>
    public ImmutableArray<SurfacePlace> Path { get; init; } = [];

    internal override string Kind => "surface";

    internal override void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("xLabel", XLabel);
        json.WriteString("yLabel", YLabel);
        json.WriteString("heightLabel", HeightLabel);
        ChartJson.Array(json, "x", X, x => ChartJson.Number(json, x));
        ChartJson.Array(json, "y", Y, y => ChartJson.Number(json, y));
        ChartJson.Array(json, "cells", Heights.Chunk(X.Length), row => ChartJson.Array(json, row,
            height => ChartJson.Number(json, height)));
        ChartJson.Array(json, "path", Path, place => ChartJson.Object(json, () =>
        {
            json.WriteString("name", place.Name);
            json.WritePropertyName("x");
            ChartJson.Number(json, place.X);
            json.WritePropertyName("y");
            ChartJson.Number(json, place.Y);
        }));
    }
}

/// <summary>A place on a surface.</summary>
/// <param name="Name">What is there.</param>
/// <param name="X">Along the horizontal axis.</param>
/// <param name="Y">Along the vertical axis.</param>
public sealed record SurfacePlace(string Name, double X, double Y);
