using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Tests.Reports;

internal static partial class SampleOutcome
{
    /// <summary>
    /// A series of which it is known what moved E: many nodes, one logit, one node among several, none; then another structure
    /// that stays.
    /// </summary>
    public static AnalysisOutcome Moved { get; } = Of(new AnalysisSettings(), MovedSeries());

    /// <summary>One model, with all that is told of a layer.</summary>
    public static AnalysisOutcome One { get; } = Of(
        new AnalysisSettings { Rivals = true }, Checkpoint("runs/a.onnx", 3, 0.5, OneModel()));

    private static ImmutableArray<CheckpointResult> MovedSeries()
    {
        Measurement[] first =
        [
            Measured([80, 40, 4], 128, 64, 10), Measured([100, 50, 4], 128, 64, 10), Measured([100, 50, 5], 128, 64, 10),
            Measured([101, 52, 6], 128, 64, 10), Measured([101, 52, 6], 128, 64, 10),
        ];
        Measurement[] second = [.. Enumerable.Repeat(Measured([30, 12, 7], 40, 20, 10), 7)];
        var measurements = Steps(128, first).Append(second[0] with
        {
            Step = new EmergenceStep(EmergenceChange.Between(first[^1].Emergence, second[0].Emergence), null),
        }).Concat(Steps(40, second).Skip(1));
        return [.. measurements.Select((measurement, i) => Checkpoint($"runs/ckpt_{i:000}.onnx", i, null, measurement))];
    }

    private static Measurement OneModel()
    {
        var measurement = Measured([80, 0, 9], 128, 64, 10);
        return measurement with
        {
            Layers =
            [
                WithRivals(measurement.Layers[0], 0) with { NeverFired = 31, EmergenceShare = 0.75, AliveByBias = 2 },
                WithRivals(measurement.Layers[1], 1) with { NeverFired = 64, EmergenceShare = 0.25,
                    Name = $"/a/very/long/{new string('n', 80)}/name" },
                measurement.Layers[2] with { NeverFired = 0, EmergenceShare = 0 },
            ],
        };
    }

    private static NetworkGraph Network(Measurement measurement) =>
        NetworkGraph.Chain([.. measurement.Layers.Select(layer => layer.Nodes)]);

    private static LayerActivity[] Activity(Measurement measurement) =>
        [.. measurement.Layers.Select(layer => LayerActivity.FromMask(new NetworkLayer(layer.Nodes), layer.Mask!))];

    private static Measurement Measured(int[] alive, params int[] nodes)
    {
        var chain = Chain(0.05f, new(), new(), 0, 0, 0);
        var measurement = chain with
        {
            Layers = [.. chain.Layers.Select((layer, i) =>
                layer with { Nodes = nodes[i], Multiplicity = nodes[i], Alive = alive[i], AliveMultiplicity = alive[i],
                    Mask = MaskOf(nodes[i], alive[i]) })],
        };
        var (network, activity) = (Network(measurement), Activity(measurement));
        var slopes = EmergenceSplit.Slopes(network, activity);
        return measurement with
        {
            Emergence = MeasureCatalog.Emergence.Of(network, activity),
            EmergenceActive = MeasureCatalog.EmergenceActive.Of(network, activity),
            Layers = [.. measurement.Layers.Select((layer, i) =>
                layer with { Slope = slopes[i], NeverFired = (layer.Nodes - layer.Alive) / 2 })],
        };
    }

    private static IEnumerable<Measurement> Steps(int nodes, Measurement[] measurements) =>
        measurements.Select((measurement, i) => i == 0
        ? measurement
        : measurement with
        {
            Step = new EmergenceStep(new(), EmergenceSplit.Of(
                NetworkGraph.Chain(nodes, nodes / 2, 10), Activity(measurements[i - 1]), Activity(measurement))),
        });

    private static NodeMask MaskOf(int nodes, int alive) =>
        new([.. Enumerable.Range(0, nodes).Select(node => node < alive)]);
}
