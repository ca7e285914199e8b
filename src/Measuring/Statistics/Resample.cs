using Emergence.Datasets;

namespace Emergence.Measuring.Statistics;

/// <summary>Draws blocks of samples with replacement.</summary>
internal static class Resample
{
    // Random probes use the streams from 0 on.
    private const int Stream = -1;

    /// <summary>
    /// Draws as many blocks as there are. A resample depends on the seed and its own index alone, so that every checkpoint,
    /// layer and threshold sees the same ones.
    /// </summary>
    /// <param name="seed">The seed.</param>
    /// <param name="index">Which resample, from 0.</param>
    /// <param name="times">Receives how often each block is drawn.</param>
    public static void Draw(int seed, int index, Span<int> times)
    {
        times.Clear();
        var random = new SampleRandom(unchecked((uint)seed), Stream, index);
        for (var i = 0; i < times.Length; i++)
            times[(int)Math.BigMul(random.Bits(), (ulong)times.Length, out _)]++;
    }
}
