using Emergence.Pages;

namespace Emergence.Figures;

/// <summary>Draws a <see cref="Figure"/> as SVG, for documents: lines with their ranges, and points.</summary>
public static class SvgFigure
{
    private const double Cell = 420, Edge = 8, RightMargin = 24, RowGap = 14, TallPlot = 230, StackedPlot = 165;

    /// <summary>
    /// The figure as an <c>&lt;svg&gt;</c> element: self-contained, without scripts and style sheets, on a white ground. A panel
    /// is 420 units wide and set to be read at the width of a printed column (about 85 mm). The same figure is the same text
    /// on every machine and in every culture.
    /// </summary>
    /// <exception cref="ArgumentException">The figure has no panels, fewer than one column, bars or categories.</exception>
    public static string Render(Figure figure)
    {
        ArgumentNullException.ThrowIfNull(figure);
        if (figure.Panels.IsDefaultOrEmpty)
            throw new ArgumentException($"figure '{figure.Title}': has no panels; give at least one", nameof(figure));
        if (figure.Columns < 1)
            throw new ArgumentException($"figure '{figure.Title}': has {figure.Columns} columns; give at least 1",
                nameof(figure));
        var columns = Math.Min(figure.Columns, figure.Panels.Length);
        var sharesLegend = figure.Panels.All(panel => Entries(panel).SequenceEqual(Entries(figure.Panels[0])));
        // What stands left of the plots depends on the labels of their ticks, and these on nothing but the height.
        var left = Panels(figure, columns, Cell / 2, sharesLegend).Max(panel => panel.Left);
        var panels = Panels(figure, columns, Cell - Edge - left - RightMargin, sharesLegend);
        var legend = sharesLegend ? new SvgLegend(figure.Panels[0].Series, columns * Cell - Edge - left - RightMargin) : null;
        return Draw(figure, columns, panels, left, legend);
    }

    private static SvgPanel[] Panels(Figure figure, int columns, double width, bool sharesLegend)
    {
        var height = figure.Panels.Length <= columns ? TallPlot : StackedPlot;
        return
        [
            .. figure.Panels.Select((panel, index) => new SvgPanel(
                panel, width, height,
                figure.Panels.Where((other, at) => at % columns == index % columns && SharesAxis(panel.X, other.X)),
                ownsLabel: index + columns >= figure.Panels.Length || !SharesAxis(panel.X, figure.Panels[index + columns].X),
                hasLegend: !sharesLegend)),
        ];
    }

    private static string Draw(Figure figure, int columns, SvgPanel[] panels, double left, SvgLegend? legend)
    {
        var plot = panels.Length <= columns ? TallPlot : StackedPlot;
        var title = Typography.Wrap(figure.Title, columns * Cell - 2 * Edge, Typography.TitleSize, bold: true);
        var top = Edge + (title.Length == 0 ? 0 : Typography.Height(title, Typography.TitleSize) + 6);
        var rows = panels.Chunk(columns).Select(row => (Panels: row, Above: row.Max(panel => panel.Above),
            Below: row.Max(panel => panel.Below))).ToArray();
        var height = top + rows.Sum(row => row.Above + plot + row.Below) + (rows.Length - 1) * RowGap +
            (legend is { Height: > 0 } ? 8 + legend.Height : 0) + Edge;
        var root = SvgDrawing.Root(
            figure.Title, string.Join(' ', figure.Panels.Select(Description)), columns * Cell, height);
        var drawing = new SvgDrawing(root);
        drawing.Text(Edge, Edge, title, Typography.TitleSize, bold: true);
        foreach (var (row, above, below) in rows)
        {
            foreach (var (column, panel) in row.Index())
                panel.Draw(drawing.Group("panel", column * Cell + Edge + left, top + above));
            top += above + plot + below + RowGap;
        }
        legend?.Draw(drawing, Edge + left, top - RowGap + 8);
        return root.ToString().ReplaceLineEndings("\n") + "\n";
    }

    private static string Description(Panel panel) =>
        $"{(string.IsNullOrWhiteSpace(panel.Title) ? "" : panel.Title + ": ")}{panel.Y.Label} against {panel.X.Label}; " +
        $"{string.Join(", ", panel.Series.Select(series => series.Name))}.";

    private static IEnumerable<(string, SeriesKind, int)> Entries(Panel panel) =>
        panel.Series.Select((series, index) => (series.Name, series.Kind, series.Style ?? index));

    // One range and one label will do for two axes that measure the same.
    private static bool SharesAxis(Axis one, Axis other) => one with { Categories = [] } == other with { Categories = [] };
}
