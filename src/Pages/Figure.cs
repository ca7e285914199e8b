using System.Collections.Immutable;
using System.Text.Json;

namespace Emergence.Pages;

/// <summary>A figure: panels in a grid, row by row.</summary>
/// <param name="Title">What the figure shows; drawn above it, and its accessible name. May be empty.</param>
/// <param name="Panels">
/// The plots. Panels that stand in one column have plot areas of one width. Where all have the same series, one legend
/// serves the whole figure; otherwise each panel has its own. Panels in one column with equal horizontal axes cover the same
/// range
/// and, one below the other, share its label.
/// </param>
public sealed record Figure(string Title, ImmutableArray<Panel> Panels) : Chart(Title)
{
    /// <summary>Panels in a row, at least 1.</summary>
    public int Columns { get; init; } = 1;

    internal override string Kind => "figure";

    internal override void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteNumber("columns", Columns);
        ChartJson.Array(json, "panels", Panels, panel => FigureJson.Write(json, panel));
    }
}

/// <summary>One plot: two axes and what is drawn between them.</summary>
/// <param name="Title">Heading of the panel; none where null or empty.</param>
/// <param name="X">The horizontal axis.</param>
/// <param name="Y">The vertical axis.</param>
/// <param name="Series">What is drawn, later series above earlier ones.</param>
public sealed record Panel(string? Title, Axis X, Axis Y, ImmutableArray<Series> Series)
{
    /// <summary>Events along the horizontal axis.</summary>
    public ImmutableArray<Marker> Markers { get; init; } = [];
}

/// <summary>A thin vertical line with a label above the plot, for instance where a network was pruned.</summary>
/// <param name="X">Where it stands on the horizontal axis.</param>
/// <param name="Label">A word or two.</param>
public sealed record Marker(double X, string Label);

/// <summary>What an axis measures. Bounds that are not given follow from the data.</summary>
/// <param name="Label">The quantity, with its unit where it has one.</param>
public sealed record Axis(string Label)
{
    /// <summary>
    /// Powers of ten at equal distances. Zero, which has no place on such an axis, stands below the smallest positive value,
    /// at a tick labelled 0 behind a break of the axis; negative values are left out, and a note under the panel counts them.
    /// </summary>
    public bool Logarithmic { get; init; }

    /// <summary>Lower bound; on a logarithmic axis only where positive.</summary>
    public double? Minimum { get; init; }

    /// <summary>Upper bound; on a logarithmic axis only where positive.</summary>
    public double? Maximum { get; init; }

    /// <summary>Writes 0.25 as 25%.</summary>
    public bool Percent { get; init; }

    /// <summary>
    /// Whether the values of a logarithmic axis are decimal logarithms already, as of numbers beyond a double; negative infinity
    /// is then zero. For pages only.
    /// </summary>
    public bool IsLog10 { get; init; }

    /// <summary>Names in place of numbers: entry i stands at value i. Empty: a numeric axis.</summary>
    public ImmutableArray<string> Categories { get; init; } = [];
}

/// <summary>Points that belong together and have one entry in the legend.</summary>
/// <param name="Name">The entry in the legend.</param>
/// <param name="Points">In drawing order.</param>
public sealed record Series(string Name, ImmutableArray<Point> Points)
{
    /// <summary>How the points are drawn.</summary>
    public SeriesKind Kind { get; init; } = SeriesKind.Line;

    /// <summary>
    /// Index of colour, dash pattern and symbol; by default the series' place in its panel. Give it where a series is to look
    /// the same in panels that do not hold the same series.
    /// </summary>
    public int? Style { get; init; }
}

/// <summary>How the points of a series are drawn.</summary>
public enum SeriesKind
{
    /// <summary>
    /// A line through the points, with symbols at all or some of them; <see cref="Point.Low"/> to <see cref="Point.High"/> as a
    /// light band.
    /// </summary>
    Line,

    /// <summary>A symbol for each point; <see cref="Point.Low"/> to <see cref="Point.High"/> as a whisker.</summary>
    Scatter,

    /// <summary>
    /// A bar from zero, beside those of the other series at the same X; on a logarithmic axis, from its lower end.
    /// <see cref="Point.Low"/> to <see cref="Point.High"/> as a whisker.
    /// </summary>
    Bar,
}

/// <summary>A value, with the range it came from.</summary>
/// <param name="X">Place on the horizontal axis.</param>
/// <param name="Y">Place on the vertical axis. A point that in X or Y is not a number, or beyond ±1e300, is a gap.</param>
/// <param name="Low">Lower end of the range, for instance the least of three seeds; without one, <paramref name="Y"/>.</param>
/// <param name="High">Upper end of the range; without one, <paramref name="Y"/>.</param>
public readonly record struct Point(double X, double Y, double? Low = null, double? High = null)
{
    /// <summary>The value in full, where a number on an axis does not say it all; for pages only.</summary>
    public string? Text { get; init; }
}
