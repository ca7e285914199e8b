namespace Emergence.Measuring.Statistics;

/// <summary>The range in which a number lies on 95 % of resamples; both ends are values of resamples.</summary>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
public readonly record struct Interval<T>(T Low, T High)
    where T : IComparable<T>
{
    /// <summary>Whether a value lies between the ends or on one.</summary>
    public bool Holds(T value) => value.CompareTo(Low) >= 0 && value.CompareTo(High) <= 0;
}

/// <summary>Makes intervals.</summary>
public static class Interval
{
    // One in 40 resamples, 2.5 %, lies beyond either end.
    private const int Tail = 40;

    /// <summary>
    /// The percentile interval of Efron: with R values, from the k-th smallest to the k-th largest, k = ⌊(R + 1) · 2.5 %⌋,
    /// at least 1.
    /// </summary>
    /// <param name="values">The number on each resample, at least one, in any order.</param>
    public static Interval<T> Of<T>(IEnumerable<T> values)
        where T : IComparable<T>
    {
        T[] sorted = [.. values.Order()];
        if (sorted.Length == 0)
            throw new ArgumentException("An interval needs at least one value.", nameof(values));
        var k = Math.Max(1, (sorted.Length + 1) / Tail);
        return new Interval<T>(sorted[k - 1], sorted[^k]);
    }
}
