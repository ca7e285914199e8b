using System.Collections.Immutable;
using Emergence.Pages;
using OxyPlot;

namespace Emergence.Figures;

/// <summary>Where the parts of one panel stand: heading and marker labels above the plot, axis label, legend and note below.</summary>
internal sealed class PanelLayout
{
    private const double LabelGap = 5, UsualWidth = 320, MarkerSize = Typography.NoteSize;

    private readonly Panel[] _neighbours;
    private readonly string _yLabel;
    private PanelPlot _plot;
    private string _title = "", _xLabel = "", _note = "";
    private Legend? _legend;
    private List<(double Middle, double Width, int Row, string Label)> _markers = [];
    private double _width, _tickMargin;

    /// <summary>Begins with what does not depend on the other panels.</summary>
    /// <param name="panel">What is drawn.</param>
    /// <param name="height">Height of the plot area.</param>
    /// <param name="column">The panels that stand in its column: their equal horizontal axes cover the same range.</param>
    public PanelLayout(Panel panel, double height, IEnumerable<Panel> column)
    {
        _neighbours = [.. column.Where(other => SharesAxis(panel.X, other.X))];
        Panel = panel;
        Height = height;
        _yLabel = Typography.Wrap(panel.Y.Label, height, Typography.LabelSize);
        // The labels of the vertical axis do not depend on the width, which follows from the room they need.
        _plot = new PanelPlot(panel, UsualWidth, height, _neighbours);
    }

    public Panel Panel { get; }

    /// <summary>Height of the plot area.</summary>
    public double Height { get; }

    /// <summary>Room for the labels of its vertical ticks.</summary>
    public double TickMargin => _plot.LeftMargin;

    /// <summary>Room for the label of its vertical axis, left of those.</summary>
    public double LabelMargin => _yLabel.Length == 0 ? 0 : Typography.Height(_yLabel, Typography.LabelSize) + LabelGap;

    /// <summary>Room for labels of its horizontal axis that reach further left than the axis.</summary>
    public double LeftOverhang => _plot.LeftOverhang(UsualWidth);

    /// <summary>Room it needs right of it.</summary>
    public double RightMargin => _plot.RightOverhang(UsualWidth);

    /// <summary>Room it was given left of its plot area.</summary>
    public double Left { get; private set; }

    /// <summary>Room above the plot area.</summary>
    public double Above { get; private set; }

    /// <summary>Room below it.</summary>
    public double Below { get; private set; }

    private double MarkerRows => _markers.Count == 0 ? 0 : 1 + _markers.Max(marker => marker.Row);

    /// <summary>Whether two axes measure the same, so that one range and one label will do.</summary>
    public static bool SharesAxis(Axis one, Axis other) =>
        one with { Categories = [] } == other with { Categories = [] } && Names(one).SequenceEqual(Names(other));

    /// <summary>Lays the panel out.</summary>
    /// <param name="width">Width of the plot area.</param>
    /// <param name="left">Room left of the plot area.</param>
    /// <param name="tickMargin">How much of that the column needs for the labels of ticks.</param>
    /// <param name="sharesLegend">Whether the legend stands elsewhere.</param>
    /// <param name="ownsLabel">Whether the label of the horizontal axis stands here, not below the panel underneath.</param>
    public void Place(double width, double left, double tickMargin, bool sharesLegend, bool ownsLabel)
    {
        _width = width;
        Left = left;
        _tickMargin = tickMargin;
        _plot = new PanelPlot(Panel, width, Height, _neighbours);
        _title = Typography.Wrap(Panel.Title ?? "", width, Typography.PanelTitleSize, bold: true);
        _xLabel = ownsLabel ? Typography.Wrap(Panel.X.Label, width, Typography.LabelSize) : "";
        _note = _plot.Hidden == 0 ? "" : Typography.Wrap(
            $"{_plot.Hidden} {(_plot.Hidden == 1 ? "point" : "points")} below zero not shown", width, Typography.NoteSize);
        _legend = sharesLegend ? null : new Legend(Panel.Series, width);
        _markers = [.. MarkerLabels()];
        Above = (_title.Length == 0 ? 0 : Typography.Height(_title, Typography.PanelTitleSize) + 4)
            + Math.Max(MarkerRows * Typography.LineHeight(MarkerSize), 4);
        Below = _plot.BottomMargin
            + (_xLabel.Length == 0 ? 0 : LabelGap + Typography.Height(_xLabel, Typography.LabelSize))
            + (_note.Length == 0 ? 0 : LabelGap + Typography.Height(_note, Typography.NoteSize))
            + (_legend is { Height: > 0 } ? 8 + _legend.Height : 0);
    }

    /// <summary>Draws the panel with the upper left corner of its cell at a point, and its plot area so far below that.</summary>
    public void Draw(SvgCanvas canvas, double cellLeft, double top, double above)
    {
        var area = new OxyRect(cellLeft + Left, top + above, _width, Height);
        if (_title.Length > 0)
            canvas.Write(new(area.Left, top + above - Above), _title, Typography.PanelTitleSize, Typography.Ink, bold: true);
        foreach (var marker in _markers)
        {
            var foot = area.Top - 1 - marker.Row * Typography.LineHeight(MarkerSize);
            canvas.Write(
                new(area.Left + marker.Middle, foot),
                marker.Label,
                MarkerSize,
                Typography.SoftInk,
                HorizontalAlignment.Center,
                VerticalAlignment.Bottom);
        }

        _plot.Draw(canvas, area);
        DrawBreaks(canvas, area);
        if (_plot.IsEmpty)
        {
            canvas.Write(
                area.Center, "no data", Typography.LabelSize, Typography.SoftInk, HorizontalAlignment.Center, VerticalAlignment.Middle);
        }

        canvas.Write(
            new(area.Left - _tickMargin - LabelGap, area.Center.Y),
            _yLabel,
            Typography.LabelSize,
            Typography.Ink,
            HorizontalAlignment.Center,
            VerticalAlignment.Bottom,
            rotation: -90);
        var below = area.Bottom + _plot.BottomMargin;
        TextBelow(_xLabel, Typography.LabelSize, Typography.Ink, area.Center.X, HorizontalAlignment.Center);
        TextBelow(_note, Typography.NoteSize, Typography.SoftInk, area.Left, HorizontalAlignment.Left);
        if (_legend is { Height: > 0 })
            canvas.Group("legend", () => _legend.Draw(canvas, area.Left, below + 8));

        void TextBelow(string text, double size, OxyColor colour, double at, HorizontalAlignment alignment)
        {
            if (text.Length == 0)
                return;
            canvas.Write(new(at, below + LabelGap), text, size, colour, alignment);
            below += LabelGap + Typography.Height(text, size);
        }
    }

    private static ImmutableArray<string> Names(Axis axis) => axis.Categories.IsDefault ? [] : axis.Categories;

    /// <summary>Labels centred over their lines, kept inside the cell, in as many rows as keep them apart.</summary>
    private IEnumerable<(double Middle, double Width, int Row, string Label)> MarkerLabels()
    {
        var ends = new List<double>();
        foreach (var marker in Panel.Markers.Where(marker => !double.IsNaN(_plot.X.Position(marker.X))).OrderBy(marker => marker.X))
        {
            var at = _plot.X.Part(_plot.X.Position(marker.X)) * _width;
            if (at < -0.5 || at > _width + 0.5)
                continue;
            var label = marker.Label.ReplaceLineEndings(" ");
            var width = Typography.Width(label, MarkerSize);
            var middle = Math.Min(Math.Max(at, width / 2 - Left), Math.Max(_width - width / 2, width / 2 - Left));
            var row = ends.FindIndex(end => end + 6 <= middle - width / 2);
            if (row < 0)
            {
                row = ends.Count;
                ends.Add(0);
            }

            ends[row] = middle + width / 2;
            yield return (middle, width, row, label);
        }
    }

    /// <summary>Two strokes across an axis where it leaps from the smallest power to zero.</summary>
    private void DrawBreaks(SvgCanvas canvas, OxyRect area)
    {
        if (_plot.X.Break is { } x)
            Strokes(new(area.Left + _plot.X.Part(x) * area.Width, area.Bottom), new(2, -4), new(3, 0));
        if (_plot.Y.Break is { } y)
            Strokes(new(area.Left, area.Bottom - _plot.Y.Part(y) * area.Height), new(4, -2), new(0, 3));

        void Strokes(ScreenPoint at, ScreenVector along, ScreenVector apart)
        {
            canvas.DrawLine([at - apart * 0.5, at + apart * 0.5], OxyColors.White, 3, EdgeRenderingMode.Automatic, null, LineJoin.Round);
            foreach (var middle in (ScreenPoint[])[at - apart * 0.5, at + apart * 0.5])
                canvas.DrawLine([middle - along, middle + along], Typography.Ink, 1, EdgeRenderingMode.Automatic, null, LineJoin.Round);
        }
    }
}
