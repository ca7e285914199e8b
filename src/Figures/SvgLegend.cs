using Emergence.Pages;

namespace Emergence.Figures;

/// <summary>The names of series with a sample of each, in rows of columns of one width.</summary>
internal sealed class SvgLegend
{
    private const double Sample = 30, Gap = 6, EntryGap = 18, RowGap = 3;

    private readonly (Series Series, SeriesStyle Style, string Name)[] _entries;
    private readonly double _column;
    private readonly int _columns;

    /// <summary>Lays it out within a width.</summary>
    public SvgLegend(IReadOnlyList<Series> series, double width)
    {
        _entries =
        [
            .. series.Select((one, index) => (one, SeriesStyle.At(one.Style ?? index),
                Typography.Wrap(one.Name, width - Sample - Gap, Typography.LegendSize)))
                .Where(entry => !string.IsNullOrWhiteSpace(entry.one.Name)),
        ];
        _column = Sample + Gap + EntryGap + _entries.Select(entry => Typography.Width(entry.Name, Typography.LegendSize)).Append(
            0).Max();
        var fitting = Math.Clamp((int)((width + EntryGap) / _column), 1, Math.Max(1, _entries.Length));
        // As few columns as the rows allow, so that the last row is not nearly empty.
        var rows = (_entries.Length + fitting - 1) / fitting;
        _columns = rows == 0 ? 1 : (_entries.Length + rows - 1) / rows;
    }

    /// <summary>Height of all rows; 0 without entries.</summary>
    public double Height => _entries.Chunk(_columns).Sum(row => RowHeight(row) + RowGap);

    public void Draw(SvgDrawing parent, double left, double top)
    {
        var drawing = parent.Group("legend");
        foreach (var row in _entries.Chunk(_columns))
        {
            foreach (var (index, (series, style, name)) in row.Index())
            {
                var (at, middle) = (left + index * _column, top + Typography.LineHeight(Typography.LegendSize) / 2);
                if (series.Kind == SeriesKind.Line)
                    drawing.Polyline([(at, middle), (at + Sample, middle)], style.Color, SvgPanel.LineWidth, style.Dashes);
                style.DrawSymbol(drawing, at + Sample / 2, middle);
                drawing.Text(at + Sample + Gap, top, name, Typography.LegendSize);
            }
            top += RowHeight(row) + RowGap;
        }
    }

    private static double RowHeight((Series Series, SeriesStyle Style, string Name)[] row) =>
        row.Max(entry => Typography.Height(entry.Name, Typography.LegendSize));
}
