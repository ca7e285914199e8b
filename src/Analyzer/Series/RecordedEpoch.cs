using Emergence.Checkpoints;
using Google.Protobuf;
using Onnx;

namespace Emergence.Analyzer.Series;

/// <summary>Reads the epoch a checkpoint records without loading its weights: only the metadata are read,
/// the rest is seeked over.</summary>
public static class RecordedEpoch
{
    // ModelProto.metadata_props.
    private const int MetadataField = 14;

    // Ours are short; longer ones (vocabularies, licences) are passed over like everything else.
    private const int LongestEntry = 4096;

    /// <summary>
    /// The epoch of <see cref="CheckpointMetadata"/>; null where none is recorded. A file that cannot be read, or is no
    /// ONNX model, has none either: its analysis is what reports the damage.
    /// </summary>
    public static int? Read(string path)
    {
        try
        {
            // A pipe has no length; opening one could wait for ever.
            if (new FileInfo(path).Length == 0)
                return null;
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 4096);
            return !stream.CanSeek ? null : CheckpointMetadata.Read(MetadataOf(stream)).Epoch;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidProtocolBufferException
            or UserException)
        {
            return null;
        }
    }

    /// <summary>A model that holds the metadata alone, as far as the file is sound.</summary>
    private static ModelProto MetadataOf(Stream stream)
    {
        var model = new ModelProto();
        while (ReadVarint(stream) is { } tag)
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
                case 2 when ReadVarint(stream) is { } length && length <= (ulong)(stream.Length - stream.Position):
                    if (tag >> 3 == MetadataField && length <= LongestEntry)
                        model.MetadataProps.Add(ReadEntry(stream, (int)length));
                    else
                        stream.Seek((long)length, SeekOrigin.Current);
                    break;
                default:
                    return model;
            }
        }
        return model;
    }

    private static StringStringEntryProto ReadEntry(Stream stream, int length)
    {
        var bytes = new byte[length];
        stream.ReadExactly(bytes);
        return StringStringEntryProto.Parser.ParseFrom(bytes);
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
