using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using OxyPlot;

namespace Emergence.Figures;

/// <summary>
/// Draws for OxyPlot as SVG. Its own exporter measures and writes no text beyond Latin-1, styles by attributes that a strict
/// content security policy forbids, and gives every picture the same ids; this one does not.
/// </summary>
internal sealed class SvgCanvas : ClippingRenderContext
{
    /// <summary>Symbols and lines at the edge of a plot are drawn whole.</summary>
    private const double ClipMargin = 5;

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private readonly XElement _root;
    private readonly XElement _definitions = new(Svg + "defs");
    private readonly Dictionary<OxyRect, XElement> _clips = [];
    private readonly List<(XElement Group, XElement Clip)> _clipped = [];
    private XElement _current;
    private XElement? _clip;

    public SvgCanvas(double width, double height, string title, string description)
    {
        Width = width;
        Height = height;
        _root = new(
            Svg + "svg",
            new XAttribute("viewBox", $"0 0 {Number(width)} {Number(height)}"),
            new XAttribute("width", Number(width)),
            new XAttribute("height", Number(height)),
            new XAttribute("role", "img"),
            new XAttribute("font-family", Typography.Font),
            new XElement(Svg + "title", Printable(title)),
            new XElement(Svg + "desc", Printable(description)),
            _definitions,
            new XElement(
                Svg + "rect", new XAttribute("width", "100%"), new XAttribute("height", "100%"), new XAttribute("fill", "#fff")));
        _current = _root;
    }

    public double Width { get; }

    public double Height { get; }

    /// <summary>Draws what <paramref name="draw"/> draws into a group of its own.</summary>
    public void Group(string name, Action draw)
    {
        var outer = _current;
        Open(new XElement(Svg + "g", new XAttribute("class", name)));
        draw();
        _current = outer;
    }

    /// <summary>Writes a text, lines apart at \n.</summary>
    public void Write(
        ScreenPoint at,
        string text,
        double size,
        OxyColor colour,
        HorizontalAlignment horizontal = HorizontalAlignment.Left,
        VerticalAlignment vertical = VerticalAlignment.Top,
        bool bold = false,
        double rotation = 0) =>
        DrawText(at, text, colour, null, size, bold ? FontWeights.Bold : FontWeights.Normal, rotation, horizontal, vertical, null);

    /// <summary>Ends the picture: its text, with lines that end in \n.</summary>
    public string Finish()
    {
        if (!_definitions.HasElements)
            _definitions.Remove();
        // Ids made of the content: several figures on one page do not meet, and the same figure is the same text.
        var content = Encoding.UTF8.GetBytes(_root.ToString(SaveOptions.DisableFormatting));
        var id = Convert.ToHexStringLower(SHA256.HashData(content))[..8];
        foreach (var (clip, index) in _clips.Values.Select((clip, index) => (clip, index)))
            clip.SetAttributeValue("id", $"clip-{id}-{index}");
        foreach (var (group, clip) in _clipped)
            group.SetAttributeValue("clip-path", $"url(#{clip.Attribute("id")!.Value})");
        return _root.ToString().ReplaceLineEndings("\n") + "\n";
    }

    public override void DrawLine(
        IList<ScreenPoint> points, OxyColor stroke, double thickness, EdgeRenderingMode edges, double[]? dashArray, LineJoin lineJoin)
    {
        if (points.Count > 1)
            Draw("polyline", points, OxyColors.Undefined, stroke, thickness, dashArray);
    }

    public override void DrawPolygon(
        IList<ScreenPoint> points,
        OxyColor fill,
        OxyColor stroke,
        double thickness,
        EdgeRenderingMode edges,
        double[]? dashArray,
        LineJoin lineJoin) => Draw("polygon", points, fill, stroke, thickness, dashArray);

    public override void DrawEllipse(OxyRect rect, OxyColor fill, OxyColor stroke, double thickness, EdgeRenderingMode edges)
    {
        var ellipse = new XElement(
            Svg + "ellipse",
            new XAttribute("cx", Number(rect.Center.X)),
            new XAttribute("cy", Number(rect.Center.Y)),
            new XAttribute("rx", Number(rect.Width / 2)),
            new XAttribute("ry", Number(rect.Height / 2)));
        Paint(ellipse, fill, stroke, thickness, null);
    }

    public override void DrawText(
        ScreenPoint p,
        string? text,
        OxyColor fill,
        string? fontFamily,
        double fontSize,
        double fontWeight,
        double rotation,
        HorizontalAlignment horizontalAlignment,
        VerticalAlignment verticalAlignment,
        OxySize? maxSize)
    {
        if (string.IsNullOrEmpty(text))
            return;
        var lines = text.Split('\n');
        var step = Typography.LineHeight(fontSize);
        // From the reference point to the first baseline: ascent, half of a capital's height, or descent.
        var baseline = verticalAlignment switch
        {
            VerticalAlignment.Top => 0.95 * fontSize,
            VerticalAlignment.Middle => 0.36 * fontSize - (lines.Length - 1) * step / 2,
            _ => -0.26 * fontSize - (lines.Length - 1) * step,
        };
        foreach (var (line, index) in lines.Select((line, index) => (line, index)))
        {
            var element = new XElement(
                Svg + "text",
                new XAttribute("x", Number(p.X)),
                new XAttribute("y", Number(p.Y + baseline + index * step)),
                new XAttribute("font-size", Number(fontSize)),
                Printable(line));
            if (fontWeight > 500)
                element.SetAttributeValue("font-weight", "bold");
            if (horizontalAlignment != HorizontalAlignment.Left)
                element.SetAttributeValue("text-anchor", horizontalAlignment == HorizontalAlignment.Right ? "end" : "middle");
            if (rotation != 0)
                element.SetAttributeValue("transform", $"rotate({Number(rotation)} {Number(p.X)} {Number(p.Y)})");
            element.SetAttributeValue("fill", Colour(fill));
            _current.Add(element);
        }
    }

    public override OxySize MeasureText(string? text, string? fontFamily, double fontSize, double fontWeight) =>
        string.IsNullOrEmpty(text)
            ? OxySize.Empty
            : new(Typography.Width(text, fontSize, fontWeight > 500), Typography.Height(text, fontSize));

    /// <summary>OxyPlot calls it before and after a series: what is drawn between becomes a group with that title.</summary>
    public override void SetToolTip(string? text)
    {
        if (_current.Attribute("class")?.Value == "series")
            _current = _current.Parent!;
        if (!string.IsNullOrEmpty(text))
            Open(new XElement(Svg + "g", new XAttribute("class", "series"), new XElement(Svg + "title", Printable(text))));
    }

    protected override void SetClip(OxyRect clippingRectangle)
    {
        if (!_clips.TryGetValue(clippingRectangle, out var clip))
        {
            var rect = clippingRectangle.Inflate(ClipMargin, ClipMargin);
            clip = new(
                Svg + "clipPath",
                new XElement(
                    Svg + "rect",
                    new XAttribute("x", Number(rect.Left)),
                    new XAttribute("y", Number(rect.Top)),
                    new XAttribute("width", Number(rect.Width)),
                    new XAttribute("height", Number(rect.Height))));
            _definitions.Add(clip);
            _clips.Add(clippingRectangle, clip);
        }

        Open(new XElement(Svg + "g"));
        _clip = _current;
        _clipped.Add((_current, clip));
    }

    // What was opened inside the clip ends with it.
    protected override void ResetClip() => _current = _clip!.Parent!;

    private void Open(XElement group)
    {
        _current.Add(group);
        _current = group;
    }

    private void Draw(string shape, IList<ScreenPoint> points, OxyColor fill, OxyColor stroke, double thickness, double[]? dashes)
    {
        var list = string.Join(' ', points.Select(point => $"{Number(point.X)},{Number(point.Y)}"));
        Paint(new(Svg + shape, new XAttribute("points", list)), fill, stroke, thickness, dashes);
    }

    private void Paint(XElement shape, OxyColor fill, OxyColor stroke, double thickness, double[]? dashes)
    {
        if (!fill.IsVisible() && (!stroke.IsVisible() || thickness == 0))
            return;
        shape.SetAttributeValue("fill", fill.IsVisible() ? Colour(fill) : "none");
        if (fill.IsVisible() && fill.A < 255)
            shape.SetAttributeValue("fill-opacity", Number(fill.A / 255.0));
        if (stroke.IsVisible() && thickness > 0)
        {
            shape.SetAttributeValue("stroke", Colour(stroke));
            shape.SetAttributeValue("stroke-width", Number(thickness));
            if (stroke.A < 255)
                shape.SetAttributeValue("stroke-opacity", Number(stroke.A / 255.0));
            shape.SetAttributeValue("stroke-linejoin", "round");
            if (dashes is { Length: > 0 })
                shape.SetAttributeValue("stroke-dasharray", string.Join(' ', dashes.Select(dash => Number(dash * thickness))));
        }

        _current.Add(shape);
    }

    private static string Colour(OxyColor colour) => $"#{colour.R:x2}{colour.G:x2}{colour.B:x2}";

    /// <summary>Two decimals are a hundredth of a pixel: finer than any print, and the same on every machine.</summary>
    private static string Number(double value) =>
        Math.Round(value, 2) is var rounded && rounded == 0 ? "0" : rounded.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>The text without what XML cannot hold: control characters and halves of surrogate pairs.</summary>
    private static string Printable(string text)
    {
        var printable = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var allowed = rune.Value is '\t' or '\n' or (>= 0x20 and not (0xFFFE or 0xFFFF));
            printable.Append(allowed ? rune.ToString() : "\uFFFD");
        }

        return printable.ToString();
    }
}
