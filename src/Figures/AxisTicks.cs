using System.Globalization;

namespace Emergence.Figures;

/// <summary>Round numbers along an axis, as many as fit.</summary>
internal static class AxisTicks
{
    private const int MostTicks = 9;

    private static readonly double[] Mantissas = [1, 2, 2.5, 5];

    /// <summary>Ticks at multiples of 1, 2, 2.5 or 5 times a power of ten; of a whole number where all data are whole.</summary>
    public static IReadOnlyList<Tick> Linear(
        double minimum, double maximum, bool integers, bool percent, Func<IReadOnlyList<Tick>, double, bool> fits)
    {
        var range = maximum - minimum;
        var exponent = (int)Math.Floor(Math.Log10(range)) - 2;
        for (; ; exponent++)
        {
            foreach (var mantissa in Mantissas)
            {
                var step = mantissa * Power(exponent);
                if (range / step > MostTicks || (integers && !double.IsInteger(step)))
                    continue;
                var first = Math.Ceiling(minimum / step - 1e-9);
                var count = (int)(Math.Floor(maximum / step + 1e-9) - first) + 1;
                double[] values = [.. Enumerable.Range(0, Math.Max(count, 0)).Select(i => (first + i) * step)];
                var decimals = Math.Max(0, (mantissa == 2.5 ? 1 : 0) - exponent);
                Tick[] ticks = [.. values.Select(value => new Tick(value, Label(value, decimals, percent, Math.Max(Math.Abs(minimum), Math.Abs(maximum)))))];
                // Steps grow until they fit, at the latest when a single tick is left.
                if (ticks.Length <= 2 || fits(ticks, step / range))
                    return ticks;
            }
        }
    }

    /// <summary>Ticks at powers of ten; between two of them at 1, 2 and 5, or at plain round numbers, where few are in range.</summary>
    /// <returns>Positions are logarithms to base 10.</returns>
    public static (IReadOnlyList<Tick> Major, IReadOnlyList<double> Minor) Logarithmic(
        double minimum, double maximum, bool percent, Func<IReadOnlyList<Tick>, double, bool> fits)
    {
        var first = (int)Math.Floor(minimum);
        var decades = Enumerable.Range(first, (int)Math.Ceiling(maximum) - first + 1);
        bool Inside(double position) => position >= minimum - 1e-9 && position <= maximum + 1e-9;
        double[] Multiples(params ReadOnlySpan<int> factors)
        {
            var logs = new List<double>();
            foreach (var decade in decades)
            {
                foreach (var factor in factors)
                    logs.Add(decade + Math.Log10(factor));
            }

            return [.. logs.Where(Inside)];
        }

        var whole = Multiples(1);
        if (whole.Length < 3)
        {
            if (Multiples(1, 2, 5) is { Length: >= 3 } parts && Labelled(parts, percent) is var labelled && fits(labelled, 0.3 / (maximum - minimum)))
                return (labelled, Multiples(2, 3, 4, 5, 6, 7, 8, 9));
            if (whole.Length < 2)
            {
                var plain = Linear(Math.Pow(10, minimum), Math.Pow(10, maximum), integers: false, percent, (_, step) => step > 0.15);
                return ([.. plain.Where(tick => tick.Position > 0).Select(tick => tick with { Position = Math.Log10(tick.Position) })], []);
            }
        }

        foreach (var stride in (int[])[1, 2, 3, 5, 10, 20, 25, 50, 100])
        {
            double[] chosen = [.. whole.Where(position => (int)Math.Round(position) % stride == 0)];
            var ticks = Labelled(chosen, percent);
            if (chosen.Length <= MostTicks && fits(ticks, stride / (maximum - minimum)))
                return (ticks, stride > 1 ? whole.Length <= 20 ? whole : [] : whole.Length <= 8 ? Multiples(2, 3, 4, 5, 6, 7, 8, 9) : []);
        }

        return (Labelled(whole is [] ? [] : [whole[0], whole[^1]], percent), []);
    }

    private static IReadOnlyList<Tick> Labelled(double[] logs, bool percent)
    {
        var plain = percent || logs.All(log => log is >= -3.001 and <= 4.001);
        return [.. logs.Select(log => new Tick(log, plain ? PlainPower(log, percent) : Scientific(Math.Pow(10, log))))];
    }

    private static string PlainPower(double log, bool percent) =>
        Label(Math.Pow(10, log), Math.Max(0, (int)Math.Ceiling(-log - 1e-9)), percent, 1);

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
        var parts = value.ToString("E3", CultureInfo.InvariantCulture).Split('E');
        var mantissa = double.Parse(parts[0], CultureInfo.InvariantCulture).ToString("0.###", CultureInfo.InvariantCulture);
        var exponent = int.Parse(parts[1], CultureInfo.InvariantCulture);
        var power = "10" + string.Concat(exponent.ToString(CultureInfo.InvariantCulture).Select(Superscript));
        return value == 0 ? "0" : Minus(mantissa switch { "1" => power, "-1" => "-" + power, _ => $"{mantissa}×{power}" });
    }

    private static char Superscript(char digit) => digit == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit - '0'];

    // Rounding leaves "-0", which is no number to show.
    private static string Minus(string number) => number.TrimStart('-').All(c => c is '0' or '.' or '%')
        ? number.TrimStart('-')
        : number.Replace('-', '−');

    private static double Power(int exponent) => double.Parse($"1E{exponent}", CultureInfo.InvariantCulture);
}
