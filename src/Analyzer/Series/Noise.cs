using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Series;

/// <summary>Whether the choice of samples moves E more than training did.</summary>
internal static class Noise
{
    /// <summary>
    /// Why nothing can be told, where that is so: E is known to no factor of two and never moved by more than that.
    /// </summary>
    public static string? IsTooLarge(ImmutableArray<VerdictPoint> run)
    {
        if (run.Any(point => point.Interval is null))
            return null;
        var widths = run.Select(point => Width(point.Interval!.Value.Low, point.Interval.Value.High)).Order().ToArray();
        var width = widths[widths.Length / 2];
        var moved = Width(run.Min(point => point.Emergence), run.Max(point => point.Emergence));
        return width > Math.Log10(2) && width > moved
            ? FormattableString.Invariant(
                $"the probe is too small: E is known only within a factor of {Factor(width)}, ") +
              $"and moved by one of {Factor(moved)}; raise --samples"
            : null;
    }

    private static double Width(EmergenceValue low, EmergenceValue high) =>
        high.IsZero ? 0 : low.Log10 is { } from ? high.Log10!.Value - from : double.PositiveInfinity;

    private static string Factor(double log10) =>
        log10 > 6 ? "over 1000000" : Math.Pow(10, log10).ToString("0.##", System.Globalization.CultureInfo.InvariantCulture);
}
