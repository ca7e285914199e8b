using Emergence.Pages;

namespace Emergence.Figures;

/// <summary>
/// One axis worked out: which range it covers, where a value stands and which ticks it has. Positions are values, or their
/// logarithms to base 10 on a logarithmic axis.
/// </summary>
internal sealed class AxisScale
{
    /// <summary>Space between the data and the ends of the axis, in parts of the data's range.</summary>
    private const double Padding = 0.04;

    private readonly double? _zero;

    private AxisScale(bool logarithmic, double? zero, double minimum, double maximum)
    {
        IsLogarithmic = logarithmic;
        _zero = zero;
        Minimum = minimum;
        Maximum = maximum;
    }

    public bool IsLogarithmic { get; }

    public double Minimum { get; }

    public double Maximum { get; }

    public IReadOnlyList<Tick> Ticks { get; private init; } = [];

    public IReadOnlyList<double> MinorTicks { get; private init; } = [];

    /// <summary>Where the axis is broken between zero and the smallest power, if it is.</summary>
    public double? Break { get; private init; }

    /// <summary>Whether a value is finite, and far enough from the end of the number range to leave room for an axis.</summary>
    public static bool CanBeDrawn(double value) => Math.Abs(value) <= 1e300;

    /// <summary>Where a value stands; NaN where it has no place on this axis.</summary>
    public double Position(double value) => !CanBeDrawn(value) ? double.NaN
        : !IsLogarithmic ? value
        : value > 0 ? Math.Log10(value)
        : value == 0 ? _zero ?? double.NaN
        : double.NaN;

    /// <summary>A position as a part of the axis: 0 at its minimum, 1 at its maximum.</summary>
    public double Part(double position) => (position - Minimum) / (Maximum - Minimum);

    /// <summary>Fits a scale.</summary>
    /// <param name="axis">What the caller asked for.</param>
    /// <param name="values">Everything that is to be seen; what is not finite does not count.</param>
    /// <param name="fits">Whether labels fit.</param>
    /// <param name="reach">How the range of the data is extended before it is padded.</param>
    public static AxisScale Fit(Axis axis, IEnumerable<double> values, TickFit fits, Reach reach)
    {
        double[] finite = [.. values.Where(CanBeDrawn)];
        if (!axis.Categories.IsDefaultOrEmpty)
            throw new ArgumentException($"axis '{axis.Label}': pictures have no categories; draw it in a page", nameof(axis));
        return axis.Logarithmic ? Logarithmic(axis, finite, fits)
            : Linear(axis, finite, fits, reach);
    }

    private static AxisScale Linear(Axis axis, double[] values, TickFit fits, Reach reach)
    {
        var (low, high) = values.Length == 0 ? (0, 1) : (values.Min(), values.Max());
        var integers =
            !axis.Percent && values.Length > 0 && values.All(value => Math.Abs(value) < 1e15 && double.IsInteger(value));
        if (high - low <= 1e-9 * Math.Max(Math.Abs(low), Math.Abs(high)))
        {
            var margin = integers ? 1 : low == 0 ? 1 : Math.Abs(low) / 10;
            (low, high) = (low - margin, high + margin);
        }

        // Zero is part of the picture of a quantity that comes near it; far from zero it would flatten the lines.
        if (reach == Reach.NearZero && low > 0 && low <= 0.3 * high)
            low = Math.Min(low, 0);
        if (reach == Reach.NearZero && high < 0 && high >= 0.3 * low)
            high = Math.Max(high, 0);
        var pad = Padding * (high - low);
        var minimum = axis.Minimum ?? low - pad;
        var maximum = axis.Maximum ?? high + pad;
        (minimum, maximum) = Ordered(minimum, maximum);
        return new(false, null, minimum, maximum) { Ticks = AxisTicks.Linear(minimum, maximum, integers, axis.Percent, fits) };
    }

    private static AxisScale Logarithmic(Axis axis, double[] values, TickFit fits)
    {
        double[] logs = [.. values.Where(value => value > 0).Select(Math.Log10)];
        var (low, high) = logs.Length == 0 ? (0, 1) : (logs.Min(), logs.Max());
        var pad = Math.Max(Padding * (high - low), 0.05);
        var minimum = axis.Minimum is > 0 ? Math.Log10(axis.Minimum.Value) : low - pad;
        var maximum = axis.Maximum is > 0 ? Math.Log10(axis.Maximum.Value) : high + pad;
        (minimum, maximum) = Ordered(minimum, maximum);
        var (ticks, minor) = AxisTicks.Logarithmic(minimum, maximum, axis.Percent, fits);
        if (!values.Contains(0))
            return new(true, null, minimum, maximum) { Ticks = ticks, MinorTicks = minor };

        var gap = 0.12 * (maximum - minimum);
        var zero = minimum - gap;
        return new(true, zero, zero - pad, maximum)
        {
            Ticks = [new(zero, axis.Percent ? "0%" : "0"), .. ticks],
            MinorTicks = minor,
            Break = minimum - gap / 2,
        };
    }

    private static (double Low, double High) Ordered(double low, double high) =>
        low < high ? (low, high) : low > high ? (high, low) : (low - 1, high + 1);
}

/// <summary>How far a linear axis reaches beyond its data.</summary>
internal enum Reach
{
    /// <summary>Only the padding.</summary>
    Data,

    /// <summary>To zero, where the data come near it.</summary>
    NearZero,
}
