using Emergence.Pages;

namespace Emergence.Figures;

/// <summary>One panel: axes, grid, ranges, lines and symbols in its plot area, texts around it.</summary>
internal sealed class SvgPanel
{
    public const double LineWidth = 1.6;

    private const double Tick = 4, Gap = 3, LabelGap = 5, BandOpacity = 0.15;
    private const int SymbolsPerLine = 9;
    private const string Grid = "#e4e4e4";

    private readonly Panel _panel;
    private readonly AxisScale _x, _y;
    private readonly double _width, _height;
    private readonly string _title, _xLabel, _yLabel, _note;
    private readonly SvgLegend? _legend;
    private readonly (double X, double Middle, string Label, int Row)[] _markers;

    /// <summary>Works out everything but where the panel stands.</summary>
    /// <param name="panel">What is drawn.</param>
    /// <param name="width">Width of the plot area.</param>
    /// <param name="height">Its height.</param>
    /// <param name="sharing">The panels whose values the horizontal axis covers.</param>
    /// <param name="ownsLabel">Whether the label of the horizontal axis stands here, and not below another panel.</param>
    /// <param name="hasLegend">Whether the legend stands here, and not below the figure.</param>
    public SvgPanel(Panel panel, double width, double height, IEnumerable<Panel> sharing, bool ownsLabel, bool hasLegend)
    {
        (_panel, _width, _height) = (panel, width, height);
        _x = AxisScale.Fit(
            panel.X, sharing.SelectMany(other => other.Series.SelectMany(series => series.Points).Where(IsDrawn).Select(
                point => point.X).Concat(other.Markers.Select(marker => marker.X))),
            (ticks, spacing) => spacing * width > 18 + ticks.Max(tick => Typography.Width(tick.Label, Typography.TickSize)),
                Reach.Data);
        Point[] points = [.. panel.Series.SelectMany(series => series.Points).Where(IsDrawn)];
        _y = AxisScale.Fit(
            panel.Y, points.SelectMany(point => (double[])[point.Y, point.Low ?? point.Y, point.High ?? point.Y]),
            (_, spacing) => spacing * height > 2.4 * Typography.TickSize, Reach.NearZero);
        IsEmpty = points.Length == 0;
        var hidden = points.Count(point => double.IsNaN(_x.Position(point.X)) || double.IsNaN(_y.Position(point.Y)));
        _note = hidden == 0 ? "" : Typography.Wrap($"{hidden} {(hidden == 1 ? "point" : "points")} below zero not shown", width,
            Typography.NoteSize);
        _title = Typography.Wrap(panel.Title ?? "", width, Typography.PanelTitleSize, bold: true);
        _xLabel = ownsLabel ? Typography.Wrap(panel.X.Label, width, Typography.LabelSize) : "";
        _yLabel = Typography.Wrap(panel.Y.Label, height, Typography.LabelSize);
        _legend = hasLegend ? new SvgLegend(panel.Series, width) : null;
        _markers = [.. Rows(panel.Markers)];
    }

    /// <summary>Whether there is nothing to draw.</summary>
    public bool IsEmpty { get; }

    /// <summary>Room for texts left of the plot area.</summary>
    public double Left => Tick + Gap + TickWidth + (_yLabel.Length == 0 ? 0 : LabelGap +
        Typography.Height(_yLabel, Typography.LabelSize));

    /// <summary>Room above it.</summary>
    public double Above => (_title.Length == 0 ? 0 : Typography.Height(_title, Typography.PanelTitleSize) + 4)
        + Math.Max(4, _markers.Select(marker => marker.Row + 1).Append(0).Max() * Typography.LineHeight(Typography.NoteSize));

    /// <summary>Room below it.</summary>
    public double Below => Tick + Gap + Typography.LineHeight(Typography.TickSize) + Below1(_xLabel, Typography.LabelSize) +
        Below1(_note, Typography.NoteSize)
        + (_legend is { Height: > 0 } legend ? 8 + legend.Height : 0);

    private double TickWidth => _y.Ticks.Select(tick => Typography.Width(tick.Label, Typography.TickSize)).Append(0).Max();

    /// <summary>Whether a point is more than a gap.</summary>
    private static bool IsDrawn(Point point) => AxisScale.CanBeDrawn(point.X) && AxisScale.CanBeDrawn(point.Y);

    /// <summary>Draws it with the upper left corner of its plot area at the origin.</summary>
    public void Draw(SvgDrawing drawing)
    {
        drawing.Text(0, -Above, _title, Typography.PanelTitleSize, bold: true);
        DrawAxes(drawing);
        foreach (var (x, middle, label, row) in _markers)
        {
            drawing.Line(x, 0, x, _height, Typography.SoftInk, "4 3");
            drawing.Text(middle, -2 - (row + 1) * Typography.LineHeight(Typography.NoteSize), label, Typography.NoteSize,
                Anchor.Middle, Typography.SoftInk);
        }
        var plot = drawing.Window(-5, -5, _width + 10, _height + 10);
        foreach (var (index, series) in _panel.Series.Index())
            Draw(plot.Group("series"), series, SeriesStyle.At(series.Style ?? index), index);
        if (IsEmpty)
            drawing.Text(_width / 2, _height / 2, "no data", Typography.LabelSize, Anchor.Middle, Typography.SoftInk);
        var below = _height + Tick + Gap + Typography.LineHeight(Typography.TickSize);
        drawing.Text(_width / 2, below + LabelGap, _xLabel, Typography.LabelSize, Anchor.Middle);
        below += Below1(_xLabel, Typography.LabelSize);
        drawing.Text(0, below + LabelGap, _note, Typography.NoteSize, ink: Typography.SoftInk);
        _legend?.Draw(drawing, 0, below + Below1(_note, Typography.NoteSize) + 8);
    }

    private static double Below1(string text, double size) => text.Length == 0 ? 0 : LabelGap + Typography.Height(text, size);

    private void DrawAxes(SvgDrawing drawing)
    {
        foreach (var tick in _y.Ticks)
        {
            var y = Down(tick.Position);
            drawing.Line(0, y, _width, y, Grid);
            drawing.Line(-Tick, y, 0, y, Typography.Ink);
            drawing.Text(-Tick - Gap, y - Typography.TickSize * 0.6, tick.Label, Typography.TickSize, Anchor.End);
        }
        foreach (var y in _y.MinorTicks.Select(Down))
            drawing.Line(-Tick / 2, y, 0, y, Typography.Ink);
        foreach (var tick in _x.Ticks)
        {
            var x = Across(tick.Position);
            drawing.Line(x, _height, x, _height + Tick, Typography.Ink);
            drawing.Text(x, _height + Tick + Gap, tick.Label, Typography.TickSize, Anchor.Middle);
        }
        foreach (var x in _x.MinorTicks.Select(Across))
            drawing.Line(x, _height, x, _height + Tick / 2, Typography.Ink);
        if (!_y.IsLogarithmic && _y is { Minimum: < 0, Maximum: > 0 })
            drawing.Line(0, Down(0), _width, Down(0), Typography.SoftInk);
        drawing.Polyline([(0, 0), (0, _height), (_width, _height)], Typography.Ink, 1, null);
        // Where zero stands below powers of ten, the axis between them is no scale.
        if (_y.Break is { } broken)
            drawing.Polygon([(-4, Down(broken) + 4), (4, Down(broken)), (4, Down(broken) - 4), (-4, Down(broken))], "#ffffff",
                Typography.SoftInk);
        drawing.Text(-_height / 2, -Left, _yLabel, Typography.LabelSize, Anchor.Middle, isTurned: true);
    }

    private void Draw(SvgDrawing drawing, Series series, SeriesStyle style, int index)
    {
        var isLine = series.Kind switch
        {
            SeriesKind.Line => true,
            SeriesKind.Scatter => false,
            _ => throw new ArgumentException($"series '{series.Name}': pictures have no bars; draw it in a page", nameof(series)),
        };
        foreach (var run in Runs(series))
        {
            if (isLine && run.Count > 1 && run.Any(place => place.Low != place.High))
                drawing.Polygon([.. run.Select(place => (place.X, place.High)),
                    .. run.AsEnumerable().Reverse().Select(place => (place.X, place.Low))], style.Color, opacity: BandOpacity);
            if (isLine && run.Count > 1)
                drawing.Polyline(run.Select(place => (place.X, place.Y)), style.Color, LineWidth, style.Dashes);
            // A lone point has no neighbor to span a band with.
            foreach (var place in run.Where(place => place.Low != place.High && (!isLine || run.Count == 1)))
                drawing.Polyline([(place.X, place.Low), (place.X, place.High)], style.Color, 1, null);
        }
        foreach (var place in Marked(series, index))
            style.DrawSymbol(drawing, place.X, place.Y);
    }

    /// <summary>All points of a scatter; of a long line a few, shifted from line to line so that they do not hide each
    /// other.</summary>
    private IEnumerable<Place> Marked(Series series, int index)
    {
        var stride = series.Kind == SeriesKind.Scatter ? 1 : (series.Points.Length + SymbolsPerLine - 1) / SymbolsPerLine;
        var shift = stride < 2 ? 0 : index * Math.Max(1, stride / Math.Max(1, _panel.Series.Length)) % stride;
        var at = 0;
        return [.. Runs(series).SelectMany(run => run.Where(_ => run.Count == 1 || at++ % stride == shift))];
    }

    /// <summary>Stretches of points without a gap.</summary>
    private IEnumerable<List<Place>> Runs(Series series)
    {
        var run = new List<Place>();
        foreach (var place in series.Points.Select(PlaceOf))
        {
            if (place is { } known)
            {
                run.Add(known);
                continue;
            }
            if (run.Count > 0)
                yield return run;
            run = [];
        }
        if (run.Count > 0)
            yield return run;
    }

    private Place? PlaceOf(Point point)
    {
        var (x, y) = (_x.Position(point.X), _y.Position(point.Y));
        return double.IsNaN(x) || double.IsNaN(y) ? null : new Place(Across(x), Down(y), End(point.Low), End(point.High));

        double End(double? bound)
        {
            var end = bound is { } value ? _y.Position(value) : y;
            // On a logarithmic axis a range may begin below zero.
            return Down(!double.IsNaN(end) ? end : bound <= 0 ? _y.Minimum : y);
        }
    }

    private double Across(double position) => _x.Part(position) * _width;

    private double Down(double position) => (1 - _y.Part(position)) * _height;

    /// <summary>Labels of markers, in as many rows as keep them apart, within the plot area.</summary>
    private IEnumerable<(double X, double Middle, string Label, int Row)> Rows(IEnumerable<Marker> markers)
    {
        var ends = new List<double>();
        foreach (var marker in markers.Where(marker => !double.IsNaN(_x.Position(marker.X))).OrderBy(marker => marker.X))
        {
            var (x, half) = (Across(_x.Position(marker.X)), Typography.Width(marker.Label, Typography.NoteSize) / 2);
            var middle = Math.Clamp(x, half, Math.Max(half, _width - half));
            var row = ends.FindIndex(end => middle - half > end + 6);
            if (row < 0)
            {
                row = ends.Count;
                ends.Add(0);
            }
            ends[row] = middle + half;
            yield return (x, middle, marker.Label, row);
        }
    }

    private readonly record struct Place(double X, double Y, double Low, double High);
}
