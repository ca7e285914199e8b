using System.Collections.Immutable;
using Emergence.Checkpoints;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Datasets;

/// <summary>An array in a file whose header has been read.</summary>
/// <param name="Subject">The file, for errors.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Shape">Its dimensions, slowest first.</param>
/// <param name="Open">Opens the file at the first element, each time again.</param>
internal sealed record ArraySource(string Subject, DataType Type, ImmutableArray<int> Shape, Func<ElementStream> Open)
{
    /// <summary>Whether reading it again takes long: it is compressed, or drawn.</summary>
    public bool IsSlow { get; init; }

    /// <summary>Entries along the first axis; 1 where there is no axis.</summary>
    public int Count => Shape.IsEmpty ? 1 : Shape[0];

    /// <summary>Bytes of one entry.</summary>
    public long EntryBytes => Shape.Skip(1).Aggregate((long)NumericArray.ElementSize((int)Type), (bytes, size) => bytes * size);

    /// <summary>The array, or its first <paramref name="samples"/> entries, in memory.</summary>
    /// <exception cref="UserException">The file ends early or goes on, is damaged, or does not fit in memory.</exception>
    public NumericArray Read(int? samples = null)
    {
        using var elements = Open();
        return Read(elements, Math.Min(Count, samples ?? Count));
    }

    /// <summary>The first entries of an opened file.</summary>
    /// <exception cref="UserException">As for <see cref="Read(int?)"/>.</exception>
    public NumericArray Read(ElementStream elements, int count)
    {
        ArgumentNullException.ThrowIfNull(elements);
        var bytes = (Int128)count * EntryBytes;
        if (bytes > Array.MaxLength)
            throw TooLarge(bytes);
        var data = GC.AllocateUninitializedArray<byte>((int)bytes);
        elements.Fill(data);
        if (count == Count)
            elements.RequireEnd();
        return new NumericArray((int)Type, Shape.IsEmpty ? Shape : Shape.SetItem(0, count), data);
    }

    /// <summary>Says that bytes do not fit in memory.</summary>
    public UserException TooLarge(Int128 bytes) => new(
        $"{Subject}: holds {(long)(bytes >> 20):N0} MB, more than fits in memory at once; take fewer samples (--samples)");
}
