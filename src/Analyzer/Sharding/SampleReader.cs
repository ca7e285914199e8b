using System.Runtime.InteropServices;
using Emergence.Analyzer.Journal;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Sharding;

/// <summary>Reads what <see cref="SampleWriter"/> wrote: of the same build, and undamaged, as its hash says.</summary>
internal sealed class SampleReader
{
    private readonly BinaryReader from;
    private readonly ResultReader results;

    private SampleReader(BinaryReader from) => (this.from, results) = (from, new ResultReader(from));

    /// <summary>The share that a file holds.</summary>
    /// <param name="path">The file.</param>
    /// <param name="seal">Receives the hash of the content: files of one hash hold the same.</param>
    /// <exception cref="ShardDamageException">The file is damaged, or none of ours.</exception>
    /// <exception cref="UserException">It cannot be read, or is of another build of this program.</exception>
    public static SamplePart Read(string path, out string seal) => SealedFile.Read(
        path, SampleWriter.Title, (from, version, runtime) => new SampleReader(from).Read(version, runtime), out seal);

    // Initializers run in the order in which they stand here.
    private SamplePart Read(string version, string runtime) => new()
    {
        ToolVersion = version,
        RuntimeVersion = runtime,
        Shard = new Shard(from.ReadInt32(), from.ReadInt32()),
        Settings = StoredSettings.Read(from),
        Probe = StoredProbe.ReadOptions(from),
        IsStrictSeries = from.ReadBoolean(),
        Checkpoints = results.Array(Checkpoint),
    };

    private CountedCheckpoint Checkpoint()
    {
        var file = from.ReadString();
        return from.ReadBoolean() ? new(file, Counted(), null) : new(file, null, from.ReadString());
    }

    private Counted Counted() => new(
        from.ReadString(), StoredProbe.ReadProvenance(from), Device.Parse(from.ReadString()),
        new ProbeCounts(from.ReadInt32(), results.Whole(), results.Array(Layer), results.Array(Layer))
        {
            Classified = new ClassifierCounts(from.ReadInt32(), from.ReadInt32(), Remark(), Remark()),
            Samples = results.Array(Profile),
            Providers = results.Providers(),
            Placed = results.Diagnostics(),
        });

    private Diagnostic? Remark() => results.Diagnostics() is [var remark] ? remark : null;

    private LayerCounts Layer() => new(
        from.ReadInt64(),
        results.Array(() => new StretchSums(from.ReadInt32(), results.Array(Doubles))),
        results.Array(Doubles),
        results.Array(() => new BlockCounts(from.ReadInt32(), from.ReadInt64(), results.Array(Doubles))));

    private SampleProfile Profile() => new(
        results.Array(results.Value), results.Array(results.Value),
        results.Array(() => new LayerSamples(from.ReadInt64(), from.ReadInt64(), from.ReadInt32())));

    private double[] Doubles()
    {
        var values = new double[from.ReadInt32()];
        from.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
