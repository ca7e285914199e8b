using System.Globalization;
using Emergence.Pages;

namespace Emergence.Figures;

/// <summary>Draws a <see cref="ContourFigure"/> as SVG.</summary>
public static class SvgContours
{
    private const double Cell = 420, Edge = 8, Plot = 280, Left = 62, Tick = 4;

    /// <summary>
    /// The figure as an <c>&lt;svg&gt;</c> element: self-contained, without scripts and style sheets, on a white ground. The same
    /// figure is the same text on every machine and in every culture.
    /// </summary>
    /// <exception cref="ArgumentException">It has no panels, or one whose values do not fit its grid.</exception>
    public static string Render(ContourFigure figure)
    {
        ArgumentNullException.ThrowIfNull(figure);
        if (figure.Panels.IsDefaultOrEmpty)
            throw new ArgumentException($"figure '{figure.Title}': has no panels; give at least one", nameof(figure));
        if (figure.Panels.FirstOrDefault(panel =>
            panel.X.Length < 2 || panel.Y.Length < 2 || panel.Values.Length != panel.X.Length * panel.Y.Length) is { } odd)
            throw new ArgumentException($"panel '{odd.Title}': has {odd.Values.Length} values for its grid", nameof(figure));
        var columns = Math.Min(3, figure.Panels.Length);
        var title = Typography.Wrap(figure.Title, columns * Cell - 2 * Edge, Typography.TitleSize, bold: true);
        var top = Edge + Typography.Height(title, Typography.TitleSize) + 6;
        var titles = figure.Panels.Select(panel => Typography.Wrap(panel.Title, Cell - 2 * Edge, Typography.PanelTitleSize,
            bold: true))
            .ToArray();
        var above = titles.Max(text => Typography.Height(text, Typography.PanelTitleSize)) + 6;
        var height = above + Plot + 52;
        var rows = (figure.Panels.Length + columns - 1) / columns;
        var root = SvgDrawing.Root(figure.Title,
            string.Join(' ', figure.Panels.Select(panel =>
                $"{panel.Title}: {panel.Quantity} over {panel.XLabel} and {panel.YLabel}.")),
            columns * Cell, top + rows * height + Edge);
        var drawing = new SvgDrawing(root);
        drawing.Text(Edge, Edge, title, Typography.TitleSize, bold: true);
        foreach (var (index, panel) in figure.Panels.Index())
        {
            var (left, upper) = (index % columns * Cell + Edge + Left, top + index / columns * height + above);
            Draw(drawing.Group("panel", left, upper), panel, titles[index], above);
        }
        return root.ToString().ReplaceLineEndings("\n") + "\n";
    }

    private static void Draw(SvgDrawing drawing, ContourPanel panel, string title, double above)
    {
        var (x, y) = (Scale(panel.X, horizontal: true), Scale(panel.Y, horizontal: false));
        var levels = new ContourLevels(panel.Values);
        drawing.Text(-Left, -above, title, Typography.PanelTitleSize, bold: true);
        var surface = drawing.Window(0, 0, Plot, Plot);
        DrawCells(surface.Group("cells"), panel, levels, Across, Down);
        var lines = surface.Group("lines");
        foreach (var level in levels.Bounds)
        {
            foreach (var (from, to) in ContourLines.Of(panel.X.Length, panel.Y.Length, panel.Values, level))
                lines.Line(Across(Between(panel.X, from.X)), Down(Between(panel.Y, from.Y)), Across(Between(panel.X, to.X)),
                    Down(Between(panel.Y, to.Y)), "#ffffff");
        }
        DrawPath(drawing.Group("path"), panel, Across, Down);
        DrawAxes(drawing, panel, x, y);
        DrawKey(drawing.Group("key", Plot + 12, 0), levels, panel.Quantity);

        double Across(double value) => x.Part(value) * Plot;
        double Down(double value) => (1 - y.Part(value)) * Plot;
    }

    /// <summary>A cell between four points has the color of their mean; neighbors of one color are one shape.</summary>
    private static void DrawCells(
        SvgDrawing drawing, ContourPanel panel, ContourLevels levels, Func<double, double> across, Func<double, double> down)
    {
        var columns = panel.X.Length;
        for (var row = 0; row + 1 < panel.Y.Length; row++)
        {
            for (int start = 0, end; start + 1 < columns; start = end)
            {
                var color = ColorAt(start, row);
                for (end = start + 1; end + 1 < columns && ColorAt(end, row) == color; end++)
                {
                }
                var (left, right, top, foot) =
                    (across(panel.X[start]), across(panel.X[end]), down(panel.Y[row + 1]), down(panel.Y[row]));
                // A little too large, as gaps would show between shapes that only touch.
                drawing.Polygon([(left, top - 0.3), (right + 0.3, top - 0.3), (right + 0.3, foot), (left, foot)], color);
            }
        }

        string ColorAt(int column, int row)
        {
            var at = row * columns + column;
            return levels.ColorOf(
                (panel.Values[at] + panel.Values[at + 1] + panel.Values[at + columns] + panel.Values[at + columns + 1]) / 4);
        }
    }

    private static void DrawPath(
        SvgDrawing drawing, ContourPanel panel, Func<double, double> across, Func<double, double> down)
    {
        (double X, double Y)[] places = [.. panel.Path.Select(place => (across(place.X), down(place.Y)))];
        if (places.Length > 1)
        {
            drawing.Polyline(places, "#ffffff", 3.2, null);
            drawing.Polyline(places, "#d55e00", 1.6, null);
        }
        foreach (var (index, (x, y)) in places.Index())
            drawing.Circle(x, y, index == places.Length - 1 ? 5 : 3, index == places.Length - 1 ? "#d55e00" : "#ffffff",
                "#d55e00");
    }

    private static void DrawAxes(SvgDrawing drawing, ContourPanel panel, AxisScale x, AxisScale y)
    {
        drawing.Polyline([(0, 0), (Plot, 0), (Plot, Plot), (0, Plot), (0, 0)], Typography.Ink, 1, null);
        foreach (var tick in x.Ticks)
        {
            var at = x.Part(tick.Position) * Plot;
            drawing.Line(at, Plot, at, Plot + Tick, Typography.Ink);
            drawing.Text(at, Plot + Tick + 3, tick.Label, Typography.TickSize, Anchor.Middle);
        }
        foreach (var tick in y.Ticks)
        {
            var at = (1 - y.Part(tick.Position)) * Plot;
            drawing.Line(-Tick, at, 0, at, Typography.Ink);
            drawing.Text(-Tick - 3, at - Typography.TickSize * 0.6, tick.Label, Typography.TickSize, Anchor.End);
        }
        drawing.Text(Plot / 2, Plot + 25, Typography.Wrap(panel.XLabel, Plot, Typography.LabelSize), Typography.LabelSize,
            Anchor.Middle);
        drawing.Text(-Plot / 2, -Left, panel.YLabel, Typography.LabelSize, Anchor.Middle, isTurned: true);
    }

    private static void DrawKey(SvgDrawing drawing, ContourLevels levels, string quantity)
    {
        drawing.Text(0, -22, quantity, Typography.TickSize);
        var step = Plot / ContourLevels.Bands;
        for (var band = 0; band < ContourLevels.Bands; band++)
        {
            var top = Plot - (band + 1) * step;
            drawing.Polygon([(0, top), (12, top), (12, top + step), (0, top + step)], ContourLevels.ColorOf(band));
            drawing.Text(16, top + step - Typography.TickSize * 0.7, Short(levels.Bound(band)), Typography.NoteSize);
        }
        drawing.Text(16, -Typography.TickSize * 0.7, Short(levels.Bound(ContourLevels.Bands)), Typography.NoteSize);
    }

    private static AxisScale Scale(IReadOnlyList<double> values, bool horizontal) => AxisScale.Fit(
        new Axis("") { Minimum = values[0], Maximum = values[^1] }, values,
        (ticks, spacing) => spacing * Plot > (horizontal
            ? 18 + ticks.Max(tick => Typography.Width(tick.Label, Typography.TickSize)) : 2.4 * Typography.TickSize),
        Reach.Data);

    // A place between two columns.
    private static double Between(IReadOnlyList<double> places, double index)
    {
        var low = Math.Min((int)index, places.Count - 2);
        return places[low] + (index - low) * (places[low + 1] - places[low]);
    }

    private static string Short(double value) => value.ToString(
        Math.Abs(value) is >= 1e5 or (> 0 and < 1e-3) ? "0.##e+0" : "0.####", CultureInfo.InvariantCulture);
}
