using System.Globalization;

namespace Emergence.Figures;

/// <summary>A place on an axis and what is written there.</summary>
internal readonly record struct Tick(double Position, string Label);

/// <summary>Whether ticks with these labels fit side by side.</summary>
/// <param name="ticks">The ticks.</param>
/// <param name="spacing">Distance between two of them, as a part of the axis.</param>
internal delegate bool TickFit(IReadOnlyList<Tick> ticks, double spacing);

/// <summary>Round numbers along an axis, as many as fit.</summary>
internal static class AxisTicks
{
    private const int MostTicks = 9;

    private static readonly double[] Mantissas = [1, 2, 2.5, 5];
    private static readonly int[] Strides = [1, 2, 3, 5, 10, 20, 25, 50, 100, 200];

    /// <summary>Ticks at multiples of 1, 2, 2.5 or 5 times a power of ten; of whole numbers where all data are whole.</summary>
    public static IReadOnlyList<Tick> Linear(double minimum, double maximum, bool integers, bool percent, TickFit fits)
    {
        var range = maximum - minimum;
        var largest = Math.Max(Math.Abs(minimum), Math.Abs(maximum));
        for (var exponent = (int)Math.Floor(Math.Log10(range)) - 1; ; exponent++)
        {
            foreach (var mantissa in Mantissas)
            {
                var step = mantissa * PowerOfTen(exponent);
                if (range / step > MostTicks || (integers && !double.IsInteger(step)))
                    continue;
                var first = Math.Ceiling(minimum / step - 1e-9);
                var count = (int)(Math.Floor(maximum / step + 1e-9) - first) + 1;
                var decimals = Math.Max(0, (mantissa == 2.5 ? 1 : 0) - exponent);
                Tick[] ticks =
                [
                    .. Enumerable.Range(0, Math.Max(count, 0)).Select(i => (first + i) * step)
                        .Select(value => new Tick(value, Label(value, decimals, percent, largest))),
                ];
                // The steps grow until the labels fit, at the latest when hardly any is left.
                if (ticks.Length <= 2 || fits(ticks, step / range))
                    return ticks;
            }
        }
    }

    /// <summary>Ticks at powers of ten; where few are in range, at 1, 2 and 5 times these or at plain round numbers.</summary>
    /// <param name="minimum">Logarithm of the lower end to base 10; positions are such logarithms too.</param>
    /// <param name="maximum">Logarithm of the upper end.</param>
    /// <param name="percent">Whether labels are percentages.</param>
    /// <param name="fits">Whether labels fit.</param>
    public static (IReadOnlyList<Tick> Major, IReadOnlyList<double> Minor) Logarithmic(
        double minimum, double maximum, bool percent, TickFit fits)
    {
        var range = maximum - minimum;
        var powers = Multiples(minimum, maximum, 1);
        var within = Multiples(minimum, maximum, 2, 3, 4, 5, 6, 7, 8, 9);
        if (powers.Length < 3)
        {
            var parts = Labeled(Multiples(minimum, maximum, 1, 2, 5), percent);
            if (parts.Count >= 3 && fits(parts, Math.Log10(2) / range))
                return (parts, within);
        }

        if (powers.Length < 2)
        {
            var (low, high) = (Math.Pow(10, minimum), Math.Pow(10, maximum));
            var plain = Linear(low, high, integers: false, percent, (_, spacing) => spacing > 0.15)
                .Where(tick => tick.Position > 0);
            return ([.. plain.Select(tick => tick with { Position = Math.Log10(tick.Position) })], []);
        }

        foreach (var stride in Strides)
        {
            var ticks = Labeled([.. powers.Where(power => (int)Math.Round(power) % stride == 0)], percent);
            if (ticks.Count > MostTicks || !fits(ticks, stride / range))
                continue;
            return (ticks, stride == 1 && powers.Length <= 8 ? within : stride > 1 && powers.Length <= 20 ? powers : []);
        }

        return (Labeled([powers[0], powers[^1]], percent), []);
    }

    /// <summary>Logarithms of these multiples of all powers of ten in a range, in ascending order.</summary>
    private static double[] Multiples(double minimum, double maximum, params int[] factors)
    {
        var first = (int)Math.Floor(minimum);
        return
        [
            .. Enumerable.Range(first, (int)Math.Ceiling(maximum) - first + 1)
                .SelectMany(decade => factors.Select(factor => decade + Math.Log10(factor)))
                .Where(position => position >= minimum - 1e-9 && position <= maximum + 1e-9),
        ];
    }

    private static IReadOnlyList<Tick> Labeled(double[] logs, bool percent)
    {
        var plain = percent || logs.All(log => log is >= -3.001 and <= 4.001);
        return
        [
            .. logs.Select(log => new Tick(log, plain ? Plain(log) : Scientific(Math.Pow(10, log)))),
        ];

        string Plain(double log) => Label(Math.Pow(10, log), Math.Max(0, (int)Math.Ceiling(-log - 1e-9)), percent, largest: 1);
    }

    /// <summary>Thousands apart, powers of ten beyond ten million or below a thousandth, a true minus sign.</summary>
    private static string Label(double value, int decimals, bool percent, double largest)
    {
        if (percent)
            return Minus((value * 100).ToString($"N{Math.Clamp(decimals - 2, 0, 15)}", CultureInfo.InvariantCulture) + "%");
        if (largest is >= 1e7 or < 1e-3)
            return Scientific(value);
        return Minus(value.ToString($"N{Math.Clamp(decimals, 0, 15)}", CultureInfo.InvariantCulture));
    }

    private static string Scientific(double value)
    {
        if (value == 0)
            return "0";
        var parts = value.ToString("E3", CultureInfo.InvariantCulture).Split('E');
        var mantissa = double.Parse(parts[0], CultureInfo.InvariantCulture).ToString("0.###", CultureInfo.InvariantCulture);
        var exponent = int.Parse(parts[1], CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
        var power = "10" + string.Concat(exponent.Select(digit => digit == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit - '0']));
        return Minus(mantissa switch { "1" => power, "-1" => "-" + power, _ => $"{mantissa}×{power}" });
    }

    // Rounding leaves "-0.0", which is no number to show.
    private static string Minus(string number) =>
        number.All(c => c is '-' or '0' or '.' or '%') ? number.TrimStart('-') : number.Replace('-', '−');

    // Parsed, as Math.Pow is not the same on every machine to the last digit.
    private static double PowerOfTen(int exponent) =>
        double.Parse(string.Create(CultureInfo.InvariantCulture, $"1E{exponent}"), CultureInfo.InvariantCulture);
}
