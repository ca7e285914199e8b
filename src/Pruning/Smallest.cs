namespace Emergence.Pruning;

/// <summary>
/// Which magnitudes are the k smallest: all below <paramref name="Limit"/>, and of those equal to it the first
/// <paramref name="Ties"/> in the order of the tensors and of their elements. So the choice is exact and always the same.
/// </summary>
internal readonly record struct Smallest(double Limit, long Ties)
{
    private const int Digit = 16;

    /// <summary>Finds the limit, digit by digit of the bit pattern, which orders magnitudes as their values do.</summary>
    /// <param name="visit">Hands over the magnitudes in order, as often as it is called: numbers of at least +0, infinity
    /// included, NaN not.</param>
    /// <param name="count">k, at most as many as there are.</param>
    public static Smallest Of(Action<Action<ReadOnlySpan<double>>> visit, long count)
    {
        if (count == 0)
            return new Smallest(0, 0);
        var (prefix, left) = (0UL, count);
        var counts = new long[1 << Digit];
        for (var shift = 64 - Digit; shift >= 0; shift -= Digit)
        {
            Array.Clear(counts);
            visit(magnitudes =>
            {
                foreach (var magnitude in magnitudes)
                {
                    var bits = BitConverter.DoubleToUInt64Bits(magnitude);
                    if (shift + Digit == 64 || bits >> (shift + Digit) == prefix)
                        counts[bits >> shift & (1 << Digit) - 1]++;
                }
            });
            var bucket = 0;
            while (left > counts[bucket])
                left -= counts[bucket++];
            prefix = prefix << Digit | (uint)bucket;
        }
        return new Smallest(BitConverter.UInt64BitsToDouble(prefix), left);
    }
}
