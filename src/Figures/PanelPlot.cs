using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Axes;

namespace Emergence.Figures;

/// <summary>A panel as an OxyPlot model: scales fitted to its plot area, series in their styles.</summary>
internal sealed class PanelPlot
{
    private const double TickLength = 4, TickGap = 3;

    private static readonly OxyColor Ink = OxyColor.FromRgb(0x26, 0x26, 0x26);
    private static readonly OxyColor Grid = OxyColor.FromRgb(0xE4, 0xE4, 0xE4);
    private static readonly OxyColor MarkerInk = OxyColor.FromRgb(0x59, 0x59, 0x59);

    private readonly Panel _panel;
    private readonly double _barSpacing;

    /// <summary>Works out both axes of a panel for a plot area of this size.</summary>
    /// <param name="panel">What is drawn.</param>
    /// <param name="width">Width of the plot area.</param>
    /// <param name="height">Height of the plot area.</param>
    /// <param name="neighbours">Panels whose values the horizontal axis covers too.</param>
    public PanelPlot(Panel panel, double width, double height, IEnumerable<Panel> neighbours)
    {
        _panel = panel;
        var bars = panel.Series.Where(series => series.Kind == SeriesKind.Bar).ToList();
        _barSpacing = Spacing(bars);
        var points = panel.Series.SelectMany(series => series.Points).Where(Drawn).ToList();
        var ys = points.SelectMany(point => (double[])[point.Y, point.Low ?? point.Y, point.High ?? point.Y]);
        X = AxisScale.Fit(
            panel.X,
            HorizontalValues(panel).Concat(neighbours.SelectMany(HorizontalValues)),
            (ticks, step) => step * width > 18 + ticks.Max(tick => Typography.Width(tick.Label, Typography.TickSize)),
            Reach.Data);
        Y = AxisScale.Fit(
            panel.Y,
            ys,
            (_, step) => step * height > 2.4 * Typography.TickSize,
            bars.Count > 0 ? Reach.Zero : Reach.NearZero);
        if (panel.X.Categories is { IsDefaultOrEmpty: false })
            X = X.WithWrappedLabels(width / (X.Maximum - X.Minimum) - 8);
        IsEmpty = points.Count == 0;
        Hidden = points.Count(point => double.IsNaN(X.Position(point.X)) || double.IsNaN(Y.Position(point.Y)));
    }

    public AxisScale X { get; }

    public AxisScale Y { get; }

    /// <summary>Whether there is nothing to draw.</summary>
    public bool IsEmpty { get; }

    /// <summary>Points that have no place on a logarithmic axis.</summary>
    public int Hidden { get; }

    /// <summary>Room for the labels of the vertical axis.</summary>
    public double LeftMargin => TickLength + TickGap + Widest(Y);

    /// <summary>Room for the labels of the horizontal axis.</summary>
    public double BottomMargin => TickLength + TickGap + (X.Ticks.Count == 0 ? 0 : X.Ticks.Max(tick => Typography.Height(tick.Label, Typography.TickSize)));

    /// <summary>How far the label of the last tick reaches beyond the horizontal axis, in a plot area of a width.</summary>
    public double Overhang(double width) => X.Ticks
        .Select(tick => Typography.Width(tick.Label, Typography.TickSize) / 2 - (X.Maximum - tick.Position) / (X.Maximum - X.Minimum) * width)
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
            DefaultFont = Typography.Font,
        };
        model.Axes.Add(ScaleAxis(X, AxisPosition.Bottom));
        model.Axes.Add(ScaleAxis(Y, AxisPosition.Left));
        foreach (var marker in _panel.Markers.Where(marker => double.IsFinite(X.Position(marker.X))))
        {
            model.Annotations.Add(new LineAnnotation
            {
                Type = LineAnnotationType.Vertical,
                X = X.Position(marker.X),
                Color = MarkerInk,
                StrokeThickness = 1,
                LineStyle = LineStyle.Dash,
                Layer = AnnotationLayer.BelowSeries,
            });
        }

        foreach (var series in new SeriesPlots(_panel, X, Y, _barSpacing).All)
            model.Series.Add(series);
        ((IPlotModel)model).Update(true);
        ((IPlotModel)model).Render(canvas, new OxyRect(0, 0, canvas.Width, canvas.Height));
        // OxyPlot paints its failure into the picture, where it could pass for a result.
        if (model.GetLastPlotException() is { } failure)
            throw new InvalidOperationException($"panel '{_panel.Title}': OxyPlot could not draw it", failure);
    }

    private static double Widest(AxisScale scale) =>
        scale.Ticks.Count == 0 ? 0 : scale.Ticks.Max(tick => Typography.Width(tick.Label, Typography.TickSize));

    private static bool Drawn(Point point) => AxisScale.CanBeDrawn(point.X) && AxisScale.CanBeDrawn(point.Y);

    private static IEnumerable<double> HorizontalValues(Panel panel)
    {
        var bars = panel.Series.Where(series => series.Kind == SeriesKind.Bar).ToList();
        var half = Spacing(bars) / 2;
        return panel.Series.SelectMany(series => series.Points).Where(Drawn).Select(point => point.X)
            .Concat(panel.Markers.Select(marker => marker.X))
            .Concat(bars.SelectMany(series => series.Points).Where(Drawn).SelectMany(point => (double[])[point.X - half, point.X + half]));
    }

    private static double Spacing(IReadOnlyList<Series> bars)
    {
        double[] places = [.. bars.SelectMany(series => series.Points).Where(Drawn).Select(point => point.X).Distinct().Order()];
        return places.Length < 2 ? 1 : places.Zip(places.Skip(1), (left, right) => right - left).Min();
    }

    private static FixedAxis ScaleAxis(AxisScale scale, AxisPosition position) => new(scale)
    {
        Position = position,
        Minimum = scale.Minimum,
        Maximum = scale.Maximum,
        FontSize = Typography.TickSize,
        TextColor = Ink,
        TicklineColor = Ink,
        MinorTicklineColor = Ink,
        AxislineColor = Ink,
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
}
