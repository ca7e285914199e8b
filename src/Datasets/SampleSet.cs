using System.Collections.Immutable;

namespace Emergence.Datasets;

/// <summary>Samples in stored order, with their labels where they have any.</summary>
/// <param name="Name">Name of the data set, or of the file.</param>
/// <param name="Split"><c>train</c> or <c>test</c>; empty where there are no splits.</param>
/// <param name="SampleShape">Shape of one sample; images are channels, height, width.</param>
/// <param name="ElementType">A <c>TensorProto.DataType</c>; images are UINT8.</param>
/// <param name="Data">All samples, contiguous, little-endian, sample-major.</param>
/// <param name="Labels">Class of each sample, or null.</param>
/// <param name="Sha256">
/// <see cref="StoredSet.Sha256"/> of the whole set, also where <see cref="Take"/> or <see cref="Skip"/> shortened it, so that a
/// part still tells which set it is part of.
/// </param>
public sealed record SampleSet(
    string Name, string Split, ImmutableArray<int> SampleShape, int ElementType, ReadOnlyMemory<byte> Data, int[]? Labels,
    string Sha256)
{
    /// <summary>Number of samples.</summary>
    public int Count => Data.Length / SampleBytes;

    /// <summary>Bytes of one sample.</summary>
    public int SampleBytes => SampleShape.Aggregate(NumericArray.ElementSize(ElementType), (bytes, size) => bytes * size);

    /// <summary>The bytes of one sample.</summary>
    public ReadOnlySpan<byte> this[int index] => Data.Span.Slice(index * SampleBytes, SampleBytes);

    /// <summary>The first <paramref name="count"/> samples, or all where there are no more; shares the data.</summary>
    public SampleSet Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        return count >= Count ? this : this with { Data = Data[..(count * SampleBytes)], Labels = Labels?[..count] };
    }

    /// <summary>All but the first <paramref name="count"/> samples; shares the data.</summary>
    public SampleSet Skip(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(count, Count);
        return count == 0 ? this : this with { Data = Data[(count * SampleBytes)..], Labels = Labels?[count..] };
    }
}
