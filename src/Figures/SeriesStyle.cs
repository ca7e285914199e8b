using OxyPlot;

namespace Emergence.Figures;

/// <summary>What tells one series from another: by colour, and without it by dash pattern and symbol.</summary>
internal sealed record SeriesStyle(OxyColor Colour, double[] Dashes, MarkerType Symbol, bool Hollow)
{
    // The palette of Okabe and Ito, safe for colour-blind readers. The first four are apart in grey too, dark to light; yellow,
    // which hardly shows on white, is darkened.
    private static readonly OxyColor[] Colours =
    [
        OxyColor.FromRgb(0x00, 0x00, 0x00), OxyColor.FromRgb(0x00, 0x72, 0xB2), OxyColor.FromRgb(0x00, 0x9E, 0x73),
        OxyColor.FromRgb(0xE6, 0x9F, 0x00), OxyColor.FromRgb(0xD5, 0x5E, 0x00), OxyColor.FromRgb(0xCC, 0x79, 0xA7),
        OxyColor.FromRgb(0x56, 0xB4, 0xE9), OxyColor.FromRgb(0xB8, 0xA9, 0x00),
    ];

    // In units of the line's width.
    private static readonly double[][] DashPatterns =
    [
        [], [5, 2], [1.6, 1.3], [7, 1.8, 1.5, 1.8], [10, 3], [4, 1.5, 1.5, 1.5, 1.5, 1.5], [2.8, 1.4],
    ];

    private static readonly MarkerType[] Symbols =
        [MarkerType.Circle, MarkerType.Square, MarkerType.Triangle, MarkerType.Diamond];

    /// <summary>The colour of an area, light enough to carry a black whisker.</summary>
    public OxyColor Fill => OxyColor.Interpolate(OxyColors.White, Colour, 0.55);

    public OxyColor SymbolFill => Hollow ? OxyColors.White : Colour;

    // A thin rim of paper keeps full symbols apart.
    public OxyColor SymbolStroke => Hollow ? Colour : OxyColors.White;

    public double SymbolStrokeWidth => Hollow ? 1.2 : 0.6;

    /// <summary>The style of an index; the combination repeats after 56.</summary>
    public static SeriesStyle At(int index)
    {
        var at = (index % 56 + 56) % 56;
        return new(Colours[at % 8], DashPatterns[at % 7], Symbols[at % 4], at / 4 % 2 == 1);
    }
}
