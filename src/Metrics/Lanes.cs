using System.Numerics;
using System.Runtime.InteropServices;

namespace Emergence.Analyzer.Metrics;

/// <summary>Loops over 64-bit lanes, as wide as the machine allows. No lane may overflow: the callers see to it.</summary>
internal static class Lanes
{
    // 1, 2, 4, …: the bits of a mask word that the lanes of a vector look at.
    private static readonly Vector<ulong> s_bits = PowersOfTwo();

    /// <summary>to += from.</summary>
    public static void Add(Span<ulong> to, ReadOnlySpan<ulong> from)
    {
        from = from[..to.Length];
        ref var t = ref MemoryMarshal.GetReference(to);
        ref var f = ref MemoryMarshal.GetReference(from);
        var i = 0;
        for (; i <= to.Length - Vector<ulong>.Count; i += Vector<ulong>.Count)
            (Vector.LoadUnsafe(ref t, (nuint)i) + Vector.LoadUnsafe(ref f, (nuint)i)).StoreUnsafe(ref t, (nuint)i);
        for (; i < to.Length; i++)
            to[i] += from[i];
    }

    /// <summary>All lanes or'ed together.</summary>
    public static ulong Or(ReadOnlySpan<ulong> lanes)
    {
        ref var first = ref MemoryMarshal.GetReference(lanes);
        var wide = Vector<ulong>.Zero;
        var i = 0;
        for (; i <= lanes.Length - Vector<ulong>.Count; i += Vector<ulong>.Count)
            wide |= Vector.LoadUnsafe(ref first, (nuint)i);
        var or = 0UL;
        for (var lane = 0; lane < Vector<ulong>.Count; lane++)
            or |= wide[lane];
        for (; i < lanes.Length; i++)
            or |= lanes[i];
        return or;
    }

    /// <summary>Keeps the low <paramref name="bits"/> bits of each lane and adds what lies above to
    /// <paramref name="next"/>.</summary>
    public static void Carry(Span<ulong> lanes, Span<ulong> next, int bits)
    {
        next = next[..lanes.Length];
        var low = (1UL << bits) - 1;
        ref var l = ref MemoryMarshal.GetReference(lanes);
        ref var n = ref MemoryMarshal.GetReference(next);
        var wideLow = new Vector<ulong>(low);
        var i = 0;
        for (; i <= lanes.Length - Vector<ulong>.Count; i += Vector<ulong>.Count)
        {
            var lane = Vector.LoadUnsafe(ref l, (nuint)i);
            (Vector.LoadUnsafe(ref n, (nuint)i) + (lane >>> bits)).StoreUnsafe(ref n, (nuint)i);
            (lane & wideLow).StoreUnsafe(ref l, (nuint)i);
        }
        for (; i < lanes.Length; i++)
        {
            next[i] += lanes[i] >> bits;
            lanes[i] &= low;
        }
    }

    /// <summary>Adds 1 to the lanes that the mask sets.</summary>
    public static void Increment(Span<ulong> lanes, ReadOnlySpan<ulong> mask)
    {
        ref var l = ref MemoryMarshal.GetReference(lanes);
        var i = 0;
        for (; i <= lanes.Length - Vector<ulong>.Count; i += Vector<ulong>.Count)
            (Vector.LoadUnsafe(ref l, (nuint)i) - Selected(mask, i)).StoreUnsafe(ref l, (nuint)i);
        for (; i < lanes.Length; i++)
            lanes[i] += (mask[i / 64] >> (i % 64)) & 1;
    }

    /// <summary>Clears the lanes that the mask does not set.</summary>
    public static void Keep(Span<ulong> lanes, ReadOnlySpan<ulong> mask)
    {
        ref var l = ref MemoryMarshal.GetReference(lanes);
        var i = 0;
        for (; i <= lanes.Length - Vector<ulong>.Count; i += Vector<ulong>.Count)
            (Vector.LoadUnsafe(ref l, (nuint)i) & Selected(mask, i)).StoreUnsafe(ref l, (nuint)i);
        for (; i < lanes.Length; i++)
            lanes[i] *= (mask[i / 64] >> (i % 64)) & 1;
    }

    /// <summary>Sum of all lanes, or of those that the mask sets.</summary>
    public static UInt128 Sum(ReadOnlySpan<ulong> lanes, ReadOnlySpan<ulong> mask = default)
    {
        ref var first = ref MemoryMarshal.GetReference(lanes);
        var half = new Vector<ulong>(uint.MaxValue);
        var (lows, highs) = (Vector<ulong>.Zero, Vector<ulong>.Zero);
        var i = 0;
        for (; i <= lanes.Length - Vector<ulong>.Count; i += Vector<ulong>.Count)
        {
            var lane = Vector.LoadUnsafe(ref first, (nuint)i);
            if (!mask.IsEmpty)
                lane &= Selected(mask, i);
            lows += lane & half;
            highs += lane >>> 32;
        }
        var sum = ((UInt128)Vector.Sum(highs) << 32) + Vector.Sum(lows);
        for (; i < lanes.Length; i++)
            sum += mask.IsEmpty || ((mask[i / 64] >> (i % 64)) & 1) != 0 ? lanes[i] : 0;
        return sum;
    }

    // All ones where the mask sets lane i and those after it. A vector's lanes never lie in two words.
    private static Vector<ulong> Selected(ReadOnlySpan<ulong> mask, int i) =>
        Vector.Equals(new Vector<ulong>(mask[i / 64] >> (i % 64)) & s_bits, s_bits);

    private static Vector<ulong> PowersOfTwo()
    {
        Span<ulong> powers = stackalloc ulong[Vector<ulong>.Count];
        for (var lane = 0; lane < powers.Length; lane++)
            powers[lane] = 1UL << lane;
        return new Vector<ulong>(powers);
    }
}
