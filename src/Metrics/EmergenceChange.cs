using System.Globalization;
using System.Numerics;

namespace Emergence.Analyzer.Metrics;

/// <summary>The exact difference of two emergences: a rational number p/q in lowest terms, of either sign.</summary>
public readonly record struct EmergenceChange
{
    /// <summary>Creates ±<paramref name="magnitude"/>.</summary>
    /// <param name="isNegative">Whether the emergence falls; without meaning for zero.</param>
    /// <param name="magnitude">By how much.</param>
    public EmergenceChange(bool isNegative, EmergenceValue magnitude)
    {
        (Sign, Magnitude) = (magnitude.IsZero ? 0 : isNegative ? -1 : 1, magnitude);
    }

    /// <summary>1 for a rise, -1 for a fall, 0 for none.</summary>
    public int Sign { get; }

    /// <summary>By how much, whichever the direction.</summary>
    public EmergenceValue Magnitude { get; }

    /// <summary>The change rounded half to even.</summary>
    public BigInteger Rounded => Sign * Magnitude.Rounded;

    /// <summary>p, with the sign.</summary>
    public BigInteger Numerator => Sign * Magnitude.Numerator;

    /// <summary>q, at least 1.</summary>
    public BigInteger Denominator => Magnitude.Denominator;

    /// <summary>From one emergence to another.</summary>
    public static EmergenceChange Between(EmergenceValue before, EmergenceValue after) =>
        Of((after.Numerator * before.Denominator) - (before.Numerator * after.Denominator),
            before.Denominator * after.Denominator);

    /// <summary>Sum of two changes.</summary>
    public static EmergenceChange operator +(EmergenceChange left, EmergenceChange right) =>
        Of((left.Numerator * right.Denominator) + (right.Numerator * left.Denominator), left.Denominator * right.Denominator);

    /// <summary>The opposite change.</summary>
    public static EmergenceChange operator -(EmergenceChange change) => new(change.Sign > 0, change.Magnitude);

    /// <summary>Difference of two changes.</summary>
    public static EmergenceChange operator -(EmergenceChange left, EmergenceChange right) => left + -right;

    /// <summary>The nearest <c>double</c>; null past its range.</summary>
    public double? ToDouble() => Sign * Magnitude.ToDouble();

    /// <summary><c>p</c>, or <c>p/q</c> where q is not 1; invariant digits.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(Sign < 0 ? "-" : "")}{Magnitude}");

    /// <summary>p/q, reduced to lowest terms.</summary>
    /// <param name="numerator">p, of any sign.</param>
    /// <param name="denominator">q, at least 1.</param>
    internal static EmergenceChange Of(BigInteger numerator, BigInteger denominator) =>
        new(numerator.Sign < 0, new EmergenceValue(BigInteger.Abs(numerator), denominator));
}
