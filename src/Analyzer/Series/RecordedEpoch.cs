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
            if (FileLength.Of(path) == 0)
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
        WireFields.Visit(stream, stream.Length, (field, length) =>
        {
            if (field == MetadataField && length <= LongestEntry)
                model.MetadataProps.Add(WireFields.Read(stream, length, StringStringEntryProto.Parser));
        });
        return model;
    }
}
