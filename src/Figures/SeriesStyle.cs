namespace Emergence.Figures;

/// <summary>What tells one series from another: by color, and without it by dash pattern and symbol.</summary>
internal sealed record SeriesStyle(string Color, string? Dashes, int Corners, bool IsHollow)
{
    private const double Radius = 3.2;

    // The palette of Okabe and Ito, safe for color-blind readers. The first four are apart in grey too, dark to light; yellow,
    // which hardly shows on white, is darkened.
    private static readonly string[] Colors = ["#000000", "#0072b2", "#009e73", "#e69f00", "#d55e00", "#cc79a7", "#56b4e9",
        "#b8a900"];

    private static readonly string?[] DashPatterns = [null, "8 3.2", "2.6 2.1", "11 2.9 2.4 2.9", "16 4.8",
        "6.4 2.4 2.4 2.4 2.4 2.4", "4.5 2.2"];

    // A circle has none.
    private static readonly int[] CornerCounts = [0, 4, 3, -4];

    /// <summary>The style of an index; the combination repeats after 56.</summary>
    public static SeriesStyle At(int index)
    {
        var at = (index % 56 + 56) % 56;
        return new(Colors[at % 8], DashPatterns[at % 7], CornerCounts[at % 4], at / 4 % 2 == 1);
    }

    /// <summary>Draws the symbol around a point. A thin rim of paper keeps full ones apart.</summary>
    public void DrawSymbol(SvgDrawing drawing, double x, double y)
    {
        var (fill, stroke) = IsHollow ? ("#ffffff", Color) : (Color, "#ffffff");
        if (Corners == 0)
        {
            drawing.Circle(x, y, Radius, fill, stroke);
            return;
        }
        // A square stands on a side, a diamond, with a negative count, on a corner, a triangle on its base.
        var (count, first) = (Math.Abs(Corners), Corners == 4 ? Math.PI / 4 : -Math.PI / 2);
        var radius = Radius * (count == 3 ? 1.35 : 1.25);
        drawing.Polygon(
            Enumerable.Range(0, count).Select(corner => first + corner * 2 * Math.PI / count).Select(
                angle => (x + radius * Math.Cos(angle), y + radius * Math.Sin(angle))),
            fill, stroke);
    }
}
