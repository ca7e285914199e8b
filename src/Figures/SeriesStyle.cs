using OxyPlot;

namespace Emergence.Figures;

/// <summary>What tells one series from another: by colour, and without it by dash pattern and symbol.</summary>
internal sealed record SeriesStyle(OxyColor Colour, double[] Dashes, MarkerType Symbol, bool Hollow)
{
    // The palette of Okabe and Ito, safe for colour-blind readers; those with most contrast to paper come first, and yellow,
    // which hardly shows on white, is darkened.
    private static readonly OxyColor[] Colours =
    [
        OxyColor.FromRgb(0x00, 0x72, 0xB2), OxyColor.FromRgb(0xD5, 0x5E, 0x00), OxyColor.FromRgb(0x00, 0x9E, 0x73),
        OxyColor.FromRgb(0x00, 0x00, 0x00), OxyColor.FromRgb(0xCC, 0x79, 0xA7), OxyColor.FromRgb(0xE6, 0x9F, 0x00),
        OxyColor.FromRgb(0x56, 0xB4, 0xE9), OxyColor.FromRgb(0xB8, 0xA9, 0x00),
    ];

    // In units of the line's width.
    private static readonly double[][] DashPatterns =
    [
        [], [5, 2], [1.2, 1.8], [7, 2, 1.2, 2], [10, 3], [4, 1.5, 1.2, 1.5, 1.2, 1.5], [2.5, 1.5],
    ];

    private static readonly MarkerType[] Symbols =
        [MarkerType.Circle, MarkerType.Square, MarkerType.Triangle, MarkerType.Diamond];

    /// <summary>The style of an index; the combination repeats after 56.</summary>
    public static SeriesStyle At(int index)
    {
        var at = (index % 56 + 56) % 56;
        return new(Colours[at % 8], DashPatterns[at % 7], Symbols[at % 4], at / 4 % 2 == 1);
    }
}
