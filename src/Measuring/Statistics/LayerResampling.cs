using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Emergence.Measuring.Statistics;

/// <summary>Tells which nodes of a layer are alive on resamples of its blocks: those whose mean reaches a bound.</summary>
/// <param name="samples">Values of each node, by block.</param>
/// <param name="totals">Their sums, by block and node; NaN makes a node dead on every resample that draws the block.</param>
/// <param name="leastAlive">The smallest mean of an alive node.</param>
internal sealed class LayerResampling(ImmutableArray<long> samples,
    ImmutableArray<ImmutableArray<double>> totals, double leastAlive)
{
    private const int WordBits = 64;

    private readonly double[] tile = new double[totals.Length * WordBits];

    /// <summary>Words of a mask: 64 nodes to a word, node 0 in the lowest bit of the first.</summary>
    public int Words => (totals[0].Length + WordBits - 1) / WordBits;

    /// <summary>Judges every node on several resamples.</summary>
    /// <param name="times">How often each resample draws each block.</param>
    /// <param name="masks">Receives the alive nodes: a row of <see cref="Words"/> for each resample.</param>
    public void Judge(ReadOnlySpan<int[]> times, Span<ulong> masks)
    {
        var draws = new Draws[times.Length];
        for (var r = 0; r < draws.Length; r++)
            draws[r] = DrawsOf(times[r]);
        // The sums of 64 nodes stay in the first-level cache while all resamples look at them.
        for (var word = 0; word < Words; word++)
        {
            LoadTile(word * WordBits);
            for (var r = 0; r < draws.Length; r++)
                masks[(r * Words) + word] = Judge(draws[r]);
        }
    }

    private Draws DrawsOf(int[] times)
    {
        var (weight, offsets, counts) = (0L, new List<int>(), new List<double>());
        for (var block = 0; block < times.Length; block++)
        {
            // A block that was not drawn is left out, not multiplied by 0: it may hold NaN.
            if (times[block] == 0)
                continue;
            weight += times[block] * samples[block];
            offsets.Add(block * WordBits);
            counts.Add(times[block]);
        }
        return new Draws(weight, [.. offsets], [.. counts]);
    }

    private void LoadTile(int node)
    {
        // Lanes beyond the last node are NaN: never alive.
        Array.Fill(tile, double.NaN);
        for (var block = 0; block < totals.Length; block++)
        {
            var nodes = totals[block].AsSpan(node, Math.Min(WordBits, totals[block].Length - node));
            nodes.CopyTo(tile.AsSpan(block * WordBits));
        }
    }

    private ulong Judge(Draws draws)
    {
        var mask = 0UL;
        ref var first = ref MemoryMarshal.GetArrayDataReference(tile);
        for (var lane = 0; lane < WordBits; lane += Vector256<double>.Count)
        {
            var sum = Vector256<double>.Zero;
            for (var i = 0; i < draws.Offsets.Length; i++)
                sum += draws.Counts[i] * Vector256.LoadUnsafe(ref first, (nuint)(draws.Offsets[i] + lane));
            // A division, as the rule over all samples has it: a product with 1/weight may round to another side of the bound.
            var alive = Vector256.GreaterThanOrEqual(sum / draws.Weight, Vector256.Create(leastAlive));
            mask |= (ulong)alive.ExtractMostSignificantBits() << lane;
        }
        return mask;
    }

    /// <summary>One resample.</summary>
    /// <param name="Weight">Values of each node.</param>
    /// <param name="Offsets">Where in the tile the blocks stand that it draws.</param>
    /// <param name="Counts">How often it draws each.</param>
    private sealed record Draws(double Weight, int[] Offsets, double[] Counts);
}
