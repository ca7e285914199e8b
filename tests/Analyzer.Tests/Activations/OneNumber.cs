using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Activations;

/// <summary>
/// What must hold of every model: in any batch and at any optimization level the same masks and E, as a slow reference has
/// them that exposes every activation whole; no mean above its maximum, no count above the number of samples.
/// </summary>
internal static class OneNumber
{
    private const float Threshold = 0.05f;

    // A block sum is float32: its error is at most that of a few thousand additions. Of float16 values, the runtime may sum what
    // was rounded to float16 and compare what was not.
    private const double Rounding = 1e-5, HalfRounding = 1e-3;

    private static readonly (int Batch, Optimization Optimization)[] Variants =
        [(0, Optimization.Default), (1, Optimization.Default), (7, Optimization.Default), (7, Optimization.None)];

    /// <param name="checkpoint">The model, prepared.</param>
    /// <param name="graph">Its layers.</param>
    /// <param name="probe">A few samples.</param>
    /// <param name="statistic">The statistic.</param>
    /// <param name="nodes">What a node of a convolution is.</param>
    public static void Holds(
        Checkpoint checkpoint, LayerGraph graph, Probe probe, Statistic statistic = Statistic.Mean,
        ConvNodes nodes = ConvNodes.Units)
    {
        AnalysisSettings Settings(int batch, Optimization optimization) => new()
        {
            Device = Device.Cpu,
            Threads = 1,
            Batch = batch,
            Optimization = optimization,
            Statistic = statistic,
            AliveShare = statistic == Statistic.Share ? 0.4 : 0.5,
            ConvNodes = nodes,
        };
        var references = new Dictionary<Optimization, (bool Alive, bool Borderline)[][]>();
        var emergence = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (batch, optimization) in Variants)
        {
            var settings = Settings(batch, optimization);
            var variant = $"--batch {batch} --optimization {optimization}";
            var profile =
                new ActivationRecorder(checkpoint.Model, checkpoint.Path, graph, SessionFactory.Create(settings), settings)
                .Record(probe, null, TestContext.Current.CancellationToken);
            if (!references.TryGetValue(optimization, out var reference))
            {
                reference = [.. SlowReference.Activations(checkpoint.Model, checkpoint.Path, graph, probe, settings)
                    .Select(layer => layer.Select(node => Verdict(node, settings)).ToArray())];
                references.Add(optimization, reference);
            }
            var isBorderline = false;
            foreach (var (layer, expected) in profile.Layers.Zip(reference))
            {
                var mask = new AliveRule(settings, Threshold).Apply(layer).Mask;
                Assert.Equal(expected.Length, layer.Nodes);
                for (var node = 0; node < layer.Nodes; node++)
                {
                    isBorderline |= expected[node].Borderline;
                    Assert.True(expected[node].Borderline || expected[node].Alive == mask[node],
                        $"{layer.Layer.Name}, {variant}: node {node} is {(expected[node].Alive ? "alive" : "dead")} by the "
                        + "reference");
                    Bounded(layer, node, variant);
                }
            }
            // A borderline node may flip, and E with it.
            if (!isBorderline)
                emergence[variant] = $"{Measurements.Of(graph, profile, settings)[0].Emergence}";
        }
        var values = string.Join(", ", emergence.Select(pair => $"{pair.Key}: E = {pair.Value}"));
        Assert.True(emergence.Values.Distinct(StringComparer.Ordinal).Count() <= 1, values);
        AgreeAcross(references);
    }

    private static void Bounded(LayerProfile layer, int node, string variant)
    {
        double? Total(CounterKind kind) => layer.Totals.TryGetValue(new Counter(kind), out var totals) ? totals[node] : null;
        var mean = Total(CounterKind.Sum) / ((double)layer.Samples * layer.ActivationsPerSample);
        if (mean is not { } value || !double.IsFinite(value))
            return;
        var rounding = layer.Layer.Reading.ElementType == (int)DataType.Float16 ? HalfRounding : Rounding;
        if (Total(CounterKind.Max) is { } largest)
        {
            Assert.True(value - largest <= rounding * Math.Max(1, Math.Abs(largest)),
                $"{layer.Layer.Name}, {variant}: node {node} has a mean of {value} above its largest value {largest}");
        }
        foreach (var (counter, totals) in layer.Totals.Where(pair => pair.Key.Kind == CounterKind.Above))
        {
            Assert.True(totals[node] <= layer.Samples,
                $"{layer.Layer.Name}, {variant}: node {node} counts {totals[node]} of {layer.Samples} samples ({counter})");
        }
    }

    /// <summary>Whole activations do not depend on the optimization level either, but for rounding.</summary>
    private static void AgreeAcross(Dictionary<Optimization, (bool Alive, bool Borderline)[][]> references)
    {
        var (plain, optimized) = (references[Optimization.None], references[Optimization.Default]);
        for (var layer = 0; layer < plain.Length; layer++)
        {
            for (var node = 0; node < plain[layer].Length; node++)
            {
                var (a, b) = (plain[layer][node], optimized[layer][node]);
                Assert.True(a.Borderline || b.Borderline || a.Alive == b.Alive,
                    $"layer {layer}, node {node} differs with --optimization none");
            }
        }
    }

    private static (bool Alive, bool Borderline) Verdict(List<double[]> node, AnalysisSettings settings) =>
        node.Any(sample => sample.Any(value => !double.IsFinite(value)))
            ? (false, false)
            : ReferenceRule.Verdict(node, settings, Threshold);
}
