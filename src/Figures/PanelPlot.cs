using Emergence.Pages;
using OxyPlot.Annotations;
using OxyPlot.Axes;
using OxyPlot;

namespace Emergence.Figures;

/// <summary>A panel as an OxyPlot model: scales fitted to its plot area, series in their styles.</summary>
internal sealed class PanelPlot
{
    private const double TickLength = 4, TickGap = 3, SlantedAngle = 35;

    // Nearer to the foot of the plot, the axis itself is the line at zero.
    private const double ZeroLineAbove = 0.06;

    private static readonly OxyColor Grid = OxyColor.FromRgb(0xE4, 0xE4, 0xE4);

    private readonly Panel _panel;
    private double _slant;

    /// <summary>Works out both axes of a panel for a plot area of this size.</summary>
    /// <param name="panel">What is drawn.</param>
    /// <param name="width">Width of the plot area.</param>
    /// <param name="height">Height of the plot area.</param>
    /// <param name="neighbours">Panels whose values the horizontal axis covers too.</param>
    public PanelPlot(Panel panel, double width, double height, IEnumerable<Panel> neighbours)
    {
        _panel = panel;
        X = AxisScale.Fit(
            panel.X,
            HorizontalValues(panel).Concat(neighbours.SelectMany(HorizontalValues)),
            (ticks, spacing) => spacing * width > 18 + ticks.Max(tick => Typography.Width(tick.Label, Typography.TickSize)),
            Reach.Data);
        if (panel.X.Categories is { IsDefaultOrEmpty: false })
            FitCategories(width / (X.Maximum - X.Minimum) - 6);
        var points = panel.Series.SelectMany(series => series.Points).Where(IsDrawn).ToList();
        Y = AxisScale.Fit(
            panel.Y,
            points.SelectMany(point => (double[])[point.Y, point.Low ?? point.Y, point.High ?? point.Y]),
            (_, spacing) => spacing * height > 2.4 * Typography.TickSize,
            panel.Series.Any(series => series.Kind == SeriesKind.Bar) ? Reach.Zero : Reach.NearZero);
        IsEmpty = points.Count == 0;
        Hidden = points.Count(point => double.IsNaN(X.Position(point.X)) || double.IsNaN(Y.Position(point.Y)));
    }

    public AxisScale X { get; private set; }

    public AxisScale Y { get; }

    /// <summary>Whether there is nothing to draw.</summary>
    public bool IsEmpty { get; }

    /// <summary>Points that have no place on a logarithmic axis.</summary>
    public int Hidden { get; }

    /// <summary>Room for the labels of the vertical axis.</summary>
    public double LeftMargin => TickLength + TickGap + Y.Ticks.Select(LabelWidth).Append(0).Max();

    /// <summary>Room for the labels of the horizontal axis.</summary>
    public double BottomMargin => TickLength + TickGap + X.Ticks
        .Select(tick => Typography.Height(tick.Label, Typography.TickSize) + LabelWidth(tick) * Math.Sin(_slant))
        .Append(0).Max();

    /// <summary>How far labels reach beyond the left end of the horizontal axis, in a plot area of a width.</summary>
    public double LeftOverhang(double width) => X.Ticks
        .Select(tick => LabelWidth(tick) * (_slant > 0 ? Math.Cos(_slant) : 0.5) - X.Part(tick.Position) * width)
        .Append(0).Max();

    /// <summary>How far they reach beyond its right end.</summary>
    public double RightOverhang(double width) => X.Ticks
        .Select(tick => LabelWidth(tick) * (_slant > 0 ? 0 : 0.5) - (1 - X.Part(tick.Position)) * width)
        .Append(0).Max();

    /// <summary>Draws axes and series into a plot area.</summary>
    /// <exception cref="InvalidOperationException">OxyPlot could not draw the panel.</exception>
    public void Draw(SvgCanvas canvas, OxyRect area)
    {
        var model = new PlotModel
        {
            PlotAreaBorderThickness = new OxyThickness(0),
            Padding = new OxyThickness(0),
            PlotMargins = new OxyThickness(area.Left, area.Top, canvas.Width - area.Right, canvas.Height - area.Bottom),
        };
        // The grid comes with the vertical axis; the horizontal one is drawn over it.
        model.Axes.Add(ScaleAxis(Y, AxisPosition.Left));
        model.Axes.Add(ScaleAxis(X, AxisPosition.Bottom));
        if (!Y.IsLogarithmic && Y.Maximum > 0 && Y.Minimum < 0 && Y.Part(0) > ZeroLineAbove)
            model.Annotations.Add(Line(LineAnnotationType.Horizontal, 0, LineStyle.Solid));
        foreach (var marker in _panel.Markers.Where(marker => !double.IsNaN(X.Position(marker.X))))
            model.Annotations.Add(Line(LineAnnotationType.Vertical, X.Position(marker.X), LineStyle.Dash));
        foreach (var series in new SeriesPlots(_panel, X, Y).All)
            model.Series.Add(series);
        ((IPlotModel)model).Update(true);
        ((IPlotModel)model).Render(canvas, new OxyRect(0, 0, canvas.Width, canvas.Height));
        // OxyPlot paints its failure into the picture, where it could pass for a result.
        if (model.GetLastPlotException() is { } failure)
            throw new InvalidOperationException($"panel '{_panel.Title}': OxyPlot could not draw it", failure);
    }

    /// <summary>Whether a point is more than a gap.</summary>
    public static bool IsDrawn(Point point) => AxisScale.CanBeDrawn(point.X) && AxisScale.CanBeDrawn(point.Y);

    private static double LabelWidth(Tick tick) => Typography.Width(tick.Label, Typography.TickSize);

    private static IEnumerable<double> HorizontalValues(Panel panel)
    {
        var half = SeriesPlots.GroupSpacing(panel) / 2;
        return panel.Series
            .SelectMany(series => series.Points.Where(IsDrawn).SelectMany(point =>
                series.Kind == SeriesKind.Bar ? (double[])[point.X - half, point.X + half] : [point.X]))
            .Concat(panel.Markers.Select(marker => marker.X));
    }

    /// <summary>Breaks the names of categories into lines that fit, or slants them where a word does not.</summary>
    private void FitCategories(double room)
    {
        if (X.Ticks.SelectMany(tick => tick.Label.Split()).All(word => Typography.Width(word, Typography.TickSize) <= room))
            X = X.WithWrappedLabels(room);
        else
            _slant = SlantedAngle * Math.PI / 180;
    }

    private FixedAxis ScaleAxis(AxisScale scale, AxisPosition position) => new(scale)
    {
        Position = position,
        Angle = position == AxisPosition.Bottom && _slant > 0 ? -SlantedAngle : 0,
        FontSize = Typography.TickSize,
        TextColor = Typography.Ink,
        TicklineColor = Typography.Ink,
        MinorTicklineColor = Typography.Ink,
        AxislineColor = Typography.Ink,
        AxislineStyle = LineStyle.Solid,
        AxislineThickness = 1,
        MajorTickSize = TickLength,
        MinorTickSize = TickLength / 2,
        AxisTickToLabelDistance = TickGap,
        TickStyle = TickStyle.Outside,
        MajorGridlineStyle = position == AxisPosition.Left ? LineStyle.Solid : LineStyle.None,
        MajorGridlineColor = Grid,
        MajorGridlineThickness = 1,
    };

    private static LineAnnotation Line(LineAnnotationType type, double at, LineStyle style) => new()
    {
        Type = type,
        X = at,
        Y = at,
        Color = Typography.SoftInk,
        StrokeThickness = 1,
        LineStyle = style,
        Layer = AnnotationLayer.BelowSeries,
    };
}
