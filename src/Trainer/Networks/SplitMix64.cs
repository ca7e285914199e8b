namespace Emergence.Trainer.Networks;

/// <summary>
/// The SplitMix64 generator (Steele, Lea and Flood 2014): what a seed gives is fixed here, not by the version of a library.
/// </summary>
internal sealed class SplitMix64
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong state;

    private SplitMix64(ulong state) => this.state = state;

    /// <summary>
    /// The generator of one purpose: stream 0 draws the initial weights, stream e shuffles epoch e. Streams of a seed
    /// do not depend on one another, so that an epoch can be repeated without those before it.
    /// </summary>
    public static SplitMix64 ForStream(long seed, int stream) => unchecked(new(Mix(Mix((ulong)seed + Golden) + (ulong)stream)));

    /// <summary>64 random bits.</summary>
    public ulong Next() => Mix(state = unchecked(state + Golden));

    /// <summary>Values uniform in [−<paramref name="bound"/>, <paramref name="bound"/>), in steps of 2⁻²³ of it.</summary>
    public float[] Uniform(float bound, int count)
    {
        var values = new float[count];
        foreach (ref var value in values.AsSpan())
            value = ((Next() >> 40) * (1f / (1 << 23)) - 1f) * bound;
        return values;
    }

    /// <summary>A random order of 0 … <paramref name="count"/> − 1 (Fisher–Yates).</summary>
    public long[] Permutation(int count)
    {
        var order = new long[count];
        for (var i = 0; i < count; i++)
        {
            // The high half of a product maps 64 bits to [0, i]; its bias is below 2⁻³² for any data set.
            var j = (int)Math.BigMul(Next(), (ulong)i + 1, out _);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
