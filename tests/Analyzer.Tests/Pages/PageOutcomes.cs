using System.Collections.Immutable;
using System.Numerics;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Tests.Pages;

/// <summary>Made-up outcomes of the sizes and shapes that a page must bear.</summary>
internal static class PageOutcomes
{
    /// <summary>A name that would break out of any place it is put in without care.</summary>
    public const string Hostile = "</script><img src=x onerror=\"window.hacked=1\">'`\u2028]]>&amp;";

    private const float Threshold = 0.05f;

    /// <summary>Residual networks of some layers along a training run.</summary>
    /// <param name="layers">Layers of each, at least 2.</param>
    /// <param name="checkpoints">How many.</param>
    /// <param name="name">Names of the layers.</param>
    public static AnalysisOutcome Residual(int layers, int checkpoints, Func<int, string>? name = null)
    {
        var random = new Random(layers * 1000 + checkpoints);
        ImmutableArray<LayerEdge> edges =
        [
            .. Enumerable.Range(1, layers - 1).Select(i => new LayerEdge(i - 1, i, EdgeKind.Dense)),
            .. Enumerable.Range(2, layers - 2).Where(i => i % 3 == 0).Select(i => new LayerEdge(i - 2, i, EdgeKind.Identity)),
        ];
        var values = Enumerable.Range(0, layers).Select(layer => Values(random, 16 << (layer % 5))).ToArray();
        var results = ImmutableArray.CreateBuilder<CheckpointResult>();
        for (var epoch = 0; epoch < checkpoints; epoch++)
        {
            foreach (var layer in values)
                Drift(random, layer);
            results.Add(Checkpoint(epoch, checkpoints, edges,
                [.. values.Select((layer, i) => Layer(i, name?.Invoke(i) ?? $"/block{i / 3}/conv{i % 3 + 1}/Conv", layer))]));
        }
        var series = new SeriesResult(new AnalysisSettings(), "0.1.0", "1.31.1", results.ToImmutable());
        return new AnalysisOutcome(series, []) { NodeValues = [.. values] };
    }

    private static float[] Values(Random random, int nodes) =>
        [.. Enumerable.Range(0, nodes).Select(_ => random.NextDouble() < 0.3 ? 0
            : (float)Math.Pow(10, random.NextDouble() * 4 - 3))];

    private static void Drift(Random random, float[] values)
    {
        for (var node = 0; node < values.Length; node++)
            values[node] *= (float)Math.Exp(random.NextDouble() * 0.4 - 0.2);
    }

    private static LayerResult Layer(int index, string name, float[] values)
    {
        var mask = new NodeMask([.. values.Select(value => value > Threshold)]);
        var alive = values.Count(value => value > Threshold);
        return new LayerResult
        {
            Index = index,
            Name = name,
            Op = "Conv",
            Activation = "Relu",
            Nodes = values.Length,
            Alive = alive,
            Multiplicity = values.Length,
            AliveMultiplicity = alive,
            Borderline = 0,
            NodesNan = 0,
            NodesInf = 0,
            EmergenceShare = 1.0 / (index + 2),
            Parameters = 9 * values.Length,
            ParametersNonzero = 9 * values.Length,
            ActivationMean = values.Average(),
            ActivationMax = values.Max(),
            Mask = mask,
        };
    }

    private static CheckpointResult Checkpoint(int epoch, int of, ImmutableArray<LayerEdge> edges,
        ImmutableArray<LayerResult> layers)
    {
        // Past the range of a double where the network is deep.
        var emergence = new EmergenceValue(BigInteger.Pow(10, 2 * layers.Length) * (3 * of - epoch) + epoch);
        return new CheckpointResult
        {
            File = $"runs/residual/ckpt_{epoch:000}.onnx",
            Epoch = epoch,
            Sha256 = new string('c', 64),
            Measurements =
            [
                new Measurement
                {
                    Threshold = Threshold,
                    Layers = layers,
                    Emergence = emergence,
                    EmergenceActive = new(emergence.Numerator / 3),
                    EmergenceWired = null,
                    ZeroCause = ZeroCause.None,
                    RelativeEmergence = emergence.Over(1000)?.ToDouble(),
                    RelativeEmergenceAll = emergence.Over(1000)?.ToDouble(),
                    Contributions = MeasureCatalog.Emergence.Contributions(
                        NetworkGraph.Chain([.. layers.Select(layer => layer.Nodes)]),
                            [.. layers.Select(layer => LayerActivity.Count(layer.Alive))]),
                },
            ],
            Edges = edges,
            Parameters = 1000,
            ParametersNonzero = 1000,
            Accuracy = 0.5 + 0.4 * epoch / of,
            TrainAccuracy = 0.5 + 0.45 * epoch / of,
            TestAccuracy = 0.5 + 0.4 * epoch / of,
            Probe = new ProbeProvenance("cifar10 test", new string('d', 64), 1024, null),
            Device = Device.Cpu,
            Diagnostics = [Diagnostic.Note("probe", "a note that is made up")],
        };
    }
}
