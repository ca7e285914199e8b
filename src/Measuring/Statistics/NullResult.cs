using Emergence.Analyzer.Metrics;
using Emergence.Measuring.Settings;

namespace Emergence.Measuring.Statistics;

/// <summary>The measures that are compared with chance.</summary>
public enum NullMeasure
{
    /// <summary>E.</summary>
    Emergence,

    /// <summary>E_H.</summary>
    EmergenceActive,

    /// <summary>E_w.</summary>
    EmergenceWired,
}

/// <summary>Where a measure lies among what it is by chance.</summary>
/// <param name="Model">The draws.</param>
/// <param name="Measure">The measure.</param>
/// <param name="Above">(1 + number of draws that are not below it) / (draws + 1): small where it is large for chance.</param>
/// <param name="Below">(1 + number of draws that are not above it) / (draws + 1): small where it is small for chance.</param>
/// <param name="Z">(value − mean of the draws) / their standard deviation; null where all draws are equal, and beyond the range
/// of
/// double.</param>
/// <param name="Low">The end of the draws that 2.5 % lie below.</param>
/// <param name="Median">The draw in the middle, the lower of two.</param>
/// <param name="High">The end of the draws that 2.5 % lie above.</param>
public sealed record NullResult(
    NullModel Model, NullMeasure Measure, double Above, double Below, double? Z, EmergenceValue Low, EmergenceValue Median,
    EmergenceValue High)
{
    /// <summary>Two-sided: twice the smaller of both sides, at most 1.</summary>
    public double P => Math.Min(1, 2 * Math.Min(Above, Below));

    /// <summary>The smallest that one side can be with this many draws.</summary>
    public double Limit => 1.0 / (Model.Draws + 1);

    /// <summary>Ranks a value among draws.</summary>
    /// <param name="model">The draws.</param>
    /// <param name="measure">The measure.</param>
    /// <param name="value">The value.</param>
    /// <param name="draws">What the draws gave, as many as the model says.</param>
    public static NullResult Of(NullModel model, NullMeasure measure, EmergenceValue value, IReadOnlyList<EmergenceValue> draws)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(draws);
        EmergenceValue[] sorted = [.. draws.Order()];
        var (low, high) = Interval.Of(draws);
        return new NullResult(model, measure, Share(draws.Count(draw => draw >= value)), Share(draws.Count(draw =>
            draw <= value)),
            Score(value, sorted), low, sorted[(sorted.Length - 1) / 2], high);

        double Share(int count) => (1.0 + count) / (draws.Count + 1);
    }

    /// <summary>In units of the largest draw, as E may pass the range of double.</summary>
    private static double? Score(EmergenceValue value, EmergenceValue[] sorted)
    {
        if (sorted[0] == sorted[^1])
            return null;
        var unit = sorted[^1];
        double? In(EmergenceValue number) =>
            new EmergenceValue(number.Numerator * unit.Denominator, number.Denominator * unit.Numerator).ToDouble();
        double[] numbers = [.. sorted.Select(number => In(number)!.Value)];
        var mean = numbers.Average();
        var variance = numbers.Sum(number => (number - mean) * (number - mean)) / (numbers.Length - 1);
        return (In(value) - mean) / Math.Sqrt(variance) is { } score && double.IsFinite(score) ? score : null;
    }
}
