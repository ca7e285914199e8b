using Emergence.Analyzer.Journal;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Sharding;

/// <summary>Reads what <see cref="ShardWriter"/> wrote: of the same build, and undamaged, as its hash says.</summary>
internal sealed class ShardReader
{
    private readonly BinaryReader from;
    private readonly ResultReader results;

    private ShardReader(BinaryReader from) => (this.from, results) = (from, new ResultReader(from));

    /// <summary>The part that a file holds.</summary>
    /// <param name="path">The file.</param>
    /// <param name="seal">Receives the hash of the content: files of one hash hold the same part.</param>
    /// <exception cref="ShardDamageException">The file is damaged, or none of ours.</exception>
    /// <exception cref="UserException">It cannot be read, or is of another build of this program.</exception>
    public static ShardPart Read(string path, out string seal) => SealedFile.Read(
        path, ShardWriter.Title, (from, version, runtime) => new ShardReader(from).Read(version, runtime), out seal);

    private ShardPart Read(string version, string runtime)
    {
        var shard = new Shard(from.ReadInt32(), from.ReadInt32());
        var plan = new ShardPlan(
            from.ReadInt32(), from.ReadString(), from.ReadString(), from.ReadInt32(), from.ReadInt32());
        return new ShardPart
        {
            ToolVersion = version,
            RuntimeVersion = runtime,
            Shard = shard,
            Plan = plan,
            Settings = StoredSettings.Read(from),
            DeviceReason = from.ReadString(),
            Samples = results.Array(() => new Fact(from.ReadString(), from.ReadString())),
            Before = from.ReadBoolean()
                ? new Predecessor(from.ReadInt32(), from.ReadString(), StoredProbe.ReadProvenance(from)) : null,
            Entries = [.. Enumerable.Range(0, plan.Count).Select(_ => Entry())],
            NodeValues = results.NodeValues(),
        };
    }

    private SeriesEntry Entry()
    {
        var file = from.ReadString();
        return from.ReadBoolean() ? new(file, Result(file), null) : new(file, null, from.ReadString());
    }

    private CheckpointResult Result(string file) => new()
    {
        File = file,
        Epoch = results.Whole(),
        IsEpochOfName = from.ReadBoolean(),
        Sha256 = from.ReadString(),
        Bytes = from.ReadBoolean() ? from.ReadInt64() : null,
        Measurements = results.Array(results.Measurement),
        Edges = results.Array(() => new LayerEdge(from.ReadInt32(), from.ReadInt32(), (EdgeKind)from.ReadInt32())),
        Parameters = from.ReadInt64(),
        ParametersNonzero = from.ReadInt64(),
        WeightChange = results.Real(),
        Accuracy = results.Real(),
        TrainAccuracy = results.Real(),
        TestAccuracy = results.Real(),
        TrainLoss = results.Real(),
        TestLoss = results.Real(),
        Probe = StoredProbe.ReadProvenance(from),
        Device = Device.Parse(from.ReadString()),
        Providers = results.Providers(),
        Diagnostics = results.Diagnostics(),
    };
}
