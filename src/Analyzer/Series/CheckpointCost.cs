using Emergence.Checkpoints;
using Google.Protobuf;
using Onnx;

namespace Emergence.Analyzer.Series;

/// <summary>
/// What a checkpoint costs to measure, as far as its file tells without its weights being loaded: the same on every machine.
/// </summary>
internal static class CheckpointCost
{
    // Opening, tracing and starting the runtime take the time of reading about this many bytes; an operator of about as many.
    private const long OfFile = 1 << 18;
    private const long OfOperator = 1 << 14;

    // ModelProto.graph; GraphProto.node and initializer; TensorProto.external_data.
    private const int GraphField = 7, NodeField = 1, InitializerField = 5, ExternalField = 13;

    // Locations and offsets; longer entries are none.
    private const int LongestEntry = 4096;

    /// <summary>The cost, above 0; that of the file alone where it is damaged, which its analysis reports.</summary>
    public static long Of(string path)
    {
        var cost = OfFile;
        try
        {
            var length = FileLength.Of(path);
            cost += length;
            // A pipe has no length; opening one could wait for ever.
            if (length == 0)
                return cost;
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 4096);
            var (operators, locations) = Read(stream);
            var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            return cost + (operators * OfOperator) + locations.Sum(location => LengthOf(location, folder));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidProtocolBufferException
            or UserException or NotSupportedException)
        {
            return cost;
        }
    }

    private static (long Operators, HashSet<string> Locations) Read(FileStream stream)
    {
        var operators = 0L;
        var locations = new HashSet<string>(StringComparer.Ordinal);
        WireFields.Visit(stream, stream.Length, (field, length) =>
        {
            if (field == GraphField)
                WireFields.Visit(stream, stream.Position + length, VisitGraph);
        });
        return (operators, locations);

        void VisitGraph(int field, int length)
        {
            if (field == NodeField)
                operators++;
            else if (field == InitializerField)
                WireFields.Visit(stream, stream.Position + length, VisitTensor);
        }

        void VisitTensor(int field, int length)
        {
            if (field == ExternalField && length <= LongestEntry
                && WireFields.Read(stream, length, StringStringEntryProto.Parser) is { Key: "location", Value: var location })
                locations.Add(location);
        }
    }

    private static long LengthOf(string location, string folder) =>
        new FileInfo(ExternalData.Resolve(location, folder)) is { Exists: true } file ? file.Length : 0;
}
