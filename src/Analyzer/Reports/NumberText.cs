using System.Globalization;
using System.Numerics;

namespace Emergence.Analyzer.Reports;

/// <summary>Numbers as a person reads them in a column.</summary>
internal static class NumberText
{
    // Beyond this many digits nobody reads them one by one, and a double no longer holds them.
    private const int MostDigits = 15;

    /// <summary>Whole up to 15 digits, then four significant ones: <c>1.234e+56</c>. Not negative.</summary>
    public static string Integer(BigInteger value)
    {
        var digits = value.ToString(CultureInfo.InvariantCulture);
        if (digits.Length <= MostDigits)
            return digits;
        return Rounded(digits, 4);
    }

    /// <summary>Whole up to 7 digits, then three significant ones: <c>-1.23e+9</c>.</summary>
    public static string Short(BigInteger value)
    {
        var digits = BigInteger.Abs(value).ToString(CultureInfo.InvariantCulture);
        var text = digits.Length <= 7 ? digits : Rounded(digits, 3);
        return value.Sign < 0 ? "-" + text : text;
    }

    /// <summary>A factor such as <c>× 2.6</c>, from its logarithm.</summary>
    public static string Factor(double log10) => log10 is > -3 and < 6
        ? "× " + Math.Pow(10, log10)
            .ToString(log10 is < -1 or (> -0.005 and < 0.005) ? "0.####" : log10 < 1 ? "0.##" : "0", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"× 10^{log10:0.#}");

    /// <summary>Five significant digits, trailing zeros kept so that a column lines up; empty for none.</summary>
    public static string Significant(double? value)
    {
        if (value is not { } number || !double.IsFinite(number))
            return "";
        if (number == 0)
            return "0";
        var magnitude = (int)Math.Floor(Math.Log10(Math.Abs(number)));
        return magnitude is >= -4 and < 7
            ? number.ToString($"F{Math.Max(0, 4 - magnitude)}", CultureInfo.InvariantCulture)
            : number.ToString("0.0000e+0", CultureInfo.InvariantCulture);
    }

    private static string Rounded(string digits, int kept)
    {
        var exponent = digits.Length - 1;
        var mantissa = (int.Parse(digits.AsSpan(0, kept), CultureInfo.InvariantCulture) + (digits[kept] >= '5' ? 1 : 0))
            .ToString(CultureInfo.InvariantCulture);
        if (mantissa.Length > kept)
            exponent++;
        return string.Create(CultureInfo.InvariantCulture, $"{mantissa[0]}.{mantissa[1..kept]}e+{exponent}");
    }

    /// <summary>Three decimals; empty for none.</summary>
    public static string Log10(double? value) => value?.ToString("F3", CultureInfo.InvariantCulture) ?? "";

    /// <summary>A share in [0, 1] as a percentage with two decimals; empty for none.</summary>
    public static string Percent(double? share) =>
        share is { } value ? (value * 100).ToString("F2", CultureInfo.InvariantCulture) + "%" : "";

    /// <summary>The shortest text that is read back as the same float.</summary>
    public static string Exact(float value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The shortest text that is read back as the same double.</summary>
    public static string Exact(double value) => value.ToString(CultureInfo.InvariantCulture);
}
