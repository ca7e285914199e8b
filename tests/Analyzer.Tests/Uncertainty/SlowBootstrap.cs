using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Tests.Activations;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Datasets;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;

namespace Emergence.Analyzer.Tests.Uncertainty;

/// <summary>
/// The bootstrap by nothing but its definition: activations are exposed whole, the samples of the blocks that a resample
/// draws are put side by side, and every statistic, mask and measure is taken anew from them.
/// </summary>
internal static class SlowBootstrap
{
    private const int Blocks = 32;

    /// <summary>For each threshold: a by layer, a, E and E_H, each from its lower to its upper end.</summary>
    public static string Of(TinyModel tiny, LayerGraph graph, Probe probe, AnalysisSettings settings)
    {
        var network = NetworkGraphs.Of(graph, settings.ConvNodes);
        var activations = SlowReference.Activations(tiny.Proto, "tiny.onnx", graph, probe, settings);
        var lines = new List<string>();
        foreach (var threshold in settings.Thresholds)
        {
            var results = Enumerable.Range(0, settings.Bootstrap!.Resamples).Select(index =>
            {
                var drawn = Samples(settings.Bootstrap.Seed, index, probe.Samples);
                var activity = activations.Select((layer, i) => LayerActivity.FromMask(
                    network.Layers[i], layer.Select(node => IsAlive(node, drawn, probe.Samples, settings, threshold)).ToArray()))
                        .ToArray();
                return (Alive: activity.Select(layer => layer.Alive).ToArray(), E: MeasureCatalog.Emergence.Of(network, activity),
                    EActive: MeasureCatalog.EmergenceActive.Of(network, activity));
            }).ToArray();
            string[] intervals =
            [
                .. Enumerable.Range(0, graph.Layers.Length).Select(layer => Ends(results.Select(result => result.Alive[layer]))),
                Ends(results.Select(result => result.Alive.Sum())),
                Ends(results.Select(result => result.E)),
                Ends(results.Select(result => result.EActive)),
            ];
            lines.Add(string.Join("; ", intervals));
        }
        return string.Join('\n', lines);
    }

    /// <summary>The intervals of measurements, spelt likewise.</summary>
    public static string Spell(IEnumerable<Measurement> measurements) => string.Join('\n', measurements.Select(measurement =>
    {
        var intervals = measurement.Intervals!;
        Assert.Equal(intervals.AliveByLayer.Select(interval => (Interval<int>?)interval),
            measurement.Layers.Select(layer => layer.AliveInterval));
        return string.Join("; ", (string[])
        [
            .. intervals.AliveByLayer.Select(interval => $"{interval.Low}..{interval.High}"),
            $"{intervals.Alive.Low}..{intervals.Alive.High}",
            $"{intervals.Emergence.Low}..{intervals.Emergence.High}",
            $"{intervals.EmergenceActive.Low}..{intervals.EmergenceActive.High}",
        ]);
    }));

    /// <summary>The samples of one resample: those of 32 blocks drawn from 32.</summary>
    private static List<int> Samples(int seed, int index, int count)
    {
        var random = new SampleRandom(unchecked((uint)seed), -1, index);
        var drawn = new List<int>();
        for (var i = 0; i < Blocks; i++)
        {
            // 32 blocks: the five highest bits.
            var block = (int)(random.Bits() >> 59);
            var first = (int)Math.Floor((decimal)count * block / Blocks);
            var end = (int)Math.Floor((decimal)count * (block + 1) / Blocks);
            drawn.AddRange(Enumerable.Range(first, end - first));
        }
        return drawn;
    }

    private static bool IsAlive(List<double[]> node, List<int> drawn, int samples, AnalysisSettings settings, float threshold)
    {
        // Tokens of a sample follow one another.
        var perSample = node.Count / samples;
        var values = drawn.SelectMany(sample => node.GetRange(sample * perSample, perSample)).ToList();
        return values.All(value => value.All(double.IsFinite)) && ReferenceRule.Verdict(values, settings, threshold).Alive;
    }

    private static string Ends<T>(IEnumerable<T> values)
    {
        T[] sorted = [.. values.Order()];
        var k = (int)Math.Floor((sorted.Length + 1) * 0.025m);
        return $"{sorted[k - 1]}..{sorted[sorted.Length - k]}";
    }
}
