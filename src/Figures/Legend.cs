using OxyPlot;

namespace Emergence.Figures;

/// <summary>The names of the series with a sample of each, in rows; where one row does not do, in columns of one width.</summary>
internal sealed class Legend
{
    private const double SampleWidth = 30, SampleGap = 6, EntryGap = 18, RowGap = 3;

    private static readonly OxyColor Ink = OxyColor.FromRgb(0x26, 0x26, 0x26);

    private readonly List<(Series Series, SeriesStyle Style, string Name)> _entries;
    private readonly int _columns;
    private readonly double[] _widths;

    /// <summary>Lays out the legend of these series within a width. A series without a name has no entry.</summary>
    public Legend(IReadOnlyList<Series> series, double width)
    {
        var room = width - SampleWidth - SampleGap;
        _entries =
        [
            .. series.Select((series, index) => (series, SeriesStyle.At(series.Style ?? index), Typography.Wrap(series.Name, room, Typography.LegendSize)))
                .Where(entry => !string.IsNullOrWhiteSpace(entry.series.Name)),
        ];
        _widths = [.. _entries.Select(entry => SampleWidth + SampleGap + Typography.Width(entry.Name, Typography.LegendSize))];
        _columns = Math.Max(1, _entries.Count);
        if (_widths.Sum() + (_columns - 1) * EntryGap <= width)
            return;
        var widest = _widths.Max();
        var fitting = Math.Clamp((int)((width + EntryGap) / (widest + EntryGap)), 1, _entries.Count);
        var rows = (_entries.Count + fitting - 1) / fitting;
        _columns = (_entries.Count + rows - 1) / rows;
        Array.Fill(_widths, widest);
    }

    /// <summary>Height of all rows; 0 without entries.</summary>
    public double Height => Rows.Sum(row => RowHeight(row) + RowGap);

    private IEnumerable<(Series Series, SeriesStyle Style, string Name)[]> Rows => _entries.Chunk(_columns);

    /// <summary>Draws it with its upper left corner at a point.</summary>
    public void Draw(SvgCanvas canvas, double left, double top)
    {
        foreach (var row in Rows)
        {
            var at = left;
            foreach (var (index, (series, style, name)) in row.Index())
            {
                var middle = top + Typography.LineHeight(Typography.LegendSize) / 2;
                Sample(canvas, series.Kind, style, at, middle);
                canvas.Write(new(at + SampleWidth + SampleGap, top), name, Typography.LegendSize, Ink);
                at += _widths[index] + EntryGap;
            }

            top += RowHeight(row) + RowGap;
        }
    }

    private static double RowHeight((Series Series, SeriesStyle Style, string Name)[] row) =>
        row.Max(entry => Typography.Height(entry.Name, Typography.LegendSize));

    private static void Sample(SvgCanvas canvas, SeriesKind kind, SeriesStyle style, double left, double middle)
    {
        if (kind == SeriesKind.Bar)
        {
            canvas.DrawRectangle(new OxyRect(left + 8, middle - 5, 14, 10), style.Colour, OxyColors.Undefined, 0, EdgeRenderingMode.Automatic);
            return;
        }

        if (kind == SeriesKind.Line)
        {
            canvas.DrawLine(
                [new(left, middle), new(left + SampleWidth, middle)],
                style.Colour,
                SeriesPlots.LineWidth,
                EdgeRenderingMode.Automatic,
                style.Dashes,
                LineJoin.Round);
        }

        canvas.DrawMarker(
            new ScreenPoint(left + SampleWidth / 2, middle),
            style.Symbol,
            [],
            SeriesPlots.SymbolSize,
            style.Hollow ? OxyColors.White : style.Colour,
            style.Hollow ? style.Colour : OxyColors.White,
            style.Hollow ? 1.2 : 0.6,
            EdgeRenderingMode.Automatic);
    }
}
