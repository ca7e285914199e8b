using System.Globalization;
using System.Numerics;
using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Reports.Html;

/// <summary>Numbers as a page shows them: grouped digits, powers of ten where there are too many, true signs.</summary>
internal static class PageText
{
    private const string Superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

    /// <summary>A whole number.</summary>
    public static string Count(BigInteger value) => BigInteger.Abs(value) < BigInteger.Pow(10, 15)
        ? value.ToString("#,0", CultureInfo.InvariantCulture).Replace('-', '−')
        : Power(value);

    /// <summary>An emergence.</summary>
    public static string Of(EmergenceValue value) => Count(value.Rounded);

    /// <summary>A share in [0, 1], in per cent.</summary>
    public static string Percent(double? share) =>
        share is { } value && double.IsFinite(value) ? (value * 100).ToString("0.##", CultureInfo.InvariantCulture) + "%" : "–";

    /// <summary>A number to four digits.</summary>
    public static string Number(double? value)
    {
        if (value is not { } number || !double.IsFinite(number))
            return "–";
        return Math.Abs(number) is 0 or (>= 1e-4 and < 1e7)
            ? number.ToString(Math.Abs(number) < 1 ? "G4" : "#,0.###", CultureInfo.InvariantCulture).Replace('-', '−')
            : Power(number.ToString("0.###E+0", CultureInfo.InvariantCulture));
    }

    /// <summary>The number whose decimal logarithm is given; it may be far beyond a double.</summary>
    public static string FromLog10(double log)
    {
        if (Math.Abs(log) < 300)
            return Number(Math.Pow(10, log));
        var exponent = Math.Floor(log);
        return Power(string.Create(CultureInfo.InvariantCulture, $"{Math.Pow(10, log - exponent):0.###}E{exponent:0}"));
    }

    /// <summary>A setting, as it was given.</summary>
    public static string Exact(float value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>A setting, as it was given.</summary>
    public static string Exact(double value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>The name of a value as options spell it.</summary>
    public static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    /// <summary>The beginning of a hash; results may have been stored without one.</summary>
    public static string Short(string hash) => hash[..Math.Min(12, hash.Length)];

    /// <summary>"1 node", "2 nodes".</summary>
    public static string Nodes(int count) => $"{Count(count)} {(count == 1 ? "node" : "nodes")}";

    private static string Power(BigInteger value) => Power(value.ToString("E3", CultureInfo.InvariantCulture));

    // 1.234E+056 → 1.234×10⁵⁶
    private static string Power(string scientific)
    {
        var parts = scientific.Split('E');
        var exponent = int.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture).ToString(
            CultureInfo.InvariantCulture);
        var raised = string.Concat(exponent.Select(digit => digit == '-' ? '⁻' : Superscripts[digit - '0']));
        var mantissa = parts[0].Contains('.', StringComparison.Ordinal) ? parts[0].TrimEnd('0').TrimEnd('.') : parts[0];
        return $"{mantissa.Replace('-', '−')}×10{raised}";
    }
}
