using System.Collections.Immutable;
using System.Security.Cryptography;
using Emergence.Checkpoints;

namespace Emergence.Datasets;

/// <summary>
/// An array as its file holds it, of which the first entries along its first axis are kept. Few are held in memory; many are read
/// from the file each time that they are asked for, and must be the same each time. What takes long to unpack is unpacked once,
/// into a temporary file.
/// </summary>
public sealed class StoredArray
{
    /// <summary>Bytes up to which an array is held.</summary>
    public const long MostHeld = 16 << 20;

    // Long enough that hashing and reading are fast, short enough to be forgotten beside a runtime.
    private const int BlockBytes = 1 << 20;

    private readonly ArraySource? source;
    private readonly NumericArray? held;
    private readonly byte[] digests;
    private readonly Func<NumericArray>? whole;

    private StoredArray(ImmutableArray<int> shape, int elementType, int count, NumericArray? held, ArraySource? source,
        byte[] digests, Func<NumericArray>? whole)
    {
        (Shape, ElementType, Count) = (shape, elementType, count);
        (this.held, this.source, this.digests, this.whole) = (held, source, digests, whole);
    }

    /// <summary>A <c>TensorProto.DataType</c>.</summary>
    public int ElementType { get; }

    /// <summary>Its dimensions in the file, slowest first.</summary>
    public ImmutableArray<int> Shape { get; }

    /// <summary>Bytes that it takes in memory.</summary>
    public long HeldBytes => held?.Data.Length ?? 0;

    /// <summary>Entries along the first axis that are kept; 1 where there is no axis.</summary>
    public int Count { get; }

    internal int EntriesOfBlock => EntriesOf(source!);

    /// <summary>An array that is in memory.</summary>
    public static StoredArray Of(NumericArray array)
    {
        ArgumentNullException.ThrowIfNull(array);
        return new StoredArray(array.Shape, array.ElementType, array.Shape.IsEmpty ? 1 : array.Shape[0], array, null, [], null);
    }

    /// <summary>The first entries of an array, in memory.</summary>
    /// <param name="first">The entries.</param>
    /// <param name="shape">The dimensions of the whole.</param>
    /// <param name="whole">Reads the whole.</param>
    internal static StoredArray Of(NumericArray first, ImmutableArray<int> shape, Func<NumericArray> whole) =>
        new(shape, first.ElementType, first.Shape.IsEmpty ? 1 : first.Shape[0], first, null, [], whole);

    /// <summary>Reads an array, or its first <paramref name="samples"/> entries, once.</summary>
    /// <param name="source">The file.</param>
    /// <param name="samples">How many entries are kept; null: all.</param>
    /// <param name="mostHeld">Bytes up to which they are held.</param>
    /// <param name="hash">Receives the bytes of all entries, kept or not; optional.</param>
    /// <param name="free">Room for temporary files; null: asked for.</param>
    /// <exception cref="UserException">The file ends early or goes on, is damaged, or cannot be read.</exception>
    internal static StoredArray Read(
        ArraySource source, int? samples, long mostHeld = MostHeld, IncrementalHash? hash = null, long? free = null)
    {
        var count = Math.Min(source.Count, samples ?? source.Count);
        using var elements = source.Open();
        if ((Int128)count * source.EntryBytes <= mostHeld)
        {
            var held = source.Read(elements, count);
            hash?.AppendData(held.Data.Span);
            HashRest(source, elements, count, hash);
            return Of(held, source.Shape, () => source.Read());
        }
        if (source.EntryBytes > Array.MaxLength)
            throw source.TooLarge(source.EntryBytes);
        Func<NumericArray> whole = () => source.Read();
        var array = new StoredArray(source.Shape, (int)source.Type, count, null, source,
            new byte[((count - 1) / EntriesOf(source) + 1) * SHA256.HashSizeInBytes], whole);
        var block = new byte[array.EntriesOfBlock * source.EntryBytes];
        var copy = source.IsSlow ? UnpackedCopy.Create(count * source.EntryBytes, free) : null;
        for (var start = 0; start < count; start += array.EntriesOfBlock)
        {
            var entries = block.AsSpan(0, array.BytesOfBlock(start));
            elements.Fill(entries);
            hash?.AppendData(entries);
            SHA256.HashData(entries, array.DigestOf(start));
            // Without room for a copy it is unpacked each time.
            copy = copy?.TryAdd(entries) == true ? copy : null;
        }
        if (count == source.Count)
            elements.RequireEnd();
        HashRest(source, elements, count, hash);
        return copy is null ? array
            : new StoredArray(array.Shape, array.ElementType, count, null, source with { Open = copy.Open }, [], whole);
    }

    /// <summary>The whole array in memory, also where only its first entries are kept.</summary>
    /// <exception cref="UserException">It does not fit, or its file is not what it was.</exception>
    public NumericArray Whole() => !Shape.IsEmpty && Count < Shape[0] ? whole!() : Kept();

    /// <summary>The kept entries in memory.</summary>
    /// <exception cref="UserException">They do not fit, or the file is not what it was.</exception>
    public NumericArray Kept()
    {
        if (held is not null)
            return held;
        var bytes = (Int128)Count * source!.EntryBytes;
        if (bytes > Array.MaxLength)
            throw source.TooLarge(bytes);
        var data = GC.AllocateUninitializedArray<byte>((int)bytes);
        using var reader = Open();
        for (var start = 0; start < Count;)
        {
            var entries = reader.Next(start, Count - start);
            entries.CopyTo(data.AsMemory((int)(start * source.EntryBytes)));
            start += (int)(entries.Length / source.EntryBytes);
        }
        return new NumericArray(ElementType, Shape.SetItem(0, Count), data);
    }

    /// <summary>Begins to read entries; each reader by itself.</summary>
    public StoredReader Open() => new(this, held, source);

    /// <summary>Bytes of the block that begins with an entry.</summary>
    internal int BytesOfBlock(int start) => (int)(Math.Min(EntriesOfBlock, Count - start) * source!.EntryBytes);

    /// <summary>Whether others can write to its file.</summary>
    internal bool CanChange => digests.Length > 0;

    /// <summary>SHA-256 of the block that begins with an entry.</summary>
    internal Span<byte> DigestOf(int start) =>
        digests.AsSpan(start / EntriesOfBlock * SHA256.HashSizeInBytes, SHA256.HashSizeInBytes);

    private static int EntriesOf(ArraySource source) => (int)Math.Max(1, BlockBytes / Math.Max(1, source.EntryBytes));

    private static void HashRest(ArraySource source, ElementStream elements, int read, IncrementalHash? hash)
    {
        if (hash is null || read == source.Count)
            return;
        var buffer = new byte[EntriesOf(source) * source.EntryBytes];
        for (var left = (source.Count - read) * source.EntryBytes; left > 0; left -= Math.Min(left, buffer.Length))
        {
            var part = buffer.AsSpan(0, (int)Math.Min(left, buffer.Length));
            elements.Fill(part);
            hash.AppendData(part);
        }
        elements.RequireEnd();
    }
}
