using System.Diagnostics;
using System.Globalization;
using Emergence.Analyzer;
using Emergence.Analyzer.Journal;
using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Sharding;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Model;

namespace Emergence.Benchmarks;

/// <summary>What planning and merging cost for a series of any length: made results of a small network.</summary>
internal static class MergeCost
{
    private static readonly int[] Nodes = [64, 32, 10];
    // E of each checkpoint: a walk, as of a network that goes on developing.
    private static long[] emergences = [];

    private static readonly ProbeProvenance Probe = new("made", new string('0', 64), 1024, 0);

    /// <summary>Splits, writes, reads and joins series of these lengths, and prints a row for each.</summary>
    public static void Run(IEnumerable<int> lengths)
    {
        Console.WriteLine("checkpoints  shards  MiB in files  plan s  read and join s  live MiB  verdict s  series.csv s");
        foreach (var length in lengths)
            Run(length, Math.Max(1, length / 1000));
    }

    private static void Run(int length, int shards)
    {
        var folder = Directory.CreateTempSubdirectory("emergence-merge-").FullName;
        try
        {
            var random = new Random(1);
            long[] costs = [.. Enumerable.Range(0, length).Select(_ => random.NextInt64(1 << 18, 1 << 19))];
            emergences = new long[length];
            for (var i = 0; i < length; i++)
                emergences[i] = Math.Max(1000, (i == 0 ? 1_000_000 : emergences[i - 1]) + random.NextInt64(-20_000, 20_001));
            var plan = Time(() => ShardPlan.Starts(costs, shards), out var planned);
            for (var shard = 1; shard <= shards; shard++)
            {
                Directory.CreateDirectory(Path.Combine(folder, $"{shard}"));
                using var stream = File.Create(Path.Combine(folder, $"{shard}", ShardWriter.FileName));
                ShardWriter.Write(Part(new Shard(shard, shards), length, planned), stream);
            }
            var bytes = Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
            var before = GC.GetTotalMemory(forceFullCollection: true);
            var join = Time(() => AnalysisOutcome.Of([.. ShardMerge.Join(ShardFolder.Find([folder], Fail), Fail)
                .Select(part => part.Part)]), out var outcome);
            var live = GC.GetTotalMemory(forceFullCollection: true) - before;
            var verdict = Time(() => outcome.Verdicts, out _);
            var csv = Time(() =>
            {
                SeriesCsv.Write(outcome, Stream.Null);
                return true;
            }, out _);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{length,11}  {shards,6}  {Mebibytes(bytes),12:0.0}  {plan,6:0.00}  {join,15:0.00}  {Mebibytes(live),8:0.0}  "
                + $"{verdict,9:0.00}  {csv,12:0.00}"));
            GC.KeepAlive(outcome);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Fail(string warning) => throw new InvalidOperationException(warning);

    private static double Mebibytes(long bytes) => bytes / (double)(1 << 20);

    private static double Time<T>(Func<T> work, out T result)
    {
        var started = Stopwatch.GetTimestamp();
        result = work();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static ShardPart Part(Shard shard, int length, int[] starts)
    {
        var (first, end) = (starts[shard.Index - 1], starts[shard.Index]);
        return new ShardPart
        {
            Shard = shard,
            Plan = new ShardPlan(length, new string('1', 64), new string('2', 64), first, end - first),
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

    private static CheckpointResult Result(int i)
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
