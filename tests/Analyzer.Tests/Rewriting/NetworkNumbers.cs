using System.Collections.Immutable;
using System.Globalization;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Tests.Rewriting;

/// <summary>One layer as it is compared: by the number in its operator's name, which every rewrite keeps.</summary>
internal sealed record LayerNumbers(
    string Name, string Function, int Channels, int Nodes, int Multiplicity, float[] Means, NodeMask Mask, double Largest,
        long Parameters, long Nonzero);

/// <summary>Every number of one network that must not depend on how it is spelled.</summary>
internal sealed record NetworkNumbers(
    ImmutableSortedDictionary<string, LayerNumbers> Layers, ImmutableSortedSet<string> Edges,
    EmergenceValue Emergence, EmergenceValue EmergenceActive, EmergenceValue? EmergenceWired, string Warnings)
{
    /// <summary>Measures a file on samples given in the order of the model's inputs.</summary>
    public static NetworkNumbers Of(string path, Func<LayerGraph, Probe> probeOf, AnalysisSettings settings)
    {
        settings = settings with { Maxima = true };
        var model = TracedCheckpoint.Of(Checkpoint.Open(path), settings, new TraceOptions());
        var measured = model.Measure(probeOf(model.Graph), SessionFactory.Create(settings), null,
            TestContext.Current.CancellationToken);
        var (measurement, graph) = (measured.Measurements[0], model.Graph);
        var rule = new AliveRule(settings, settings.Thresholds[0]);
        var layers = measured.Profile.Layers.Zip(measurement.Layers, (profile, result) => new LayerNumbers(
            result.Name, FunctionOf(result.Activation), profile.Channels, result.Nodes, result.Multiplicity,
            rule.Statistics(profile), result.Mask!, result.ActivationMax ?? double.NaN, result.Parameters,
                result.ParametersNonzero));
        return new NetworkNumbers(
            layers.ToImmutableSortedDictionary(layer => KeyOf(layer.Name), layer => layer, StringComparer.Ordinal),
            [.. graph.Edges.Select(edge =>
                $"{KeyOf(graph.Layers[edge.From].Name)} {edge.Kind} {KeyOf(graph.Layers[edge.To].Name)}")],
            measurement.Emergence, measurement.EmergenceActive, measurement.EmergenceWired,
            string.Join("; ", measured.Diagnostics.Where(diagnostic => diagnostic.Severity == Severity.Warning)));
    }

    /// <summary>What differs from the same network spelled otherwise, and how many nodes flip that are borderline.</summary>
    /// <param name="other">What was measured on the other spelling.</param>
    /// <param name="rewrites">What made it.</param>
    /// <param name="tolerance">How far a mean may move by rounding, as a share of the layer's largest value.</param>
    public (ImmutableArray<string> Differences, int Borderline) Against(NetworkNumbers other, Rewrite[] rewrites,
        double tolerance)
    {
        var found = new List<string>();
        void Compare<T>(string what, T expected, T actual)
        {
            if (!Equals(expected, actual))
                found.Add(string.Create(CultureInfo.InvariantCulture, $"{what}: {expected} became {actual}"));
        }
        Compare("layers", string.Join(' ', Layers.Keys), string.Join(' ', other.Layers.Keys));
        Compare("edges", string.Join(", ", Edges), string.Join(", ", other.Edges));
        var (borderline, flipped) = (0, 0);
        foreach (var (key, layer) in Layers)
        {
            if (!other.Layers.TryGetValue(key, out var same))
                continue;
            var name = $"layer {layer.Name} ({layer.Function})";
            Compare($"{name}: channels", layer.Channels, same.Channels);
            Compare($"{name}: n", layer.Nodes, same.Nodes);
            Compare($"{name}: m", layer.Multiplicity, same.Multiplicity);
            // A quantizer's saturation is a Relu as much as a Clip.
            var isQuantizer = rewrites.Any(rewrite => rewrite.Kind.Contains("quantizer", StringComparison.Ordinal));
            if (!isQuantizer)
                Compare($"{name}: function", layer.Function, same.Function);
            if (rewrites.All(rewrite => rewrite.KeepsParameters))
                Compare($"{name}: parameters", (layer.Parameters, layer.Nonzero), (same.Parameters, same.Nonzero));
            if (layer.Nodes != same.Nodes)
                continue;
            var margin = tolerance * Math.Max(1, Math.Abs(layer.Largest));
            for (var node = 0; node < layer.Nodes; node++)
            {
                var (mean, otherMean) = (layer.Means[node], same.Means[node]);
                if (!mean.Equals(otherMean) && !(Math.Abs(mean - otherMean) <= margin))
                {
                    found.Add(string.Create(CultureInfo.InvariantCulture,
                        $"{name}: mean of node {node}: {mean} became {otherMean}"));
                    break;
                }
                if (layer.Mask[node] == same.Mask[node])
                    continue;
                flipped++;
                if (Math.Abs(mean - 0.05) <= margin)
                    borderline++;
                else
                    found.Add($"{name}: node {node} {(layer.Mask[node] ? "died" : "woke")}");
            }
        }
        if (flipped == 0)
        {
            Compare("E", Emergence, other.Emergence);
            Compare("E_H", EmergenceActive, other.EmergenceActive);
            Compare("E_w", EmergenceWired, other.EmergenceWired);
        }
        return ([.. found], borderline);
    }

    /// <summary>One name for each function, whatever operator computes it.</summary>
    private static string FunctionOf(string activation) => activation switch
    {
        "GeluTanh" or "FastGelu" => "Gelu",
        "Silu" => "Swish",
        "Relu6" => "Clip",
        "PRelu" => "LeakyRelu",
        "" => "-",
        _ => activation,
    };

    private static string KeyOf(string name) => name.LastIndexOf('@') is >= 0 and var at ? name[at..] : name;
}
