using Emergence.Pages;
using OxyPlot;
using OxyPlot.Series;
using Series = Emergence.Pages.Series;

namespace Emergence.Figures;

/// <summary>The series of a panel as OxyPlot draws them: ranges below, then bars and lines, symbols on top.</summary>
internal sealed class SeriesPlots(Panel panel, AxisScale x, AxisScale y)
{
    public const double SymbolSize = 3.2, LineWidth = 1.6;

    private const double GroupWidth = 0.8, BarWidth = 0.94;
    private const int SymbolsPerLine = 9;
    private const byte BandOpacity = 38;

    private readonly double _spacing = GroupSpacing(panel);
    private readonly List<Series> _bars = [.. panel.Series.Where(series => series.Kind == SeriesKind.Bar)];

    /// <summary>Distance between two groups of bars: the least between two of their places.</summary>
    public static double GroupSpacing(Panel panel)
    {
        double[] places =
        [
            .. panel.Series.Where(series => series.Kind == SeriesKind.Bar)
                .SelectMany(series => series.Points).Where(PanelPlot.IsDrawn).Select(point => point.X).Distinct().Order(),
        ];
        return places.Length < 2 ? 1 : places.Zip(places.Skip(1), (left, right) => right - left).Min();
    }

    public IEnumerable<OxyPlot.Series.Series> All
    {
        get
        {
            var series = panel.Series.Select((one, index) => (Series: one, Style: SeriesStyle.At(one.Style ?? index), Index: index)).ToList();
            return
            [
                .. series.SelectMany(item => Named(item.Series, Ranges(item.Series, item.Style))),
                .. series.SelectMany(item => Named(item.Series, Shapes(item.Series, item.Style))),
                .. series.SelectMany(item => Named(item.Series, Symbols(item.Series, item.Style, item.Index))),
            ];
        }
    }

    private static IEnumerable<OxyPlot.Series.Series> Named(Series series, IEnumerable<OxyPlot.Series.Series> plots) =>
        plots.Select(plot =>
        {
            plot.ToolTip = series.Name;
            return plot;
        });

    /// <summary>A band behind a line.</summary>
    private IEnumerable<OxyPlot.Series.Series> Ranges(Series series, SeriesStyle style)
    {
        if (series.Kind != SeriesKind.Line)
            yield break;
        foreach (var run in Runs(series).Where(run => run.Count > 1 && run.Any(place => place.High != place.Low)))
        {
            var band = new AreaSeries
            {
                Color = OxyColors.Transparent,
                Fill = OxyColor.FromAColor(BandOpacity, style.Colour),
                StrokeThickness = 0,
                MinimumSegmentLength = 0,
            };
            band.Points.AddRange(run.Select(place => new DataPoint(place.X, place.High)));
            band.Points2.AddRange(run.Select(place => new DataPoint(place.X, place.Low)));
            yield return band;
        }
    }

    private IEnumerable<OxyPlot.Series.Series> Shapes(Series series, SeriesStyle style)
    {
        if (series.Kind == SeriesKind.Bar)
            yield return Bars(series, style);
        if (series.Kind == SeriesKind.Line)
        {
            var line = Stroke(style.Colour, LineWidth);
            line.Dashes = style.Dashes;
            line.Points.AddRange(series.Points.Select(Place).Select(place => new DataPoint(place.X, place.Y)));
            yield return line;
        }

        // A lone point has no neighbour to span a band with.
        var whiskers = Stroke(series.Kind == SeriesKind.Bar ? OxyColors.Black : style.Colour, 1);
        foreach (var place in Runs(series).Where(run => series.Kind != SeriesKind.Line || run.Count == 1).SelectMany(run => run))
        {
            if (place.Low != place.High)
                whiskers.Points.AddRange([new(place.X, place.Low), new(place.X, place.High), DataPoint.Undefined]);
        }

        if (whiskers.Points.Count > 0)
            yield return whiskers;
    }

    private RectangleBarSeries Bars(Series series, SeriesStyle style)
    {
        var half = _spacing * GroupWidth / _bars.Count / 2 * BarWidth;
        var bars = new RectangleBarSeries { FillColor = style.Fill, StrokeColor = style.Colour, StrokeThickness = 1 };
        foreach (var place in Runs(series).SelectMany(run => run))
            bars.Items.Add(new RectangleBarItem(place.X - half, y.Foot, place.X + half, place.Y));
        return bars;
    }

    private IEnumerable<OxyPlot.Series.Series> Symbols(Series series, SeriesStyle style, int index)
    {
        if (series.Kind == SeriesKind.Bar)
            yield break;
        var symbols = new ScatterSeries
        {
            MarkerType = style.Symbol,
            MarkerSize = SymbolSize,
            MarkerFill = style.SymbolFill,
            MarkerStroke = style.SymbolStroke,
            MarkerStrokeThickness = style.SymbolStrokeWidth,
        };
        symbols.Points.AddRange(Marked(series, index).Select(place => new ScatterPoint(place.X, place.Y)));
        yield return symbols;
    }

    /// <summary>All points of a scatter; of a long line a few, shifted from line to line so that they do not hide each other.</summary>
    private IEnumerable<Place> Marked(Series series, int index)
    {
        var stride = series.Kind == SeriesKind.Scatter ? 1 : (series.Points.Length + SymbolsPerLine - 1) / SymbolsPerLine;
        var shift = stride < 2 ? 0 : index * Math.Max(1, stride / Math.Max(1, panel.Series.Length)) % stride;
        var at = 0;
        foreach (var run in Runs(series))
        {
            foreach (var place in run)
            {
                if (run.Count == 1 || at++ % stride == shift)
                    yield return place;
            }
        }
    }

    /// <summary>Stretches of points without a gap.</summary>
    private IEnumerable<IReadOnlyList<Place>> Runs(Series series)
    {
        var run = new List<Place>();
        var shift = series.Kind == SeriesKind.Bar ? Slot(series) : 0;
        foreach (var place in series.Points.Select(Place))
        {
            if (double.IsNaN(place.X) || double.IsNaN(place.Y))
            {
                if (run.Count > 0)
                    yield return run;
                run = [];
                continue;
            }

            run.Add(place with { X = place.X + shift });
        }

        if (run.Count > 0)
            yield return run;
    }

    /// <summary>From the middle of a group of bars to the middle of this series' bar.</summary>
    private double Slot(Series series)
    {
        var at = _bars.FindIndex(other => ReferenceEquals(other, series));
        return _spacing * GroupWidth * ((at + 0.5) / _bars.Count - 0.5);
    }

    private Place Place(Point point)
    {
        var (px, py) = (x.Position(point.X), y.Position(point.Y));
        if (double.IsNaN(px) || double.IsNaN(py))
            return new(double.NaN, double.NaN, double.NaN, double.NaN);
        return new(px, py, End(point.Low), End(point.High));

        double End(double? bound)
        {
            var end = bound is { } value ? y.Position(value) : py;
            // On a logarithmic axis a range may begin below zero.
            return double.IsNaN(end) ? bound is <= 0 ? y.Minimum : py : end;
        }
    }

    private static LineSeries Stroke(OxyColor colour, double width) => new()
    {
        Color = colour,
        StrokeThickness = width,
        LineJoin = LineJoin.Round,
        MinimumSegmentLength = 0,
        BrokenLineStyle = LineStyle.None,
    };
}

/// <summary>Where a point and the ends of its range stand on the two scales.</summary>
internal readonly record struct Place(double X, double Y, double Low, double High);
