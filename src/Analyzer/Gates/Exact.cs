using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Emergence.Analyzer.Gates;

/// <summary>An exact rational number: a gate never compares through a double, which E may pass.</summary>
internal readonly partial record struct Exact
{
    // Past it a number has more digits than any E; the bound keeps a typing error from filling the memory.
    private const int LargestExponent = 20_000;

    /// <summary>p/q.</summary>
    /// <param name="numerator">p.</param>
    /// <param name="denominator">q, at least 1.</param>
    public Exact(BigInteger numerator, BigInteger denominator)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(denominator);
        var divisor = BigInteger.GreatestCommonDivisor(numerator, denominator);
        (Numerator, Denominator) = divisor.IsOne ? (numerator, denominator) : (numerator / divisor, denominator / divisor);
    }

    /// <summary>A whole number.</summary>
    public Exact(BigInteger value) : this(value, BigInteger.One)
    {
    }

    /// <summary>p of p/q in lowest terms.</summary>
    public BigInteger Numerator { get; }

    /// <summary>q, at least 1.</summary>
    public BigInteger Denominator { get; }

    /// <summary>What a person means who reads the double: its shortest decimal. Null where it is not finite.</summary>
    public static Exact? Of(double? value) =>
        value is { } number && double.IsFinite(number)
        && Read(number.ToString("R", CultureInfo.InvariantCulture), 0) is var (exact, _, _)
            ? exact
            : null;

    /// <summary>A share of a number of samples: the fraction that it was computed from, where it was.</summary>
    public static Exact? OfShare(double? share, int samples)
    {
        if (share is not { } value || !double.IsFinite(value) || samples < 1)
            return Of(share);
        var part = Math.Round(value * samples);
        return part / samples == value ? new Exact(new BigInteger(part), samples) : Of(share);
    }

    /// <summary>Reads a number such as <c>0.6</c>, <c>-1e30</c>, <c>1/255</c>, <c>50%</c> or <c>10k</c>.</summary>
    /// <returns>The number, how many characters it takes, and whether it is a percentage; null where none begins there.</returns>
    public static (Exact Value, int Length, bool IsPercentage)? Read(string text, int start)
    {
        var match = Number().Match(text, start);
        if (!match.Success)
            return null;
        var (whole, part, over) = (match.Groups["whole"].Value, match.Groups["part"].Value, match.Groups["over"].Value);
        var exponent = match.Groups["exponent"].Value is { Length: > 0 } digits
            ? int.Parse(digits, CultureInfo.InvariantCulture) : 0;
        var denominator = over.Length == 0 ? BigInteger.One : BigInteger.Parse(over, CultureInfo.InvariantCulture);
        if (whole.Length + part.Length == 0 || Math.Abs(exponent) > LargestExponent || denominator.IsZero)
            return null;
        exponent += match.Groups["unit"].Value switch { "%" => -2, "k" => 3, "M" => 6, _ => 0 } - part.Length;
        var magnitude = BigInteger.Parse(whole + part, CultureInfo.InvariantCulture);
        var numerator = match.Groups["sign"].Value == "-" ? -magnitude : magnitude;
        var power = BigInteger.Pow(10, Math.Abs(exponent));
        return (exponent < 0 ? new Exact(numerator, denominator * power) : new Exact(numerator * power, denominator),
            match.Length, match.Groups["unit"].Value == "%");
    }

    /// <summary>Less than, equal to or greater than zero, as the value is to <paramref name="other"/>.</summary>
    public int CompareTo(Exact other) => (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);

    /// <summary>Difference.</summary>
    public static Exact operator -(Exact left, Exact right) => new(
        (left.Numerator * right.Denominator) - (right.Numerator * left.Denominator), left.Denominator * right.Denominator);

    /// <summary>A hundred times the value: points of a share.</summary>
    public Exact Hundredfold => new(100 * Numerator, Denominator);

    /// <summary>The nearest double, or nearly so; null past its range.</summary>
    public double? ToDouble()
    {
        // Numbers of any length: 17 digits are kept.
        var shift = (int)(Numerator.GetBitLength() - Denominator.GetBitLength());
        var scaled = shift <= 62 ? (Numerator << (62 - shift)) / Denominator : Numerator / (Denominator << (shift - 62));
        var value = Math.ScaleB((double)scaled, shift - 62);
        return double.IsFinite(value) ? value : null;
    }

    /// <summary><c>p</c>, or <c>p/q</c> where q is not 1; invariant digits.</summary>
    public override string ToString() => Denominator.IsOne
        ? Numerator.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Numerator}/{Denominator}");

    // No sign in front of a denominator, and nothing behind it: 1/255 is one number, not a computation.
    [GeneratedRegex(
        @"\G(?<sign>[+-]?)(?<whole>[0-9]*)(?:\.(?<part>[0-9]*))?(?:[eE](?<exponent>[+-]?[0-9]{1,8}))?"
        + "(?:/(?<over>[0-9]+)|(?<unit>[%kM]))?", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
