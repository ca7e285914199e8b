using Emergence.Pages;

namespace Emergence.Figures;

/// <summary>Where the panels, legends and texts of a figure stand.</summary>
internal sealed class FigureLayout
{
    private const double CellWidth = 420, Edge = 8, RightMargin = 10, RowGap = 14;
    private const double TallPlot = 230, StackedPlot = 165;

    private readonly Figure _figure;
    private readonly int _columns;
    private readonly double _width;
    private readonly PanelLayout[] _panels;
    private readonly string _title;
    private readonly Legend? _shared;

    public FigureLayout(Figure figure)
    {
        _figure = figure;
        _columns = Math.Min(figure.Columns, figure.Panels.Length);
        _width = _columns * CellWidth;
        var rows = (figure.Panels.Length + _columns - 1) / _columns;
        var height = rows == 1 ? TallPlot : StackedPlot;
        var sharesLegend = figure.Panels.Skip(1).All(panel => Entries(panel).SequenceEqual(Entries(figure.Panels[0])));
        IEnumerable<Panel> ColumnOf(int index) => figure.Panels.Where((_, other) => other % _columns == index % _columns);
        _panels = [.. figure.Panels.Select((panel, index) => new PanelLayout(panel, height, ColumnOf(index)))];
        for (var column = 0; column < _columns; column++)
        {
            PanelLayout[] stacked = [.. _panels.Where((_, index) => index % _columns == column)];
            var ticks = stacked.Max(panel => panel.TickMargin);
            var left = Math.Max(ticks + stacked.Max(panel => panel.LabelMargin), stacked.Max(panel => panel.LeftOverhang));
            var right = Math.Max(RightMargin, stacked.Max(panel => panel.RightMargin) + 4);
            foreach (var (index, panel) in stacked.Index())
            {
                var below = index + 1 < stacked.Length ? stacked[index + 1].Panel : null;
                var ownsLabel = below is null || !PanelLayout.SharesAxis(panel.Panel.X, below.X);
                panel.Place(CellWidth - Edge - left - right, left, ticks, sharesLegend, ownsLabel);
            }
        }

        _title = Typography.Wrap(figure.Title, _width - 2 * Edge, Typography.TitleSize, bold: true);
        _shared = sharesLegend ? new Legend(figure.Panels[0].Series, _width - Edge - RightMargin - _panels[0].Left) : null;
    }

    private double TitleHeight => _title.Length == 0 ? 0 : Typography.Height(_title, Typography.TitleSize) + 6;

    private IEnumerable<PanelLayout[]> Rows => _panels.Chunk(_columns);

    public string Draw()
    {
        var rows = Rows.ToList();
        var legend = _shared is { Height: > 0 } ? _shared.Height + 8 : 0;
        var height = Edge + TitleHeight + rows.Sum(RowHeight) + (rows.Count - 1) * RowGap + legend + Edge;
        var canvas = new SvgCanvas(_width, height, _figure.Title, Description());
        var top = Edge;
        if (_title.Length > 0)
            canvas.Write(new(Edge, top), _title, Typography.TitleSize, Typography.Ink, bold: true);
        top += TitleHeight;
        foreach (var row in rows)
        {
            var plotTop = row.Max(panel => panel.Above);
            foreach (var (column, panel) in row.Index())
            {
                var left = column * CellWidth + Edge;
                var at = top;
                canvas.Group("panel", () => panel.Draw(canvas, left, at, plotTop));
            }

            top += RowHeight(row) + RowGap;
        }

        if (legend > 0)
            canvas.Group("legend", () => _shared!.Draw(canvas, Edge + _panels[0].Left, top - RowGap + 8));
        return canvas.Finish();
    }

    private static double RowHeight(PanelLayout[] row) => row.Max(panel => panel.Above) + row.Max(panel => panel.Height + panel.Below);

    private static IEnumerable<(string, SeriesKind, int)> Entries(Panel panel) =>
        panel.Series.Select((series, index) => (series.Name, series.Kind, series.Style ?? index));

    private string Description() => string.Join(
        ' ',
        _figure.Panels.Select(panel =>
            $"{(string.IsNullOrWhiteSpace(panel.Title) ? "" : panel.Title + ": ")}{panel.Y.Label} against {panel.X.Label}; "
            + $"{string.Join(", ", panel.Series.Select(series => series.Name))}."));
}
