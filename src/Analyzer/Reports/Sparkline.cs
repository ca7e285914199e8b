using System.Numerics;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Reports;

/// <summary>A series of E as a line of bars, which shows at a glance where it went.</summary>
internal static class Sparkline
{
    private const string Bars = "▁▂▃▄▅▆▇█";
    private const int Widest = 60;
    private const int Fewest = 3;

    /// <summary>The lines of a series, one for each threshold; empty for few checkpoints.</summary>
    public static string Of(SeriesResult series)
    {
        if (series.Checkpoints.Length < Fewest)
            return "";
        return string.Concat(series.Settings.Thresholds.Select((threshold, t) =>
        {
            BigInteger[] values = [.. series.Checkpoints.Select(checkpoint => checkpoint.Measurements[t].Emergence.Rounded)];
            var at = series.Settings.Thresholds.Length > 1 ? $"θ = {NumberText.Exact(threshold)}: " : "";
            var (low, high) = (values.Min(), values.Max());
            var isWide = high > 100 * BigInteger.Max(low, 1);
            return $"{at}E: {Of(values, isWide)}  {NumberText.Integer(low)} to {NumberText.Integer(high)}"
                + (isWide ? ", log scale\n" : "\n");
        }));
    }

    /// <summary>One bar for each value, or for the largest of several that lie together.</summary>
    private static string Of(BigInteger[] values, bool isWide)
    {
        var count = Math.Min(values.Length, Widest);
        double[] heights = [.. Enumerable.Range(0, count).Select(i => Height(
            values[(i * values.Length / count)..((i + 1) * values.Length / count)].Max(), isWide))];
        var (low, high) = (heights.Min(), heights.Max());
        return string.Concat(heights.Select(height => Bars[
            high > low ? (int)Math.Round((height - low) / (high - low) * (Bars.Length - 1)) : Bars.Length / 2]));
    }

    // Of a deep network E passes the range of double; its logarithm never does.
    private static double Height(BigInteger value, bool isWide) =>
        isWide || value > new BigInteger(double.MaxValue) ? BigInteger.Log10(value + 1) : (double)value;
}
