using System.Runtime.InteropServices;
using Emergence.Analyzer.Journal;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Sharding;

/// <summary>Writes what was counted on a share of the samples, exactly; <see cref="SampleReader"/> reads it in the same
/// order.</summary>
internal sealed class SampleWriter
{
    private readonly BinaryWriter to;
    private readonly ResultWriter results;

    private SampleWriter(BinaryWriter to) => (this.to, results) = (to, new ResultWriter(to));

    /// <summary>Name of the file that holds it, in the folder of <c>--out</c>.</summary>
    public const string FileName = "samples.shard";

    /// <summary>The first line of the file.</summary>
    public const string Title = "counts on a share of samples, for emergence-analyze merge\n";

    public static void Write(SamplePart part, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(part);
        SealedFile.Write(
            stream, Title, part.ToolVersion, part.RuntimeVersion, writer => new SampleWriter(writer).Write(part));
    }

    private void Write(SamplePart part)
    {
        to.Write(part.Shard.Index);
        to.Write(part.Shard.Count);
        StoredSettings.Write(to, part.Settings);
        StoredProbe.Write(to, part.Probe);
        to.Write(part.IsStrictSeries);
        results.Many(part.Checkpoints, checkpoint =>
        {
            to.Write(checkpoint.File);
            if (!results.Optional(checkpoint.Counted, Write))
                to.Write(checkpoint.Failure!);
        });
    }

    private void Write(Counted counted)
    {
        to.Write(counted.Sha256);
        StoredProbe.Write(to, counted.Probe);
        to.Write(counted.Device.ToString());
        var counts = counted.Counts;
        to.Write(counts.Group);
        results.Write(counts.First);
        results.Many(counts.Layers, Write);
        results.Many(counts.Exact, Write);
        to.Write(counts.Classified.Correct);
        to.Write(counts.Classified.Seen);
        results.Write(counts.Classified.Unfit is { } unfit ? [unfit] : []);
        results.Write(counts.Classified.Shifted is { } shifted ? [shifted] : []);
        results.Many(counts.Samples, Write);
        results.Write(counts.Providers);
        results.Write(counts.Placed);
    }

    private void Write(LayerCounts layer)
    {
        to.Write(layer.Samples);
        results.Many(layer.Sums, stretch =>
        {
            to.Write(stretch.Stretch);
            results.Many(stretch.Sums, Write);
        });
        results.Many(layer.Others, Write);
        results.Many(layer.Blocks, block =>
        {
            to.Write(block.Block);
            to.Write(block.Samples);
            results.Many(block.Totals, Write);
        });
    }

    private void Write(SampleProfile profile)
    {
        results.Many(profile.Emergence, results.Write);
        results.Many(profile.EmergenceActive, results.Write);
        results.Many(profile.Layers, layer =>
        {
            to.Write(layer.Alive);
            to.Write(layer.AliveChannels);
            to.Write(layer.Borderline);
        });
    }

    // Of a large network there are gigabytes of them.
    private void Write(double[] values)
    {
        to.Write(values.Length);
        to.Write(MemoryMarshal.AsBytes(values.AsSpan()));
    }
}
