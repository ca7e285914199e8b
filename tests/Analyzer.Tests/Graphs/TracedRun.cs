using System.Collections.Immutable;
using Emergence.Analyzer.Tests.Activations;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;
using Emergence.Tracing.Rewriting;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>
/// Traces a model and runs it: the layers and edges must be those worked out by hand (<see cref="GraphText"/>), and the
/// alive masks of the instrumented model those of a slow reference that exposes every activation whole.
/// </summary>
internal static class TracedRun
{
    private const int Samples = 7;

    /// <summary>Holds where graph and masks are right and nothing was warned of.</summary>
    public static LayerGraph Holds(TinyModel tiny, string expected, TraceOptions? options = null) =>
        Holds(tiny.Proto, expected, [], options);

    /// <summary>The same where each warning must contain one of the texts, in order.</summary>
    public static LayerGraph Holds(ModelProto model, string expected, string[] warnings, TraceOptions? options = null)
    {
        var graph = Traces(model, options);
        Assert.Equal(GraphText.Tidy(expected), GraphText.Of(graph));
        var found = graph.Diagnostics.Where(diagnostic => diagnostic.Severity == Severity.Warning).Select(diagnostic => $"{diagnostic}").ToArray();
        Assert.True(found.Length == warnings.Length && found.Zip(warnings).All(pair => pair.First.Contains(pair.Second, StringComparison.Ordinal)),
            $"warned: {string.Join("; ", found)}");
        return graph;
    }

    /// <summary>Traces a model, runs it on random samples and compares the masks.</summary>
    public static LayerGraph Traces(ModelProto model, TraceOptions? options = null)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Path("tiny.onnx");
        ModelFile.Save(model, path);
        var checkpoint = ModelPreparation.Prepare(Checkpoint.Open(path));
        var measuring = (options ?? new TraceOptions()) with { MeasureShapes = ShapeRun.OnRandom(TestContext.Current.CancellationToken) };
        var graph = LayerTracer.Trace(checkpoint, measuring);
        Runs(checkpoint, graph);
        return graph;
    }

    /// <summary>The layers and edges alone, without a run: for what no runtime here can run.</summary>
    public static LayerGraph OnlyTraces(ModelProto model)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Path("tiny.onnx");
        ModelFile.Save(model, path);
        return LayerTracer.Trace(Checkpoint.Open(path), new TraceOptions());
    }

    /// <summary>Runs a traced model on random samples and compares the masks.</summary>
    public static void Runs(Checkpoint checkpoint, LayerGraph graph)
    {
        var probe = ProbeOf(graph.Inputs);
        Agrees(checkpoint, graph, probe, new AnalysisSettings { Device = "cpu", Threads = 1, Batch = 4 });
        Agrees(checkpoint, graph, probe, new AnalysisSettings
        {
            Device = "cpu",
            Threads = 1,
            Batch = 4,
            Statistic = Statistic.Share,
            AliveShare = 0.4,
            ConvNodes = ConvNodes.Filters,
            Optimization = "none",
        });
    }

    private static void Agrees(Checkpoint checkpoint, LayerGraph graph, Probe probe, AnalysisSettings settings)
    {
        var profile = new ActivationRecorder(checkpoint.Model, checkpoint.Path, graph, SessionFactory.Create(settings), settings)
            .Record(probe, null, TestContext.Current.CancellationToken);
        var reference = SlowReference.Activations(checkpoint.Model, checkpoint.Path, graph, probe, settings);
        var rule = new AliveRule(settings, settings.Thresholds[0]);
        foreach (var (layer, nodes) in profile.Layers.Zip(reference))
        {
            var alive = rule.Apply(layer);
            Assert.Equal(nodes.Length, layer.Nodes);
            for (var node = 0; node < nodes.Length; node++)
            {
                var (isAlive, isBorderline) = Verdict(nodes[node], settings);
                Assert.True(isBorderline || isAlive == alive.Mask[node], $"{layer.Layer.Name}: node {node} is {(isAlive ? "alive" : "dead")} by the reference");
            }
        }
    }

    private static (bool Alive, bool Borderline) Verdict(List<double[]> node, AnalysisSettings settings)
    {
        const double Margin = 1e-4;
        var threshold = (double)settings.Thresholds[0];
        if (node.Any(sample => sample.Any(value => !double.IsFinite(value))))
            return (false, false);
        if (settings.Statistic == Statistic.Mean)
        {
            var mean = node.SelectMany(sample => sample).Average();
            return (mean > threshold, Math.Abs(mean - threshold) <= Margin);
        }
        bool IsShare(double above) => node.Count(sample => sample.Average() > above) / (double)node.Count > settings.AliveShare;
        return (IsShare(threshold), IsShare(threshold - Margin) != IsShare(threshold + Margin));
    }

    /// <summary>Quarters for floats, and indices within the vocabulary for integers.</summary>
    private static Probe ProbeOf(ImmutableArray<ModelInput> inputs)
    {
        var random = new Random(7);
        double Value(ModelInput input) => (DataType)input.ElementType switch
        {
            DataType.Float or DataType.Double or DataType.Float16 => random.Next(-4, 5) / 4.0,
            DataType.Bool => random.Next(2),
            _ => random.Next(input.Vocabulary ?? 4),
        };
        return new Probe(
            [.. inputs.Select(input =>
            {
                ImmutableArray<int> shape = [.. input.Shape.Where((_, axis) => axis != input.BatchAxis).Select(size => (int)size!.Value)];
                var count = Samples * shape.Aggregate(1, (product, size) => product * size);
                return new ProbeInput(input.Name, input.ElementType, shape,
                    TinyModel.Encode([.. Enumerable.Range(0, count).Select(_ => Value(input))], (DataType)input.ElementType));
            })],
            Samples, null, new ProbeProvenance("tiny", "", Samples, null), []);
    }
}
