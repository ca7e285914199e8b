using Emergence.Analyzer.Journal;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Sharding;

/// <summary>Writes a shard's part, exactly, with a hash at its end; <see cref="ShardReader"/> reads it in the same
/// order.</summary>
internal sealed class ShardWriter
{
    private readonly BinaryWriter to;
    private readonly ResultWriter results;

    private ShardWriter(BinaryWriter to) => (this.to, results) = (to, new ResultWriter(to));

    /// <summary>Name of the file that holds it, in the folder of <c>--out</c>.</summary>
    public const string FileName = "results.shard";

    /// <summary>The first line of the file.</summary>
    public const string Title = "a part of a series, for emergence-analyze merge\n";

    public static void Write(ShardPart part, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(part);
        SealedFile.Write(
            stream, Title, part.ToolVersion, part.RuntimeVersion, writer => new ShardWriter(writer).Write(part));
    }

    private void Write(ShardPart part)
    {
        to.Write(part.Shard.Index);
        to.Write(part.Shard.Count);
        to.Write(part.Plan.Checkpoints);
        to.Write(part.Plan.Names);
        to.Write(part.Plan.Costs);
        to.Write(part.Plan.First);
        to.Write(part.Plan.Count);
        StoredSettings.Write(to, part.Settings);
        to.Write(part.DeviceReason);
        results.Many(part.Samples, fact =>
        {
            to.Write(fact.Name);
            to.Write(fact.Value);
        });
        results.Optional(part.Before, before =>
        {
            to.Write(before.Index);
            to.Write(before.Sha256);
            StoredProbe.Write(to, before.Probe);
        });
        foreach (var entry in part.Entries)
        {
            to.Write(entry.File);
            if (!results.Optional(entry.Result, Write))
                to.Write(entry.Failure!);
        }
        results.Write(part.NodeValues);
    }

    private void Write(CheckpointResult result)
    {
        results.Write(result.Epoch);
        to.Write(result.IsEpochOfName);
        to.Write(result.Sha256);
        results.Optional(result.Bytes, to.Write);
        results.Many(result.Measurements, results.Write);
        results.Many(result.Edges, edge =>
        {
            to.Write(edge.From);
            to.Write(edge.To);
            to.Write((int)edge.Kind);
        });
        to.Write(result.Parameters);
        to.Write(result.ParametersNonzero);
        results.Write(result.WeightChange);
        results.Write(result.Accuracy);
        results.Write(result.TrainAccuracy);
        results.Write(result.TestAccuracy);
        results.Write(result.TrainLoss);
        results.Write(result.TestLoss);
        StoredProbe.Write(to, result.Probe);
        to.Write(result.Device.ToString());
        results.Write(result.Providers);
        results.Write(result.Diagnostics);
    }
}
