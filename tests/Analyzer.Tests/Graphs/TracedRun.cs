using System.Collections.Immutable;
using Emergence.Analyzer.Tests.Activations;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Tracing;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;
using Emergence.Tracing.Rewriting;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>
/// Traces a model and runs it: the layers and edges must be those worked out by hand (<see cref="GraphText"/>), and the
/// alive masks of the instrumented model, in any batch, those of a slow reference that exposes every activation whole.
/// </summary>
internal static class TracedRun
{
    // More than one batch of seven.
    private const int Samples = 8;

    /// <summary>Holds where graph and masks are right and nothing was warned of.</summary>
    public static LayerGraph Holds(TinyModel tiny, string expected, TraceOptions? options = null) =>
        Holds(tiny.Proto, expected, [], options);

    /// <summary>The same where each warning must contain one of the texts, in order.</summary>
    public static LayerGraph Holds(ModelProto model, string expected, string[] warnings, TraceOptions? options = null)
    {
        var graph = Traces(model, options);
        Assert.Equal(GraphText.Tidy(expected), GraphText.Of(graph));
        var found = graph.Diagnostics.Where(diagnostic => diagnostic.Severity == Severity.Warning)
            .Select(diagnostic => $"{diagnostic}")
            .ToArray();
        Assert.True(found.Length == warnings.Length
            && found.Zip(warnings).All(pair => pair.First.Contains(pair.Second, StringComparison.Ordinal)),
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
        var measuring =
            (options ?? new TraceOptions()) with { MeasureShapes = ShapeRun.OnRandom(TestContext.Current.CancellationToken) };
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
        OneNumber.Holds(checkpoint, graph, probe);
        OneNumber.Holds(checkpoint, graph, probe, Statistic.Share, ConvNodes.Filters);
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
                ImmutableArray<int> shape =
                    [.. input.Shape.Where((_, axis) => axis != input.BatchAxis).Select(size => (int)size!.Value)];
                var count = Samples * shape.Aggregate(1, (product, size) => product * size);
                return new ProbeInput(input.Name, input.ElementType, shape,
                    TinyModel.Encode([.. Enumerable.Range(0, count).Select(_ => Value(input))], (DataType)input.ElementType));
            })],
            Samples, null, new ProbeProvenance("tiny", "", Samples, null), []);
    }
}
