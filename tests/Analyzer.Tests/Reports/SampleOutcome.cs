using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;

namespace Emergence.Analyzer.Tests.Reports;

/// <summary>Made-up outcomes that hold whatever a report may meet.</summary>
internal static partial class SampleOutcome
{
    private static readonly BigInteger BeyondDouble = BigInteger.Parse("1" + new string('2', 320), CultureInfo.InvariantCulture);

    /// <summary>A series as most are: one threshold, E falling to zero.</summary>
    public static AnalysisOutcome Plain { get; } = Of(
        new AnalysisSettings(),
        Checkpoint("models/digits-mlp/ckpt_000.onnx", 0, 0.1023, Chain(0.05f, new(33260), new(26540), 80, 50, 10)),
        Checkpoint("models/digits-mlp/ckpt_001.onnx", 1, 0.9415,
            Changed(Chain(0.05f, new(20), new(9), 96, 58, 10), 0.25, (20, 4), (9, 1), (0, 0))) with
        { WeightChange = 0.1 },
        Checkpoint("models/digits-mlp/ckpt_010.onnx", 10, 0.9761,
            Changed(Chain(0.05f, new(0), new(0), 128, 64, 10, ZeroCause.AllAlive), 0.5, (32, 0), (6, 0),
            (0, 0))) with
        { WeightChange = 1e-7 });

    /// <summary>Everything at once: several thresholds, values that no JSON number holds, names that need
    /// quoting, a failure.</summary>
    public static AnalysisOutcome Odd { get; } = Of(
        new AnalysisSettings
        {
            Thresholds = [0f, 0.05f],
            Statistic = Statistic.Share,
            AliveShare = 0.25,
            ConvNodes = ConvNodes.Filters,
            IncludeInput = true,
            Only = ["/fc*"],
            Exclude = ["*ÍIıi*"],
            Optimization = Optimization.None,
            Threads = 2,
            Batch = 64,
            Device = Device.Parse("my_ep:0,1"),
            ProviderLibrary = "libmy_ep.so",
        },
        new CheckpointResult
        {
            File = "runs/a, \"b\"/İı_+<é>.onnx",
            Epoch = null,
            Sha256 = new string('a', 64),
            Measurements =
            [
                new Measurement
                {
                    Threshold = 0f,
                    Layers = [Layer(0, "input", "Input", "", 9, 3), Layer(1, "/fc1/Gemm, \"x\"", "Gemm", "Relu", 10, 7)],
                    Emergence = new((BeyondDouble * 3) + 1, 3),
                    EmergenceActive = new(1_234_567_890_123_456),
                    EmergenceWired = new(987_654_321),
                    Contributions = MeasureCatalog.Emergence.Contributions(
                        NetworkGraph.Chain(9, 10, 2), LayerActivity.Count(3), LayerActivity.Count(7), LayerActivity.Count(0)),
                    ZeroCause = ZeroCause.None,
                    RelativeEmergence = 1.5e300,
                    RelativeEmergenceAll = double.PositiveInfinity,
                    ActivationChange = double.PositiveInfinity,
                },
                new Measurement
                {
                    Threshold = 0.05f,
                    Layers =
                    [
                        Layer(0, "input", "Input", "", 9, 0) with { NodesNan = 2, NodesInf = 1, ActivationMean = double.NaN,
                            ActivationMax = null },
                        Layer(1, "/fc1/Gemm, \"x\"", "Gemm", "Relu", 10, 0) with { Borderline = 4, AliveByBias = 3,
                            EmergenceShare = 0.25 },
                    ],
                    Emergence = new(0),
                    EmergenceActive = new(0),
                    EmergenceWired = null,
                    ZeroCause = ZeroCause.AllDead,
                    RelativeEmergence = null,
                    RelativeEmergenceAll = double.NaN,
                },
            ],
            Edges = [new LayerEdge(0, 1, EdgeKind.Dense), new LayerEdge(0, 1, EdgeKind.Identity)],
            Parameters = 0,
            ParametersNonzero = 0,
            Accuracy = null,
            TrainAccuracy = double.NaN,
            WeightChange = double.NaN,
            TestAccuracy = 1e-7,
            Probe = new ProbeProvenance("random", new string('b', 64), 1024, 7),
            Device = Device.Cpu,
            Diagnostics = [Diagnostic.Warning("probe", "samples are random; give --data"), Diagnostic.Note("", "no subject")],
        })
        with
    {
        Failures = [new FailedCheckpoint("runs/c.onnx", "runs/c.onnx: is empty; export it again")],
    };

    /// <summary>A series measured sample by sample, once with values past the range of a double.</summary>
    public static AnalysisOutcome Sampled { get; } = Of(
        new AnalysisSettings { Statistic = Statistic.Sample },
        Checkpoint("a.onnx", 0, 0.5, Samples(new(33260), new(33261), new(29000), new(29007))),
        Checkpoint("b.onnx", 1, 0.5, Samples(new(BeyondDouble), new(3 * BeyondDouble))));

    /// <summary>A series with intervals: changes within them and beyond, no change, and a value past the
    /// range of a double.</summary>
    public static AnalysisOutcome Bootstrapped { get; } = Of(
        new AnalysisSettings
        {
            Thresholds = [0.05f, 0.5f],
            Bootstrap = new BootstrapSettings(1000, -7),
            Nulls = [Shuffle],
            Rivals = true
        },
        [
            .. ((EmergenceValue[])[new(1000), new(1100), new(1050), new(1050), new(3000), new(2900), new(BeyondDouble)])
                .Select((emergence, epoch) =>
                Checkpoint($"runs/ckpt_{epoch:000}.onnx", epoch, 0.5, Intervals(emergence, 100, 250)) with
                {
                    Measurements = [Intervals(emergence, 100, 250), Intervals(emergence, 0, 0) with { Threshold = 0.5f }],
                }),
        ]);

    private static NullModel Shuffle => new(NullKind.Shuffle, 4, Seed: -7);

    private static Measurement Intervals(EmergenceValue emergence, int below, int above)
    {
        var measurement = Chain(0.05f, emergence, emergence, 80, 50, 10);
        var interval = new Interval<EmergenceValue>(new(emergence.Numerator - below), emergence + new EmergenceValue(above, 3));
        return measurement with
        {
            Nulls =
            [
                NullResult.Of(Shuffle, NullMeasure.Emergence, emergence, [new(900), new(1100, 3), new(700), new(2000)]),
                NullResult.Of(Shuffle, NullMeasure.EmergenceActive, emergence, [new(5), new(5), new(5), new(5)]),
            ],
            Intervals = new BootstrapIntervals([new(79, 83), new(50, 51), new(10, 10)], new(139, 142), interval, interval),
            PathNorm = 1234.5,
            Layers = [.. measurement.Layers.Select((layer, i) => WithRivals(layer, i) with
            {
                AliveInterval = new Interval<int>(layer.Alive - i, layer.Alive + i),
            })],
        };
    }

    /// <summary>The first layer with all that others judge it by, the second with part of it, the third with none.</summary>
    private static LayerResult WithRivals(LayerResult layer, int index) => index switch
    {
        0 => layer with
        {
            Spectrum = new WeightSpectrum(0.25, 12.5, 5, 6.25, 9.75, 2.125),
            ActivationRanks = new ActivationSpectrum(1.5, 7.25),
        },
        1 => layer with { Spectrum = new WeightSpectrum(1, 0, 0, null, null, null) },
        _ => layer,
    };

    private static Measurement Samples(params EmergenceValue[] values)
    {
        var distribution = new SampleDistribution(values);
        var measurement = Chain(0.05f, distribution.Mean, distribution.Mean, 80, 50, 10);
        return measurement with
        {
            PerSample = new SampleEmergence(distribution, distribution),
            Layers = [.. measurement.Layers.Select(layer => layer with { Mask = null })],
            RelativeEmergence = distribution.Mean.Over(109380)?.ToDouble(),
            RelativeEmergenceAll = distribution.Mean.Over(109386)?.ToDouble(),
        };
    }

    /// <summary>The same, with what changed since the checkpoint before.</summary>
    private static Measurement Changed(Measurement measurement, double activationChange, params (int Woke, int Died)[] layers) =>
        measurement with
        {
            ActivationChange = activationChange,
            Layers = [.. measurement.Layers.Zip(layers,
                (layer, change) => layer with { Woke = change.Woke, Died = change.Died })],
        };

    /// <summary>A checkpoint under one threshold.</summary>
    public static CheckpointResult Checkpoint(string file, int? epoch, double? accuracy, Measurement measurement) => new()
    {
        File = file,
        Epoch = epoch,
        Sha256 = new string('c', 64),
        Measurements = [measurement],
        Edges = [new LayerEdge(0, 1, EdgeKind.Dense), new LayerEdge(1, 2, EdgeKind.Dense)],
        Parameters = 109386,
        ParametersNonzero = 109380,
        Accuracy = accuracy,
        TrainAccuracy = accuracy + 0.01,
        TestAccuracy = accuracy,
        Probe = new ProbeProvenance("digits test", new string('d', 64), 1024, null),
        Device = Device.Cpu,
        Providers = [new("CPUExecutionProvider", 17)],
        Diagnostics = [],
    };

    /// <summary>An outcome without failures.</summary>
    public static AnalysisOutcome Of(AnalysisSettings settings, params ImmutableArray<CheckpointResult> checkpoints) =>
        new(new SeriesResult(settings, "0.1.0", "1.31.1", checkpoints) { DeviceReason = "cpu, as no other is here" }, []);

    /// <summary>Three layers of 128, 64 and 10 nodes.</summary>
    public static Measurement Chain(
        float threshold, EmergenceValue emergence, EmergenceValue active, int a1, int a2, int a3,
        ZeroCause cause = ZeroCause.None) => new()
        {
            Threshold = threshold,
            Layers = [Layer(0, "/fc1/Gemm", "Gemm", "Relu", 128, a1), Layer(1, "/fc2/Gemm", "Gemm", "Relu", 64, a2),
                Layer(2, "/fc3/Gemm", "Gemm", "", 10, a3)],
            Emergence = emergence,
            EmergenceActive = active,
            EmergenceWired = null,
            ZeroCause = cause,
            RelativeEmergence = (double)emergence.Rounded / 109380,
            RelativeEmergenceAll = (double)emergence.Rounded / 109386,
        };

    private static LayerResult Layer(int index, string name, string op, string activation, int nodes, int alive)
    {
        var mask = new bool[nodes];
        Array.Fill(mask, true, 0, alive);
        return new LayerResult
        {
            Index = index,
            Name = name,
            Op = op,
            Activation = activation,
            Nodes = nodes,
            Alive = alive,
            Multiplicity = nodes,
            AliveMultiplicity = alive,
            Borderline = 0,
            NodesNan = 0,
            NodesInf = 0,
            Parameters = nodes * 10,
            ParametersNonzero = nodes * 10 - 1,
            ActivationMean = 0.125,
            ActivationMax = 1234.5678,
            Mask = new NodeMask(mask),
        };
    }
}
