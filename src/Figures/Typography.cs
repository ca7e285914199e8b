using System.Globalization;

namespace Emergence.Figures;

/// <summary>Font, sizes, inks and a cautious estimate of what room a text takes: the reader's font is not known here.</summary>
internal static class Typography
{
    public const string Font = "Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif";
    public const double TickSize = 11, LabelSize = 12, PanelTitleSize = 12.5, TitleSize = 14, LegendSize = 11.5, NoteSize = 10.5;

    public const string Ink = "#262626", SoftInk = "#595959";

    public static double LineHeight(double size) => 1.25 * size;

    /// <summary>Width of the widest line: as wide as in the widest usual font, so that it fits in all.</summary>
    public static double Width(string text, double size, bool bold = false) =>
        text.Split('\n').Max(line => line.EnumerateRunes().Sum(rune => Em(rune.Value))) * size * (bold ? 1.12 : 1);

    /// <summary>Breaks a text into lines no wider than a width, between words, or inside a word that is
    /// wider by itself.</summary>
    public static string Wrap(string text, double width, double size, bool bold = false)
    {
        var lines = new List<string> { "" };
        foreach (var word in text.ReplaceLineEndings(" ").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var longer = lines[^1].Length == 0 ? word : $"{lines[^1]} {word}";
            if (Width(longer, size, bold) <= width)
            {
                lines[^1] = longer;
                continue;
            }

            if (lines[^1].Length > 0)
                lines.Add("");
            var elements = StringInfo.GetTextElementEnumerator(word);
            while (elements.MoveNext())
            {
                var element = elements.GetTextElement();
                if (lines[^1].Length > 0 && Width(lines[^1] + element, size, bold) > width)
                    lines.Add("");
                lines[^1] += element;
            }
        }

        return string.Join('\n', lines);
    }

    public static double Height(string text, double size) => (1 + text.Count(c => c == '\n')) * LineHeight(size);

    // Classes of DejaVu Sans, the widest of the fonts named above.
    private static double Em(int rune) => rune switch
    {
        < 0x80 when "ijlI.,' ".Contains((char)rune) => 0.33,
        < 0x80 when "frtJ:;!()[]|/\\-\"".Contains((char)rune) => 0.42,
        < 0x80 when "cksxyz?*_`$".Contains((char)rune) => 0.59,
        < 0x80 when "mwMW@%".Contains((char)rune) => 1,
        < 0x80 when "+<>=^~#&".Contains((char)rune) => 0.85,
        >= 'A' and <= 'Z' => 0.76,
        < 0x80 => 0.64,
        // Combining marks; superscripts; arrows and operators; beyond the alphabets of Europe, squares.
        >= 0x300 and <= 0x36F => 0,
        >= 0x2070 and <= 0x209F => 0.45,
        >= 0x2190 and <= 0x22FF or '×' or '±' => 0.85,
        >= 0x2E80 or (>= 0x1100 and <= 0x11FF) => 1,
        _ => 0.7,
    };
}
