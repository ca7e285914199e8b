using System.Globalization;
using Emergence.Trainer.Experiments.Results;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>Numbers as tables show them: invariant culture, a true minus, a dash for what is not there.</summary>
internal static class Cell
{
    /// <summary>What stands for a number that is not there.</summary>
    public const string None = "–";

    /// <summary>A share, in per cent.</summary>
    public static string Percent(double share) => Number(share * 100, "0.00");

    /// <summary>A difference of shares, in points, with its sign.</summary>
    public static string Points(double difference) => Signed(difference * 100, "0.00");

    /// <summary>A count, or a measure that may be large.</summary>
    public static string Count(double value) => Math.Abs(value) >= 1e15 ? Number(value, "0.000e0") : Number(value, "#,0");

    /// <summary>A number to four significant digits.</summary>
    public static string Figures(double value) => Math.Abs(value) >= 1e3 ? Count(value) : Number(value, "G4");

    /// <summary>A correlation, or another number that has a sign.</summary>
    public static string Signed(double value, string format = "0.00") => Number(value, $"+{format};-{format};{format}");

    /// <summary>A number with its interval, if it has one.</summary>
    public static string Interval(Estimate estimate) => double.IsNaN(estimate.Value) ? None
        : double.IsNaN(estimate.Low) ? Signed(estimate.Value)
        : $"{Signed(estimate.Value)} ({Signed(estimate.Low)} … {Signed(estimate.High)})";

    /// <summary>How likely something is by chance.</summary>
    public static string Chance(double p) => p < 0.001 ? "< 0.001" : Number(p, "0.000");

    /// <summary>The middle one of several, with the smallest and largest.</summary>
    public static string Spread(IEnumerable<double> values, Func<double, string> format)
    {
        double[] ordered = [.. values.Where(value => !double.IsNaN(value)).Order()];
        return ordered.Length switch
        {
            0 => None,
            1 => format(ordered[0]),
            _ => $"{format(Estimate.MedianOf(ordered))} ({format(ordered[0])} … {format(ordered[^1])})",
        };
    }

    /// <summary>A number in a format.</summary>
    public static string Number(double value, string format) => double.IsNaN(value) ? None
        : double.IsPositiveInfinity(value) ? "∞"
        : double.IsNegativeInfinity(value) ? "−∞"
        : value.ToString(format, CultureInfo.InvariantCulture).Replace('-', '−');
}
