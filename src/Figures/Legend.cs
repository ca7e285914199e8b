using Emergence.Pages;
using OxyPlot;

namespace Emergence.Figures;

/// <summary>The names of the series with a sample of each, in rows; where one row does not do, in columns of one width.</summary>
internal sealed class Legend
{
    private const double LineSample = 30, OtherSample = 14, SampleGap = 6, EntryGap = 18, RowGap = 3;

    private readonly List<(Series Series, SeriesStyle Style, string Name)> _entries;
    private readonly double _sampleWidth;
    private readonly int _columns;
    private readonly double[] _widths;

    /// <summary>Lays out the legend of these series within a width. A series without a name has no entry.</summary>
    public Legend(IReadOnlyList<Series> series, double width)
    {
        _sampleWidth = series.Any(one => one.Kind == SeriesKind.Line) ? LineSample : OtherSample;
        var room = width - _sampleWidth - SampleGap;
        _entries =
        [
            .. series.Select((one, index) => (one, SeriesStyle.At(one.Style ?? index), Wrapped(one.Name)))
                .Where(entry => !string.IsNullOrWhiteSpace(entry.one.Name)),
        ];
        _widths = [.. _entries.Select(entry => _sampleWidth + SampleGap + Typography.Width(entry.Name, Typography.LegendSize))];
        _columns = Math.Max(1, _entries.Count);
        if (_widths.Sum() + (_columns - 1) * EntryGap <= width)
            return;
        var widest = _widths.Max();
        var fitting = Math.Clamp((int)((width + EntryGap) / (widest + EntryGap)), 1, _entries.Count);
        var rows = (_entries.Count + fitting - 1) / fitting;
        _columns = (_entries.Count + rows - 1) / rows;
        Array.Fill(_widths, widest);

        string Wrapped(string name) => Typography.Wrap(name, room, Typography.LegendSize);
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
                canvas.Write(new(at + _sampleWidth + SampleGap, top), name, Typography.LegendSize, Typography.Ink);
                at += _widths[index] + EntryGap;
            }

            top += RowHeight(row) + RowGap;
        }
    }

    private static double RowHeight((Series Series, SeriesStyle Style, string Name)[] row) =>
        row.Max(entry => Typography.Height(entry.Name, Typography.LegendSize));

    private void Sample(SvgCanvas canvas, SeriesKind kind, SeriesStyle style, double left, double middle)
    {
        if (kind == SeriesKind.Bar)
        {
            var swatch = new OxyRect(left + _sampleWidth / 2 - 7, middle - 5, 14, 10);
            canvas.DrawRectangle(swatch, style.Fill, style.Colour, 1, EdgeRenderingMode.Automatic);
            return;
        }

        if (kind == SeriesKind.Line)
        {
            canvas.DrawLine(
                [new(left, middle), new(left + _sampleWidth, middle)],
                style.Colour,
                SeriesPlots.LineWidth,
                EdgeRenderingMode.Automatic,
                style.Dashes,
                LineJoin.Round);
        }

        canvas.DrawMarker(
            new ScreenPoint(left + _sampleWidth / 2, middle),
            style.Symbol,
            [],
            SeriesPlots.SymbolSize,
            style.SymbolFill,
            style.SymbolStroke,
            style.SymbolStrokeWidth,
            EdgeRenderingMode.Automatic);
    }
}
