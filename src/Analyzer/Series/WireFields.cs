using Google.Protobuf;

namespace Emergence.Analyzer.Series;

/// <summary>Goes through the fields of a protobuf message in a file without loading what nobody asks for.</summary>
internal static class WireFields
{
    /// <summary>Visits each field that has a length and seeks over the others; ends early where the message is
    /// damaged.</summary>
    /// <param name="stream">A file, at the begin of the message.</param>
    /// <param name="end">Where the message ends.</param>
    /// <param name="visit">Receives the field's number and length; the stream is at its content.</param>
    public static void Visit(Stream stream, long end, Action<int, int> visit)
    {
        while (stream.Position < end && ReadVarint(stream) is { } tag)
        {
            switch (tag & 7)
            {
                case 0:
                    ReadVarint(stream);
                    break;
                case 1:
                    stream.Seek(8, SeekOrigin.Current);
                    break;
                case 5:
                    stream.Seek(4, SeekOrigin.Current);
                    break;
                case 2 when ReadVarint(stream) is { } length && length <= (ulong)Math.Max(0, end - stream.Position)
                    && length <= int.MaxValue && tag >> 3 <= int.MaxValue:
                    var next = stream.Position + (long)length;
                    visit((int)(tag >> 3), (int)length);
                    stream.Seek(next, SeekOrigin.Begin);
                    break;
                default:
                    return;
            }
        }
    }

    /// <summary>The content of a field that was just visited, as a message.</summary>
    /// <exception cref="InvalidProtocolBufferException">It is damaged.</exception>
    public static T Read<T>(Stream stream, int length, MessageParser<T> parser) where T : IMessage<T>
    {
        var bytes = new byte[length];
        stream.ReadExactly(bytes);
        return parser.ParseFrom(bytes);
    }

    /// <summary>A base-128 number, low groups first; null at the end of the file or where it does not end.</summary>
    private static ulong? ReadVarint(Stream stream)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = stream.ReadByte();
            if (next < 0)
                return null;
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }
        return null;
    }
}
