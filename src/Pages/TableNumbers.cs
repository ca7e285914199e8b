namespace Emergence.Pages;

/// <summary>Tells columns of numbers from columns of words.</summary>
internal static class TableNumbers
{
    /// <summary>Whether a column holds numbers, and at least one.</summary>
    public static bool AreAll(IEnumerable<string> column)
    {
        string[] filled = [.. column.Where(cell => !IsBlank(cell))];
        return filled.Length > 0 && filled.All(IsNumber);
    }

    private static bool IsBlank(string cell) => cell.Trim() is "" or "-" or "–" or "—" or "n/a";

    // 1,234 −0.5 95.7% 1.2×10³⁰ 1e-3 0.81 (0.7 to 0.9): begins with a number and holds no word.
    private static bool IsNumber(string cell)
    {
        var text = cell.Replace(" to ", "–", StringComparison.Ordinal).TrimStart([.. "+-−<>≤≥≈±[( "]);
        return text.Length > 0 && char.IsAsciiDigit(text[0]) && text.All(c => !char.IsLetter(c) || c is 'e' or 'E');
    }
}
