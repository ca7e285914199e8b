namespace Emergence.Checkpoints;

/// <summary>A field of a protobuf message in a file.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Length">Bytes of its content; 0 for a number.</param>
/// <param name="End">Where it ends in the file.</param>
internal readonly record struct WireField(int Number, long Length, long End);

/// <summary>Copies protobuf messages from a file, some fields of them changed.</summary>
/// <param name="file">The file, at the begin of a message.</param>
/// <param name="most">How much may be copied in all.</param>
internal sealed class WireFields(FileStream file, int most)
{
    private int copied;

    /// <summary>In place of a field: it is left out.</summary>
    public static MemoryStream Nothing { get; } = new(0);

    /// <summary>Copies the message from here to its end.</summary>
    /// <param name="end">Where it ends.</param>
    /// <param name="replace">Receives each field, the file at its content, and gives what it holds instead; null: it stays as it
    /// is.</param>
    /// <exception cref="InvalidDataException">It is damaged, or holds groups or too much.</exception>
    public MemoryStream Copy(long end, Func<WireField, MemoryStream?> replace)
    {
        var target = new MemoryStream();
        while (file.Position < end)
        {
            var begin = file.Position;
            var tag = Number();
            var length = (tag & 7) switch
            {
                0 => Skipped(),
                1 => 8UL,
                2 => Number(),
                5 => 4UL,
                _ => throw new InvalidDataException(),
            };
            if (length > (ulong)Math.Max(0, end - file.Position))
                throw new InvalidDataException();
            var field = new WireField((int)Math.Min(tag >> 3, int.MaxValue), (long)length, file.Position + (long)length);
            var other = (tag & 7) == 2 ? replace(field) : null;
            if (other is null)
                Append(target, begin, field.End);
            else if (other != Nothing)
                Append(target, tag, other);
            file.Position = field.End;
        }
        return file.Position == end ? target : throw new InvalidDataException();
    }

    private void Append(MemoryStream target, long begin, long end)
    {
        copied = end - begin <= most - copied ? copied + (int)(end - begin) : throw new InvalidDataException();
        var at = (int)target.Length;
        target.SetLength(target.Length + end - begin);
        file.Position = begin;
        file.ReadExactly(target.GetBuffer(), at, (int)(end - begin));
        target.Position = target.Length;
    }

    private static void Append(MemoryStream target, ulong tag, MemoryStream content)
    {
        Write(target, tag);
        Write(target, (ulong)content.Length);
        content.WriteTo(target);
    }

    /// <summary>Reads past a field that is a number: no bytes follow it.</summary>
    private ulong Skipped()
    {
        Number();
        return 0;
    }

    /// <summary>A base-128 number, low groups first.</summary>
    private ulong Number()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = file.ReadByte();
            if (next < 0)
                break;
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }
        throw new InvalidDataException();
    }

    private static void Write(MemoryStream target, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            target.WriteByte((byte)(value & 0x7F | 0x80));
        target.WriteByte((byte)value);
    }
}
