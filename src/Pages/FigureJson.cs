using System.Text.Json;

namespace Emergence.Pages;

/// <summary>The panels of a figure as the page's script reads them.</summary>
internal static class FigureJson
{
    public static void Write(Utf8JsonWriter json, Panel panel) => ChartJson.Object(json, () =>
    {
        json.WriteString("title", panel.Title ?? "");
        Write(json, "x", panel.X);
        Write(json, "y", panel.Y);
        ChartJson.Array(json, "markers", panel.Markers, marker => ChartJson.Object(json, () =>
        {
            json.WritePropertyName("x");
            Value(json, panel.X, marker.X);
            json.WriteString("label", marker.Label);
        }));
        ChartJson.Array(json, "series", panel.Series, series => Write(json, panel, series));
    });

    private static void Write(Utf8JsonWriter json, string name, Axis axis)
    {
        json.WritePropertyName(name);
        ChartJson.Object(json, () =>
        {
            json.WriteString("label", axis.Label);
            json.WriteBoolean("log", axis.Logarithmic);
            json.WriteBoolean("percent", axis.Percent);
            Bound("min", axis.Minimum);
            Bound("max", axis.Maximum);
            ChartJson.Texts(json, "categories", axis.Categories);
        });

        // A logarithmic axis begins at a positive number.
        void Bound(string bound, double? value)
        {
            json.WritePropertyName(bound);
            ChartJson.Number(json, !axis.Logarithmic || axis.IsLog10 ? value : value > 0 ? Math.Log10(value.Value) : null);
        }
    }

    private static void Write(Utf8JsonWriter json, Panel panel, Series series) => ChartJson.Object(json, () =>
    {
        json.WriteString("name", series.Name);
        json.WriteString("kind", series.Kind switch { SeriesKind.Line => "line", SeriesKind.Scatter => "scatter", _ => "bar" });
        if (series.Style is { } style)
            json.WriteNumber("style", style);
        ChartJson.Array(json, "points", series.Points, point => ChartJson.Array(json, Values(point), value =>
            Value(json, value.IsX ? panel.X : panel.Y, value.Value)));
        if (series.Points.Any(point => point.Text is not null))
            ChartJson.Texts(json, "texts", series.Points.Select(point => point.Text ?? ""));
    });

    private static IEnumerable<(bool IsX, double Value)> Values(Point point)
    {
        yield return (true, point.X);
        yield return (false, point.Y);
        if (point.Low is null && point.High is null)
            yield break;
        yield return (false, point.Low ?? point.Y);
        yield return (false, point.High ?? point.Y);
    }

    /// <summary>A number, its logarithm where the axis is one of powers of ten, "zero" where it has none, null for a
    /// gap.</summary>
    private static void Value(Utf8JsonWriter json, Axis axis, double value)
    {
        var number = axis.Logarithmic && !axis.IsLog10 ? value >= 0 ? Math.Log10(value) : double.NaN : value;
        if (axis.Logarithmic && double.IsNegativeInfinity(number))
            json.WriteStringValue("zero");
        else
            ChartJson.Number(json, number);
    }
}
