using System.Collections.Immutable;
using Emergence.Datasets;

namespace Emergence.Measuring.Probes;

/// <summary>Writes stored elements as elements of the type that a model input takes.</summary>
internal delegate void ElementConversion(NumericArray stored, Span<byte> target);

/// <summary>Reads stored samples, lays them out as a model input wants them and converts them.</summary>
internal sealed class FittedSamples : ValueReader
{
    // What is laid out or converted in several steps stays small beside the runtime.
    private const int MostElements = 1 << 14;

    private readonly StoredReader reader;
    private readonly StoredArray stored;
    private readonly SampleFit fit;
    private readonly ElementConversion convert;
    private readonly int storedBytes;
    private readonly int sampleBytes;

    private FittedSamples(StoredArray stored, SampleFit fit, ElementConversion convert, int sampleBytes)
    {
        (this.stored, this.fit, this.convert, this.sampleBytes) = (stored, fit, convert, sampleBytes);
        storedBytes = fit.SampleShape.Aggregate(NumericArray.ElementSize(stored.ElementType), (bytes, size) => bytes * size);
        reader = stored.Open();
    }

    /// <summary>The first samples of an array.</summary>
    /// <param name="stored">The array.</param>
    /// <param name="fit">How it becomes samples.</param>
    /// <param name="samples">How many; where the array holds one, it is each of them.</param>
    /// <param name="elementSize">Bytes of a converted element.</param>
    /// <param name="convert">Converts elements of whole samples.</param>
    public static SampleValues Of(StoredArray stored, SampleFit fit, int samples, int elementSize, ElementConversion convert)
    {
        if (!fit.IsBySample(stored))
        {
            stored = StoredArray.Of(fit.Apply(stored.Whole()));
            fit = fit with { View = stored.Shape, Order = [] };
        }
        var sampleBytes = fit.SampleShape.Aggregate(elementSize, (bytes, size) => bytes * size);
        if (fit.Samples > 1 || samples == 1)
            return SampleValues.Made(samples, sampleBytes, () => new FittedSamples(stored, fit, convert, sampleBytes));
        var sample = new byte[sampleBytes];
        using var only = new FittedSamples(stored, fit, convert, sampleBytes);
        only.Read(0, 1, sample);
        return SampleValues.Repeated(samples, sample);
    }

    /// <inheritdoc/>
    public override void Read(int start, int count, Span<byte> target)
    {
        var most = Math.Max(1, MostElements / Math.Max(1, storedBytes / NumericArray.ElementSize(stored.ElementType)));
        while (count > 0)
        {
            var data = reader.Next(start, Math.Min(count, most));
            var read = data.Length / storedBytes;
            ImmutableArray<int> view = fit.View.SetItem(0, read);
            var samples = (fit with { Samples = read, View = view }).Apply(new NumericArray(stored.ElementType, view, data));
            convert(samples, target[..(read * sampleBytes)]);
            target = target[(read * sampleBytes)..];
            (start, count) = (start + read, count - read);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        reader.Dispose();
        base.Dispose(disposing);
    }
}
