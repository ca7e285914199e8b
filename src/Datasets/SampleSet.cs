using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Emergence.Checkpoints;

namespace Emergence.Datasets;

/// <summary>Samples in stored order, with their labels where they have any.</summary>
/// <param name="Name">Name of the data set, or of the file.</param>
/// <param name="Split"><c>train</c> or <c>test</c>; empty where there are no splits.</param>
/// <param name="SampleShape">Shape of one sample; images are channels, height, width.</param>
/// <param name="ElementType">A <c>TensorProto.DataType</c>; images are UINT8.</param>
/// <param name="Data">All samples, contiguous, little-endian, sample-major.</param>
/// <param name="Labels">Class of each sample, or null.</param>
/// <param name="Sha256">
/// What <see cref="Hash"/> gives for the set before <see cref="Take"/> or <see cref="Skip"/> shortened it, so that a part
/// still tells which set it is part of.
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

    /// <summary>Reads the first axis of an array as samples.</summary>
    /// <exception cref="UserException">The array has no samples, or not as many as there are labels.</exception>
    public static SampleSet Create(string name, string split, NumericArray array, int[]? labels)
    {
        ArgumentNullException.ThrowIfNull(array);
        if (array.Shape.IsEmpty)
            throw new UserException($"{name}: holds a single number; give an array whose first axis counts samples");
        if (array.Data.IsEmpty)
            throw new UserException($"{name}: holds no samples (its shape is {NumericArray.Describe(array.Shape.AsSpan())})");
        if (labels is not null && labels.Length != array.Shape[0])
            throw new UserException(
                $"{name}: has {array.Shape[0]} samples but {labels.Length} labels; "
                + "give a label for each sample");
        return new SampleSet(name, split, array.Shape[1..], array.ElementType, array.Data, labels, Hash(array, labels));
    }

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

    /// <summary>
    /// SHA-256, lower-case hexadecimal, of: the line <c>TYPE[N,D1,D2,…]</c> (the number of the element type and the
    /// shape with its samples axis) and <c>\n</c> in UTF-8, the data, then each label as a little-endian int32.
    /// </summary>
    public static string Hash(NumericArray array, int[]? labels)
    {
        ArgumentNullException.ThrowIfNull(array);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{array.ElementType}{NumericArray.Describe(array.Shape.AsSpan())}\n"));
        hash.AppendData(array.Data.Span);
        var bytes = new byte[4 * (labels?.Length ?? 0)];
        for (var i = 0; i < bytes.Length / 4; i++)
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4 * i), labels![i]);
        hash.AppendData(bytes);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
