using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Model;
using static Emergence.Analyzer.Tests.Instrumentation.TinyModel;

namespace Emergence.Analyzer.Tests.Activations;

public class ThresholdSweepTests
{
    [Theory]
    [InlineData(Statistic.Mean)]
    [InlineData(Statistic.AbsMax)]
    [InlineData(Statistic.Share)]
    [InlineData(Statistic.Sample)]
    public void a_sweep_equals_a_run_for_each_threshold(Statistic statistic)
    {
        var tiny = new TinyModel(13)
            .Input("x", [null, 6]).Weight("w1", 6, 8).Weight("w2", 8, 5)
            .Node("MatMul", "x w1", "h1").Node("Relu", "h1", "y1").Node("MatMul", "y1 w2", "y2").Output("y2")
            .Layer("y1", [Batch(), Channel(8)]).Layer("y2", [Batch(), Channel(5)]);
        // The thresholds lie so close that borderline counters of one are those of another.
        var settings = new AnalysisSettings
        {
            Device = Device.Cpu,
            Threads = 1,
            Statistic = statistic,
            AliveShare = 0.4,
            Batch = 7,
            Thresholds = [0.25f, 0f, 0.1f, 0.1001f, 0.0999f, -0.2f, 1f, 10f],
        };
        var sweep = Measure(tiny, settings);
        Assert.Equal(settings.Thresholds, sweep.Select(measurement => measurement.Threshold));
        foreach (var (threshold, measurement) in settings.Thresholds.Zip(sweep))
        {
            var alone = Assert.Single(Measure(tiny, settings with { Thresholds = [threshold] }));
            Assert.Equal((alone.Emergence, alone.EmergenceActive, alone.Alive, alone.Borderline),
                (measurement.Emergence, measurement.EmergenceActive, measurement.Alive, measurement.Borderline));
            foreach (var (expected, actual) in alone.Layers.Zip(measurement.Layers))
                Assert.Equal(expected.Mask, actual.Mask);
        }
        Assert.True(sweep.Select(measurement => measurement.Alive).Distinct().Count() > 1);
    }

    private static IReadOnlyList<Measurement> Measure(TinyModel tiny, AnalysisSettings settings)
    {
        var graph = tiny.Graph with { Edges = [new LayerEdge(0, 1, EdgeKind.Dense)] };
        var profile = new ActivationRecorder(tiny.Proto, "tiny.onnx", graph, SessionFactory.Create(settings), settings)
            .Record(tiny.Probe(40, Sixteenths(240, 3)), null, TestContext.Current.CancellationToken);
        return Measurements.Of(graph, profile, settings);
    }
}
