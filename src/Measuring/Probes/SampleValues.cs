using Emergence.Datasets;

namespace Emergence.Measuring.Probes;

/// <summary>Values of samples as a model input takes them, in stored order: in memory, or made when they are read.</summary>
public sealed class SampleValues
{
    // Values up to this size are made once and kept, so that a series does not make them for each checkpoint.
    private const long MostHeld = StoredArray.MostHeld;

    private readonly Func<ValueReader> open;

    private SampleValues(int samples, Func<ValueReader> open) => (Samples, this.open) = (samples, open);

    /// <summary>How many samples there are.</summary>
    public int Samples { get; }

    /// <summary>Values in memory.</summary>
    /// <param name="data">All samples, contiguous, little-endian.</param>
    /// <param name="sampleBytes">Bytes of one sample.</param>
    public static SampleValues Of(ReadOnlyMemory<byte> data, int sampleBytes) =>
        new(data.Length / Math.Max(1, sampleBytes), () => new HeldSamples(data, sampleBytes));

    /// <summary>Values that are made when they are read; few of them are made now.</summary>
    /// <param name="samples">How many samples there are.</param>
    /// <param name="sampleBytes">Bytes of one sample.</param>
    /// <param name="open">Begins to make them.</param>
    internal static SampleValues Made(int samples, long sampleBytes, Func<ValueReader> open)
    {
        if ((Int128)samples * sampleBytes > MostHeld)
            return new SampleValues(samples, open);
        var data = GC.AllocateUninitializedArray<byte>((int)(samples * sampleBytes));
        using var reader = open();
        reader.Read(0, samples, data);
        return Of(data, (int)sampleBytes);
    }

    /// <summary>One sample, whichever is asked for.</summary>
    internal static SampleValues Repeated(int samples, ReadOnlyMemory<byte> sample) =>
        new(samples, () => new RepeatedSample(sample));

    /// <summary>Begins to read; each reader by itself.</summary>
    public ValueReader Open() => open();

    private sealed class HeldSamples(ReadOnlyMemory<byte> data, int sampleBytes) : ValueReader
    {
        public override void Read(int start, int count, Span<byte> target) =>
            data.Span.Slice(start * sampleBytes, count * sampleBytes).CopyTo(target);
    }

    private sealed class RepeatedSample(ReadOnlyMemory<byte> sample) : ValueReader
    {
        public override void Read(int start, int count, Span<byte> target)
        {
            for (var i = 0; i < count; i++)
                sample.Span.CopyTo(target[(i * sample.Length)..]);
        }
    }
}

/// <summary>Reads values of samples, best in order.</summary>
public abstract class ValueReader : IDisposable
{
    /// <summary>Writes the values of samples.</summary>
    /// <param name="start">The first sample.</param>
    /// <param name="count">How many.</param>
    /// <param name="target">Room for them.</param>
    /// <exception cref="Emergence.Checkpoints.UserException">Their file is not what it was, or cannot be read.</exception>
    public abstract void Read(int start, int count, Span<byte> target);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes what is open.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
