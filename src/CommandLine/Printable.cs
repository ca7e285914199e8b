using System.Globalization;
using System.Text;

namespace Emergence.CommandLine;

/// <summary>What may be shown on a terminal, or in a text that one shows. Names come from foreign files.</summary>
public static class Printable
{
    private const char Replacement = '\uFFFD';

    /// <summary>
    /// The text on one line, with a replacement character for every one that moves the cursor, starts an escape sequence,
    /// turns the direction of writing, hides itself, or is half a character.
    /// </summary>
    public static string Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.EnumerateRunes().Any(IsHarmful))
            return text;
        var shown = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            shown.Append(IsHarmful(rune) ? Replacement.ToString() : rune.ToString());
        return shown.ToString();
    }

    // Halves of surrogate pairs are enumerated as the replacement character, which stays.
    private static bool IsHarmful(Rune rune) => rune.Value == Replacement || Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator;
}
