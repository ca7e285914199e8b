using System.Globalization;
using System.Numerics;

namespace Emergence.Analyzer.Metrics;

/// <summary>An exact emergence: a rational number p/q in lowest terms, not negative.</summary>
public readonly record struct EmergenceValue : IComparable<EmergenceValue>
{
    private const double Log10Of2 = 0.30102999566398119521;

    // q − 1, so that the default value is 0/1.
    private readonly BigInteger _excess;

    /// <summary>Creates p/q, reduced to lowest terms.</summary>
    /// <param name="numerator">p, at least 0.</param>
    /// <param name="denominator">q, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">p is negative or q is not positive.</exception>
    public EmergenceValue(BigInteger numerator, BigInteger denominator)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(numerator);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(denominator);
        var divisor = denominator.IsOne ? BigInteger.One : BigInteger.GreatestCommonDivisor(numerator, denominator);
        Numerator = divisor.IsOne ? numerator : numerator / divisor;
        _excess = (divisor.IsOne ? denominator : denominator / divisor) - 1;
    }

    /// <summary>Creates an integer.</summary>
    /// <param name="value">At least 0.</param>
    public EmergenceValue(BigInteger value) : this(value, BigInteger.One)
    {
    }

    /// <summary>p.</summary>
    public BigInteger Numerator { get; }

    /// <summary>q; 1 unless an identity edge leaves a convolution.</summary>
    public BigInteger Denominator => _excess + 1;

    /// <summary>Whether the value is zero.</summary>
    public bool IsZero => Numerator.IsZero;

    /// <summary>The value rounded half to even.</summary>
    public BigInteger Rounded
    {
        get
        {
            if (_excess.IsZero)
                return Numerator;
            var quotient = BigInteger.DivRem(Numerator, Denominator, out var remainder);
            var half = (remainder * 2).CompareTo(Denominator);
            return half > 0 || (half == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
        }
    }

    /// <summary>
    /// log10 of the exact value, right to a few units in the last place however large or close to 1 it is; null for zero.
    /// </summary>
    public double? Log10
    {
        get
        {
            if (IsZero)
                return null;
            var difference = Numerator - Denominator;
            if (BigInteger.Abs(difference) * 2 <= Denominator)
            {
                var (ratio, shift) = Ratio(BigInteger.Abs(difference), Denominator);
                return Log1Plus(difference.Sign * Math.ScaleB(ratio, shift)) / Math.Log(10);
            }
            var (mantissa, exponent) = Ratio(Numerator, Denominator);
            var value = Math.ScaleB(mantissa, exponent);
            return double.IsNormal(value) ? Math.Log10(value) : Math.Log10(mantissa) + (exponent * Log10Of2);
        }
    }

    /// <summary>Sum of two values.</summary>
    public static EmergenceValue operator +(EmergenceValue left, EmergenceValue right) =>
        left._excess.IsZero && right._excess.IsZero
            ? new(left.Numerator + right.Numerator)
            : new((left.Numerator * right.Denominator) + (right.Numerator * left.Denominator),
                left.Denominator * right.Denominator);

    /// <summary>Product with an integer.</summary>
    public static EmergenceValue operator *(BigInteger left, EmergenceValue right) =>
        right._excess.IsZero ? new(left * right.Numerator) : new(left * right.Numerator, right.Denominator);

    /// <summary>Whether <paramref name="left"/> is the smaller.</summary>
    public static bool operator <(EmergenceValue left, EmergenceValue right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> is the larger.</summary>
    public static bool operator >(EmergenceValue left, EmergenceValue right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> is not the larger.</summary>
    public static bool operator <=(EmergenceValue left, EmergenceValue right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> is not the smaller.</summary>
    public static bool operator >=(EmergenceValue left, EmergenceValue right) => left.CompareTo(right) >= 0;

    /// <summary>
    /// The value divided by a number of parameters, exactly: relative emergence Ẽ. Past the range of <c>double</c> it still has
    /// its <see cref="Log10"/>.
    /// </summary>
    /// <param name="parameters">Number of parameters, at least 0.</param>
    /// <returns>Null where there are no parameters.</returns>
    public EmergenceValue? Over(long parameters)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(parameters);
        return parameters == 0 ? null : new(Numerator, Denominator * parameters);
    }

    /// <summary>The nearest <c>double</c> (ties to even); null past its range, where only <see cref="Log10"/> can tell.</summary>
    public double? ToDouble()
    {
        if (IsZero)
            return 0;
        var (mantissa, exponent) = Ratio(Numerator, Denominator);
        var value = Math.ScaleB(mantissa, exponent);
        return double.IsFinite(value) ? value : null;
    }

    /// <inheritdoc/>
    public int CompareTo(EmergenceValue other) =>
        (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);

    /// <summary><c>p</c>, or <c>p/q</c> where q is not 1; invariant digits.</summary>
    public override string ToString() => _excess.IsZero
        ? Numerator.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Numerator}/{Denominator}");

    // p/q = Mantissa · 2^Exponent, the mantissa rounded once, half to even; p > 0.
    private static (double Mantissa, int Exponent) Ratio(BigInteger p, BigInteger q)
    {
        if (p.IsZero)
            return (0, 0);
        // The quotient has 61 or 62 bits; its last one stands for the remainder too, so that the conversion rounds
        // the exact value.
        var shift = checked((int)(61 - (p.GetBitLength() - q.GetBitLength())));
        var quotient = BigInteger.DivRem(shift > 0 ? p << shift : p, shift < 0 ? q << -shift : q, out var remainder);
        return ((long)quotient | (remainder.IsZero ? 0L : 1L), -shift);
    }

    // log(1 + x) for small x, where Math.Log(1 + x) would lose the digits of x (W. Kahan's device).
    private static double Log1Plus(double x)
    {
        var u = 1 + x;
        return u == 1 ? x : Math.Log(u) * x / (u - 1);
    }
}
