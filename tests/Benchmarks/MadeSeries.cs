using System.Globalization;
using Emergence.Analyzer.Journal;
using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Sharding;
using Emergence.CommandLine;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Model;

namespace Emergence.Benchmarks;

/// <summary>Made results of a small network, as the shards of a series of any length hold them.</summary>
internal sealed class MadeSeries
{
    private static readonly int[] Nodes = [64, 32, 10];

    private static readonly ProbeProvenance Probe = new("made", new string('0', 64), 1024, 0);

    // E of each checkpoint.
    private readonly long[] emergences;
    private readonly long[] costs;

    /// <summary>A series.</summary>
    /// <param name="length">How many checkpoints.</param>
    /// <param name="isSettled">Whether E falls for ten checkpoints and then stays around one level; else it is a walk, as of a
    /// network that goes on developing.</param>
    public MadeSeries(int length, bool isSettled)
    {
        var random = new Random(1);
        (Length, costs, emergences) = (length, new long[length], new long[length]);
        for (var i = 0; i < length; i++)
        {
            costs[i] = random.NextInt64(1 << 18, 1 << 19);
            emergences[i] = isSettled ? (1_000_000L << Math.Max(0, 10 - i)) + random.NextInt64(-20_000, 20_001)
                : Math.Max(1000, (i == 0 ? 1_000_000 : emergences[i - 1]) + random.NextInt64(-20_000, 20_001));
        }
    }

    /// <summary>How many checkpoints.</summary>
    public int Length { get; }

    /// <summary>How many shards: one for each thousand.</summary>
    public int Shards => Math.Max(1, Length / 1000);

    /// <summary>Where each shard begins.</summary>
    public int[] Plan() => ShardPlan.Starts(costs, Shards);

    /// <summary>Writes what each shard contributes, into folders of this one.</summary>
    public void WriteShards(string folder)
    {
        var plan = Plan();
        for (var shard = 1; shard <= Shards; shard++)
        {
            Directory.CreateDirectory(Path.Combine(folder, $"{shard}"));
            using var stream = File.Create(Path.Combine(folder, $"{shard}", ShardWriter.FileName));
            ShardWriter.Write(Part(new Shard(shard, Shards), plan), stream);
        }
    }

    private ShardPart Part(Shard shard, int[] starts)
    {
        var (first, end) = (starts[shard.Index - 1], starts[shard.Index]);
        return new ShardPart
        {
            Shard = shard,
            Plan = new ShardPlan(Length, new string('1', 64), new string('2', 64), first, end - first),
            Settings = new AnalysisSettings(),
            Samples = Fact.Of(new ProbeOptions()),
            ToolVersion = ToolBuild.Version,
            RuntimeVersion = "made",
            DeviceReason = "",
            Before = first == 0 ? null : new Predecessor(first - 1, Sha(first - 1), Probe),
            Entries = [.. Enumerable.Range(first, end - first).Select(i => new SeriesEntry($"runs/made/ckpt_{i:0000000}.onnx",
                Result(i), null))],
            NodeValues = [.. Nodes.Select(nodes => new float[nodes])],
        };
    }

    private static string Sha(int i) => i.ToString("x64", CultureInfo.InvariantCulture);

    private CheckpointResult Result(int i)
    {
        var random = new Random(i);
        var contribution = new EmergenceChange(i % 2 == 0, new EmergenceValue(1 + random.Next(1000)));
        return new CheckpointResult
        {
            File = $"runs/made/ckpt_{i:0000000}.onnx",
            Epoch = i,
            Sha256 = Sha(i),
            Bytes = 30_000,
            Measurements =
            [
                new Measurement
                {
                    Threshold = 0.05f,
                    Layers = [.. Nodes.Select((nodes, layer) => Layer(layer, nodes, random))],
                    Emergence = new(emergences[i]),
                    EmergenceActive = new(3000 + random.Next(1000)),
                    EmergenceWired = null,
                    ZeroCause = ZeroCause.None,
                    RelativeEmergence = random.NextDouble(),
                    RelativeEmergenceAll = random.NextDouble(),
                    ActivationChange = i == 0 ? null : random.NextDouble(),
                    Step = i == 0 ? null : new EmergenceStep(new(), new EmergenceSplit(contribution,
                        [.. Nodes.Select(_ => new LayerStep(1, 0, contribution))], contribution.Magnitude,
                        new NodeStep(0, 1, true, contribution))),
                },
            ],
            Edges = [new LayerEdge(0, 1, EdgeKind.Dense), new LayerEdge(1, 2, EdgeKind.Dense)],
            Parameters = 6570,
            ParametersNonzero = 6570,
            WeightChange = i == 0 ? null : random.NextDouble(),
            Accuracy = random.NextDouble(),
            TrainAccuracy = null,
            TestAccuracy = null,
            Probe = Probe,
            Device = Device.Cpu,
            Diagnostics = [],
        };
    }

    private static LayerResult Layer(int index, int nodes, Random random)
    {
        var mask = new byte[(nodes + 7) / 8];
        random.NextBytes(mask);
        if (nodes % 8 != 0)
            mask[^1] &= (byte)((1 << (nodes % 8)) - 1);
        var alive = NodeMask.FromBytes(nodes, mask);
        return new LayerResult
        {
            Index = index,
            Name = $"fc{index}",
            Op = "Gemm",
            Activation = "Relu",
            Nodes = nodes,
            Alive = nodes / 2,
            Multiplicity = nodes,
            AliveMultiplicity = nodes / 2,
            Borderline = 0,
            NodesNan = 0,
            NodesInf = 0,
            Woke = 1,
            Died = 0,
            Parameters = nodes * 64L,
            ParametersNonzero = nodes * 64L,
            ActivationMean = random.NextDouble(),
            ActivationMax = random.NextDouble(),
            Mask = alive,
        };
    }
}
