using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace Emergence.Figures;

/// <summary>Where a text is anchored.</summary>
internal enum Anchor
{
    Start,
    Middle,
    End,
}

/// <summary>Shapes and texts of a picture, added to one of its elements.</summary>
/// <param name="parent">The element.</param>
internal readonly struct SvgDrawing(XElement parent)
{
    public static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    /// <summary>An empty picture on white.</summary>
    /// <param name="title">Its title.</param>
    /// <param name="description">What it shows, for those who do not see it.</param>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    public static XElement Root(string title, string description, double width, double height) => new(
        Svg + "svg",
        new XAttribute("viewBox", $"0 0 {Number(width)} {Number(height)}"),
        new XAttribute("width", Number(width)),
        new XAttribute("height", Number(height)),
        new XAttribute("role", "img"),
        new XAttribute("font-family", Typography.Font),
        new XElement(Svg + "title", Printable(title)),
        new XElement(Svg + "desc", Printable(description)),
        new XElement(Svg + "rect", new XAttribute("width", "100%"), new XAttribute("height", "100%"),
            new XAttribute("fill", "#fff")));

    /// <summary>A part of the picture with a name, with its origin at a point.</summary>
    public SvgDrawing Group(string name, double left = 0, double top = 0) =>
        new(Add("g", ("class", name), left == 0 && top == 0 ? null : ("transform", $"translate({Number(left)} {Number(top)})")));

    /// <summary>A window: what reaches beyond it is cut off. Without an id, so that several pictures on one page do not
    /// meet.</summary>
    public SvgDrawing Window(double left, double top, double width, double height) => new(Add(
        "svg", ("x", Number(left)), ("y", Number(top)), ("width", Number(width)), ("height", Number(height)),
        ("viewBox", $"{Number(left)} {Number(top)} {Number(width)} {Number(height)}")));

    public void Line(double x1, double y1, double x2, double y2, string stroke, string? dashes = null) => Add(
        "line", ("x1", Number(x1)), ("y1", Number(y1)), ("x2", Number(x2)), ("y2", Number(y2)), ("stroke", stroke),
        dashes is null ? null : ("stroke-dasharray", dashes));

    public void Polyline(IEnumerable<(double X, double Y)> points, string stroke, double width, string? dashes) => Add(
        "polyline", ("points", Points(points)), ("fill", "none"), ("stroke", stroke), ("stroke-width", Number(width)),
            ("stroke-linejoin", "round"),
        dashes is null ? null : ("stroke-dasharray", dashes));

    public void Polygon(IEnumerable<(double X, double Y)> points, string fill, string? stroke = null, double opacity = 1) => Add(
        "polygon", ("points", Points(points)), ("fill", fill), stroke is null ? null : ("stroke", stroke),
        opacity == 1 ? null : ("fill-opacity", Number(opacity)));

    public void Circle(double x, double y, double radius, string fill, string stroke) =>
        Add("circle", ("cx", Number(x)), ("cy", Number(y)), ("r", Number(radius)), ("fill", fill), ("stroke", stroke));

    /// <summary>A text, lines apart at \n.</summary>
    /// <param name="x">Where it is anchored.</param>
    /// <param name="top">Its upper edge; of a turned text, that of its first line, seen along it.</param>
    /// <param name="text">The text.</param>
    /// <param name="size">Size of the font.</param>
    /// <param name="anchor">What stands at <paramref name="x"/>.</param>
    /// <param name="ink">Its color.</param>
    /// <param name="bold">Whether it is bold.</param>
    /// <param name="isTurned">Whether it runs upwards; <paramref name="x"/> and <paramref name="top"/> are then along it and
    /// across.</param>
    public void Text(
        double x, double top, string text, double size, Anchor anchor = Anchor.Start, string ink = Typography.Ink,
            bool bold = false, bool isTurned = false)
    {
        foreach (var (row, line) in text.Split('\n').Index())
        {
            var foot = top + row * Typography.LineHeight(size) + 0.95 * size;
            var element = Add(
                "text", ("x", Number(x)), ("y", Number(foot)), ("font-size", Number(size)), ("fill", ink),
                anchor == Anchor.Start ? null : ("text-anchor", anchor == Anchor.Middle ? "middle" : "end"),
                bold ? ("font-weight", "bold") : null, isTurned ? ("transform", "rotate(-90)") : null);
            element.Value = Printable(line);
        }
    }

    /// <summary>The text without characters that XML cannot hold.</summary>
    public static string Printable(string text)
    {
        var printable = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            printable.Append(rune.Value is '\t' or '\n' or (>= 0x20 and not (0xFFFE or 0xFFFF)) ? rune.ToString() : "\uFFFD");
        return printable.ToString();
    }

    /// <summary>A coordinate to a hundredth.</summary>
    public static string Number(double value) => (Math.Round(value, 2) + 0.0).ToString("0.##", CultureInfo.InvariantCulture);

    private static string Points(IEnumerable<(double X, double Y)> points) =>
        string.Join(' ', points.Select(point => $"{Number(point.X)},{Number(point.Y)}"));

    private XElement Add(string name, params ReadOnlySpan<(string Name, string Value)?> attributes)
    {
        var element = new XElement(Svg + name);
        foreach (var attribute in attributes)
        {
            if (attribute is var (key, value))
                element.SetAttributeValue(key, value);
        }
        parent.Add(element);
        return element;
    }
}
