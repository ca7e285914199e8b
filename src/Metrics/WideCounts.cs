using System.Numerics;

namespace Emergence.Analyzer.Metrics;

/// <summary>A loop over one plane: writes a sum of lanes of <paramref name="from"/> to each lane of
/// <paramref name="to"/>.</summary>
/// <param name="from">The plane of a count vector.</param>
/// <param name="to">The same plane of the result, zero at first.</param>
internal delegate void PlaneKernel(ReadOnlySpan<ulong> from, Span<ulong> to);

/// <summary>
/// A vector of exact, arbitrarily large counts. Plane p holds digit p of every count, to the base 2^<c>bits</c>, in
/// 64-bit lanes: the bits above a digit leave room to add up as many digits as any sum has terms. Pulling counts
/// back through a network is linear, so one plain loop over lanes, run once per plane, does it; then carries are passed on.
/// </summary>
internal sealed class WideCounts
{
    private readonly List<ulong[]> _planes = [];
    private readonly int _bits;

    /// <summary>Creates a vector of zeros.</summary>
    /// <param name="length">Number of counts.</param>
    /// <param name="bits">Bits of a digit: <see cref="BitsFor"/> the sums that will be taken.</param>
    public WideCounts(int length, int bits)
    {
        (Length, _bits) = (length, bits);
    }

    /// <summary>Number of counts.</summary>
    public int Length { get; }

    /// <summary>The count at <paramref name="index"/>.</summary>
    public BigInteger this[int index]
    {
        get
        {
            var count = BigInteger.Zero;
            for (var p = _planes.Count - 1; p >= 0; p--)
                count = (count << _bits) + _planes[p][index];
            return count;
        }
    }

    /// <summary>The widest digit of which <paramref name="terms"/> can be added in 64 bits.</summary>
    public static int BitsFor(int terms) => 63 - BitOperations.Log2((uint)Math.Max(terms, 2));

    /// <summary>1 where the mask is set, 0 elsewhere.</summary>
    public static WideCounts FromMask(ReadOnlySpan<ulong> mask, int length, int bits)
    {
        var counts = new WideCounts(length, bits);
        counts.Add(mask);
        return counts;
    }

    /// <summary>Applies a linear kernel to every plane.</summary>
    /// <param name="length">Length of the result.</param>
    /// <param name="kernel">Each lane it writes is a sum of no more lanes than the digits have room for.</param>
    public WideCounts Apply(int length, PlaneKernel kernel)
    {
        var result = new WideCounts(length, _bits);
        foreach (var plane in _planes)
        {
            var lanes = new ulong[length];
            kernel(plane, lanes);
            result._planes.Add(lanes);
        }
        result.Carry();
        return result;
    }

    /// <summary>Adds another vector of the same length.</summary>
    public void Add(WideCounts other)
    {
        for (var p = 0; p < other._planes.Count; p++)
        {
            if (p < _planes.Count)
                Lanes.Add(_planes[p], other._planes[p]);
            else
                _planes.Add([.. other._planes[p]]);
        }
        Carry();
    }

    /// <summary>Adds the same count everywhere.</summary>
    public void Add(BigInteger count)
    {
        var digit = (BigInteger.One << _bits) - 1;
        for (var p = 0; !count.IsZero; p++, count >>= _bits)
        {
            var value = (ulong)(count & digit);
            if (p == _planes.Count)
                _planes.Add(new ulong[Length]);
            foreach (ref var lane in _planes[p].AsSpan())
                lane += value;
        }
        Carry();
    }

    /// <summary>Adds 1 where the mask is set.</summary>
    public void Add(ReadOnlySpan<ulong> mask)
    {
        if (_planes.Count == 0)
            _planes.Add(new ulong[Length]);
        Lanes.Increment(_planes[0], mask);
        Carry();
    }

    /// <summary>A copy, each count times the same factor.</summary>
    /// <param name="factor">At least 0.</param>
    public WideCounts Times(BigInteger factor)
    {
        var result = new WideCounts(Length, _bits);
        if (factor.IsOne)
        {
            result._planes.AddRange(_planes.Select(plane => plane.ToArray()));
            return result;
        }
        var digit = (BigInteger.One << _bits) - 1;
        for (var shift = 0; !factor.IsZero; shift++, factor >>= _bits)
        {
            var by = (ulong)(factor & digit);
            for (var p = 0; p < _planes.Count && by != 0; p++)
                result.AddProduct(_planes[p], by, p + shift);
        }
        return result;
    }

    /// <summary>A copy that is zero where the mask is not set.</summary>
    public WideCounts Masked(ReadOnlySpan<ulong> mask)
    {
        var result = new WideCounts(Length, _bits);
        foreach (var plane in _planes)
        {
            ulong[] lanes = [.. plane];
            Lanes.Keep(lanes, mask);
            result._planes.Add(lanes);
        }
        return result;
    }

    /// <summary>Sum of all counts, or of those that a mask sets.</summary>
    public BigInteger Sum(ReadOnlySpan<ulong> mask = default)
    {
        var sum = BigInteger.Zero;
        for (var p = _planes.Count - 1; p >= 0; p--)
            sum = (sum << _bits) + Lanes.Sum(_planes[p], mask);
        return sum;
    }

    // Both factors are digits, so that the upper half of each product is one, too.
    private void AddProduct(ulong[] plane, ulong by, int at)
    {
        while (_planes.Count < at + 2)
            _planes.Add(new ulong[Length]);
        var (low, high, mask) = (_planes[at], _planes[at + 1], (1UL << _bits) - 1);
        for (var i = 0; i < plane.Length; i++)
        {
            var upper = Math.BigMul(plane[i], by, out var lower);
            low[i] += lower & mask;
            high[i] += (upper << (64 - _bits)) | (lower >> _bits);
        }
        Carry();
    }

    private void Carry()
    {
        for (var p = 0; p < _planes.Count; p++)
        {
            if (p == _planes.Count - 1)
            {
                if (Lanes.Or(_planes[p]) >> _bits == 0)
                    return;
                _planes.Add(new ulong[Length]);
            }
            Lanes.Carry(_planes[p], _planes[p + 1], _bits);
        }
    }
}
