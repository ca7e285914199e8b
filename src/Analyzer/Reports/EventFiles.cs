using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Reports;

/// <summary>
/// A series as an event file of TensorBoard, so that E stands beside the losses people already watch: scalars by epoch.
/// </summary>
internal static class EventFiles
{
    // TensorBoard reads files that hold this word; without a time of day in it, the same series replaces itself.
    private const string Name = "events.out.tfevents.0.emergence-analyze";

    /// <summary>Writes the file into a folder, which is created where needed.</summary>
    /// <returns>Its name.</returns>
    /// <exception cref="UserException">It cannot be written.</exception>
    public static string Write(AnalysisOutcome outcome, string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"--tensorboard {directory}: cannot be created ({e.Message}); name another folder", e);
        }
        AtomicFile.Write(Path.Combine(directory, Name), stream => Write(outcome, stream));
        return Name;
    }

    /// <summary>Writes the records.</summary>
    public static void Write(AnalysisOutcome outcome, Stream stream)
    {
        WriteRecord(stream, Event(step: 0, Field(3, "brain.Event:2"u8)));
        var checkpoints = outcome.Series.Checkpoints;
        // Epochs of all, or places in the series of all: a mixture would order nothing.
        var byEpoch = checkpoints.All(checkpoint => checkpoint.Epoch is not null);
        foreach (var (i, checkpoint) in checkpoints.Index())
        {
            var values = Scalars(checkpoint, outcome.Series.Settings.Thresholds.Length > 1)
                .Where(scalar => scalar.Value is { } value && double.IsFinite(value))
                .SelectMany(scalar => Field(1, Scalar(scalar.Tag, (float)scalar.Value!.Value)));
            WriteRecord(stream, Event(byEpoch ? checkpoint.Epoch!.Value : i, Field(5, [.. values])));
        }
    }

    private static IEnumerable<(string Tag, double? Value)> Scalars(CheckpointResult checkpoint, bool namesThreshold)
    {
        yield return ("accuracy", checkpoint.Accuracy);
        yield return ("accuracy/train", checkpoint.TrainAccuracy);
        yield return ("accuracy/test", checkpoint.TestAccuracy);
        foreach (var measurement in checkpoint.Measurements)
        {
            var at = namesThreshold ? $"/threshold {NumberText.Exact(measurement.Threshold)}" : "";
            // A scalar is a float32: E of a deep network passes it, its logarithm does not.
            yield return ($"emergence/E{at}", InFloat(measurement.Emergence.ToDouble()));
            yield return ($"emergence/log10 E{at}", measurement.Emergence.Log10);
            yield return ($"emergence/relative{at}", InFloat(measurement.RelativeEmergence));
            yield return ($"emergence/relative, all parameters{at}", InFloat(measurement.RelativeEmergenceAll));
            yield return ($"alive share/all layers{at}", (double)measurement.Alive / measurement.Nodes);
            foreach (var layer in measurement.Layers)
                yield return ($"alive share/{Printable.Of(layer.Name)}{at}", (double)layer.Alive / layer.Nodes);
        }
    }

    private static double? InFloat(double? value) => value is { } number && float.IsFinite((float)number) ? number : null;

    // Event: wall_time = 1 (double), step = 2 (int64), file_version = 3 (string), summary = 5.
    // The time of day is left at 0, so that the same input gives the same bytes; TensorBoard orders by step.
    private static byte[] Event(long step, byte[] content) =>
        [0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, .. Varint((ulong)step), .. content];

    // Summary.Value: tag = 1 (string), simple_value = 2 (float).
    private static byte[] Scalar(string tag, float value)
    {
        var bytes = new byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        return [.. Field(1, Encoding.UTF8.GetBytes(tag)), 0x15, .. bytes];
    }

    private static byte[] Field(int number, ReadOnlySpan<byte> content) =>
        [(byte)((number << 3) | 2), .. Varint((ulong)content.Length), .. content];

    private static ImmutableArray<byte> Varint(ulong value)
    {
        var bytes = ImmutableArray.CreateBuilder<byte>();
        for (; value >= 0x80; value >>= 7)
            bytes.Add((byte)((value & 0x7F) | 0x80));
        bytes.Add((byte)value);
        return bytes.ToImmutable();
    }

    /// <summary>Length, its checksum, the data, their checksum: the record format of TensorFlow.</summary>
    private static void WriteRecord(Stream stream, byte[] data)
    {
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        Span<byte> checksum = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)data.Length);
        stream.Write(length);
        BinaryPrimitives.WriteUInt32LittleEndian(checksum, MaskedCrc32C.Of(length));
        stream.Write(checksum);
        stream.Write(data);
        BinaryPrimitives.WriteUInt32LittleEndian(checksum, MaskedCrc32C.Of(data));
        stream.Write(checksum);
    }
}
