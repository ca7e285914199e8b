namespace Emergence.Datasets;

/// <summary>
/// Random numbers of one sample: a SplitMix64 sequence whose start depends on seed, split and index alone, so that a
/// sample is the same whichever others are made, in whatever order.
/// </summary>
internal struct SampleRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong _state;

    /// <summary>Starts the sequence of one sample of one of several sets.</summary>
    public SampleRandom(ulong seed, int split, int index) =>
        _state = unchecked(Mix(Mix(Mix(seed + Golden) + (uint)split * Golden) + (uint)index));

    /// <summary>64 random bits.</summary>
    public ulong Bits() => Mix(_state = unchecked(_state + Golden));

    /// <summary>Uniform in [0, 1): 53 bits, exact.</summary>
    public double Unit() => (Bits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [low, high).</summary>
    public double Between(double low, double high) => low + (high - low) * Unit();

    /// <summary>Roughly normal: the sum of three uniforms of 21 bits, of standard deviation 1/2 and within ±1.5.</summary>
    public double Bell()
    {
        const ulong Mask = (1UL << 21) - 1;
        var bits = Bits();
        return ((bits & Mask) + ((bits >> 21) & Mask) + ((bits >> 42) & Mask)) * (1.0 / (1UL << 21)) - 1.5;
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
