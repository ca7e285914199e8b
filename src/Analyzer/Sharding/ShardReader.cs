using System.Security.Cryptography;
using System.Text;
using Emergence.Analyzer.Journal;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
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
    public static ShardPart Read(string path, out string seal)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
            seal = Check(stream, path);
            stream.Position = Encoding.UTF8.GetByteCount(ShardWriter.Title);
            using var reader = new BinaryReader(stream, Encoding.UTF8);
            return new ShardReader(reader).Read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: cannot be read ({e.Message}); check the file and its permissions", e);
        }
    }

    /// <summary>The hash of the content, which stands behind it.</summary>
    private static string Check(FileStream stream, string path)
    {
        var length = stream.Length - SHA256.HashSizeInBytes;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 16];
        for (var left = length; left > 0;)
        {
            var read = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, left));
            hash.AppendData(buffer, 0, read);
            left = read == 0 ? 0 : left - read;
        }
        var expected = hash.GetHashAndReset();
        var stored = buffer.AsSpan(0, SHA256.HashSizeInBytes);
        return length > 0 && stream.ReadAtLeast(stored, stored.Length, throwOnEndOfStream: false) == stored.Length
            && stored.SequenceEqual(expected)
            ? Convert.ToHexStringLower(expected)
            : throw new ShardDamageException($"{path}: is damaged or not whole; run its shard again");
    }

    private ShardPart Read(string path)
    {
        var (version, build, runtime) = (from.ReadString(), from.ReadString(), from.ReadString());
        if (build != ToolBuild.Id)
        {
            throw new UserException(
                $"{path}: was written by emergence-analyze {version} (build {build[..8]}), this is {ToolBuild.Version} (build "
                + $"{ToolBuild.Id[..8]}); merge with the program that measured");
        }
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
            Before = from.ReadBoolean() ? new Predecessor(from.ReadInt32(), from.ReadString(), Probe()) : null,
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
        Probe = Probe(),
        Device = Device.Parse(from.ReadString()),
        Providers = results.Providers(),
        Diagnostics = results.Diagnostics(),
    };

    private ProbeProvenance Probe() => new(from.ReadString(), from.ReadString(), from.ReadInt32(), results.Whole());
}

/// <summary>A file of a shard does not hold what was written: a run that was interrupted, or a damaged disk.</summary>
internal sealed class ShardDamageException(string message) : UserException(message);
