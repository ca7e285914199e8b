using System.Globalization;
using System.Numerics;

namespace Emergence.CommandLine;

/// <summary>
/// Numbers as people write them: <c>0.05</c>, <c>5e-2</c>, <c>5%</c>, <c>1/255</c>, <c>10k</c>, <c>60_000</c>. The sign of a
/// thousand, million or billion is k, M or G.
/// </summary>
public static class WrittenNumber
{
    private const NumberStyles Decimal =
        NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <summary>Reads a number: the nearest that the type has, or the quotient of two such.</summary>
    /// <returns>Whether it is a finite one.</returns>
    public static bool TryReal<T>(string text, out T value)
        where T : IFloatingPointIeee754<T>
    {
        ArgumentNullException.ThrowIfNull(text);
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
            return TryTerm(text, out value) && T.IsFinite(value);
        value = T.Zero;
        if (!TryTerm<T>(text[..slash], out var above) || !TryTerm<T>(text[(slash + 1)..], out var below))
            return false;
        value = above / below;
        return T.IsFinite(value);
    }

    /// <summary>Reads a whole number; <c>1.5k</c> is one, and so is <c>6e4</c>.</summary>
    /// <returns>Whether it is one, within the range of the type.</returns>
    public static bool TryWhole<T>(string text, out T value)
        where T : IBinaryInteger<T>, IMinMaxValue<T>
    {
        ArgumentNullException.ThrowIfNull(text);
        value = T.Zero;
        if (text.EndsWith('%') || !decimal.TryParse(Scaled(text), Decimal, CultureInfo.InvariantCulture, out var number)
            || number != decimal.Truncate(number))
            return false;
        var whole = new BigInteger(number);
        if (whole < BigInteger.CreateChecked(T.MinValue) || whole > BigInteger.CreateChecked(T.MaxValue))
            return false;
        value = T.CreateChecked(whole);
        return true;
    }

    private static bool TryTerm<T>(string text, out T value)
        where T : IFloatingPointIeee754<T>
    {
        var isNumber = T.TryParse(Scaled(text), Decimal, CultureInfo.InvariantCulture, out var read);
        value = isNumber ? read! : T.Zero;
        return isNumber;
    }

    /// <summary>The number as a computer writes it; null where it is none. A power of ten becomes an exponent, so that nothing is
    /// rounded twice.</summary>
    private static string? Scaled(string text)
    {
        // Between digits only: anywhere else it is a slip.
        if (text.Index().Any(c => c.Item == '_' && !(IsDigit(c.Index - 1) && IsDigit(c.Index + 1))))
            return null;
        var plain = text.Replace("_", "", StringComparison.Ordinal);
        // "Infinity" and "nan" are names, not numbers.
        if (!plain.Any(char.IsAsciiDigit))
            return null;
        var exponent = plain[^1] switch { '%' => "e-2", 'k' or 'K' => "e3", 'M' => "e6", 'G' => "e9", _ => "" };
        return exponent.Length == 0 ? plain
            : plain.Contains('e', StringComparison.OrdinalIgnoreCase) ? null
            : plain[..^1] + exponent;

        bool IsDigit(int i) => i >= 0 && i < text.Length && char.IsAsciiDigit(text[i]);
    }
}
