using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Settings;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;
using Microsoft.ML.OnnxRuntime;

namespace Emergence.Measuring.Statistics;

/// <summary>
/// Measures every sample as its run comes in. Of a run no more is kept than E, E_H and sums, so that masks take memory for
/// the samples of one run only.
/// </summary>
internal sealed class SampleAccumulator
{
    private readonly NetworkGraph network;
    private readonly ActivityMeasures measures;
    private readonly Threshold[] thresholds;

    /// <summary>Prepares for a network.</summary>
    public SampleAccumulator(LayerGraph graph, AnalysisSettings settings)
    {
        network = NetworkGraphs.Of(graph, settings.ConvNodes);
        measures = new ActivityMeasures(network);
        thresholds = [.. settings.Thresholds.Select(_ => new Threshold(graph.Layers.Length))];
        Masked = [.. network.Edges.Where(edge => edge.Kind == EdgeKind.Identity).SelectMany(edge => (int[])[edge.From, edge.To])];
    }

    /// <summary>Indices of the layers of which masks are needed: those that identity edges join.</summary>
    public ImmutableHashSet<int> Masked { get; }

    /// <summary>Reads what one layer has of a run.</summary>
    /// <param name="counters">Its outputs.</param>
    /// <param name="outputs">The values of these outputs come next.</param>
    /// <param name="samples">Samples of the run that count.</param>
    /// <exception cref="UserException">The layer does not keep the samples apart.</exception>
    public void Add(LayerCounters counters, IEnumerator<OrtValue> outputs, int samples)
    {
        for (var t = 0; t < thresholds.Length; t++)
            thresholds[t].Run[counters.Layer.Index] = Read(counters, counters.Samples[t], outputs, samples);
    }

    /// <summary>Measures the samples of a run, every layer of which has been read.</summary>
    public void EndRun()
    {
        foreach (var threshold in thresholds)
        {
            var samples = threshold.Run[0].Length;
            for (var layer = 0; layer < threshold.Run.Length; layer++)
            {
                foreach (var (activity, borderline) in threshold.Run[layer])
                    threshold.Layers[layer] = threshold.Layers[layer].With(activity, borderline);
            }
            var (emergence, active) = measures.Of(
                [.. Enumerable.Range(0, samples)
                    .Select(sample => Array.ConvertAll(threshold.Run, layer => layer[sample].Activity))]);
            threshold.Emergence.AddRange(emergence);
            threshold.EmergenceActive.AddRange(active);
        }
    }

    /// <summary>What was measured: one profile per threshold.</summary>
    public ImmutableArray<SampleProfile> ToProfiles() =>
        [.. thresholds.Select(threshold =>
            new SampleProfile([.. threshold.Emergence], [.. threshold.EmergenceActive], [.. threshold.Layers]))];

    private (LayerActivity, int)[] Read(LayerCounters counters, SampleCounters counter, IEnumerator<OrtValue> outputs,
        int samples)
    {
        var layer = network.Layers[counters.Layer.Index];
        var alive = Counts();
        var channels = counter.AliveChannels is null ? alive : Counts();
        var borderline = Counts();
        if (alive.Length != samples)
        {
            throw new UserException(
                $"layer '{counters.Layer.Name}' ({counters.Layer.Op}): its activations have {alive.Length} entries for "
                + $"{samples} samples, so " +
                "samples cannot be told apart; choose another --statistic, or leave the layer out with --exclude");
        }
        var mask = counter.Mask is null ? [] : Next().GetTensorDataAsSpan<bool>();
        var result = new (LayerActivity, int)[samples];
        for (var i = 0; i < samples; i++)
        {
            var activity = counter.Mask is null
                ? LayerActivity.Count(alive[i], channels[i])
                : LayerActivity.FromMask(layer, mask.Slice(i * layer.Nodes, layer.Nodes));
            result[i] = (activity, borderline[i]);
        }
        return result;

        int[] Counts() => Next().GetTensorDataAsSpan<int>().ToArray();

        OrtValue Next() => outputs.MoveNext()
            ? outputs.Current
            : throw new InvalidOperationException("ONNX Runtime returned fewer outputs than were asked for");
    }

    /// <summary>What is known so far under one threshold; the run in progress by layer and sample.</summary>
    private sealed class Threshold(int layers)
    {
        public (LayerActivity Activity, int Borderline)[][] Run { get; } = new (LayerActivity, int)[layers][];

        public LayerSamples[] Layers { get; } = new LayerSamples[layers];

        public List<EmergenceValue> Emergence { get; } = [];

        public List<EmergenceValue> EmergenceActive { get; } = [];
    }
}
