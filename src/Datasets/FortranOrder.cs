using Emergence.Checkpoints;

namespace Emergence.Datasets;

/// <summary>Arrays whose first axis is stored fastest: the elements of one entry are spread over the whole file.</summary>
internal static class FortranOrder
{
    // Read at once where the columns are short.
    private const int BlockBytes = 1 << 20;

    /// <summary>Reads the first entries in row-major order; the file passes by, and is never in memory whole.</summary>
    /// <param name="source">The file, with a dimension or more.</param>
    /// <param name="count">How many entries.</param>
    /// <exception cref="UserException">The file ends early or goes on, is damaged, or does not fit in memory.</exception>
    public static NumericArray Read(ArraySource source, int count)
    {
        ArgumentNullException.ThrowIfNull(source);
        var size = NumericArray.ElementSize((int)source.Type);
        var bytes = (Int128)count * source.EntryBytes;
        if (bytes > Array.MaxLength)
            throw source.TooLarge(bytes);
        var data = new byte[(int)bytes];
        var (entry, column) = ((int)source.EntryBytes, (long)source.Count * size);
        using var elements = source.Open();
        // Short columns are read many at a time; of a long one only what is kept.
        var isLong = column > BlockBytes;
        var block = new byte[isLong ? count * size : Math.Max(1, BlockBytes / Math.Max(1, column)) * column];
        var (ahead, left) = (Memory<byte>.Empty, entry / size);
        foreach (var element in Elements([.. source.Shape.Skip(1)]))
        {
            if (ahead.IsEmpty)
            {
                ahead = isLong ? block : block.AsMemory(0, (int)Math.Min(block.Length, left * column));
                elements.Fill(ahead.Span);
                if (isLong)
                    elements.Skip(column - ahead.Length);
            }
            Scatter(ahead.Span[..(count * size)], size, data, element * size, entry);
            ahead = isLong ? Memory<byte>.Empty : ahead[(int)column..];
            left--;
        }
        elements.RequireEnd();
        return new NumericArray((int)source.Type, source.Shape.SetItem(0, count), data);
    }

    /// <summary>Where the elements of an entry stand in row-major order, in the order of the file.</summary>
    private static IEnumerable<int> Elements(int[] shape)
    {
        var steps = new int[shape.Length];
        for (var (axis, step) = (shape.Length - 1, 1); axis >= 0; step *= shape[axis--])
            steps[axis] = step;
        var total = shape.Aggregate(1, (product, length) => product * length);
        var (index, position) = (new int[shape.Length], 0);
        for (var i = 0; i < total; i++)
        {
            yield return position;
            for (var axis = 0; axis < shape.Length; axis++)
            {
                position += steps[axis];
                if (++index[axis] < shape[axis])
                    break;
                position -= steps[axis] * shape[axis];
                index[axis] = 0;
            }
        }
    }

    private static void Scatter(ReadOnlySpan<byte> column, int size, byte[] data, int offset, int entry)
    {
        for (var (from, to) = (0, offset); from < column.Length; from += size, to += entry)
            column.Slice(from, size).CopyTo(data.AsSpan(to));
    }
}
