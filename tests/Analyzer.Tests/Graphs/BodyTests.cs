using System.Collections.Immutable;
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
using Emergence.Tracing.Rewriting;

namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>
/// Layers inside the bodies of If, Loop and Scan: what is counted of them is, to the last bit, what is counted of all copies
/// of them together where the iterations stand one after the other.
/// </summary>
public class BodyTests
{
    private const int Samples = 7;

    public static TheoryData<Statistic, string> Settings => new MatrixTheoryData<Statistic, string>(
        [Statistic.Mean, Statistic.Max, Statistic.AbsMean, Statistic.AbsMax, Statistic.Share], ["none", "default"]);

    [Theory]
    [MemberData(nameof(Settings))]
    public void a_scan_counts_what_its_unrolled_copies_count(Statistic statistic, string optimization) =>
        Agree(UnrolledNetworks.ScanRnn(4), UnrolledNetworks.UnrolledRnn(4), statistic, optimization);

    [Theory]
    [MemberData(nameof(Settings))]
    public void a_loop_counts_what_its_unrolled_copies_count(Statistic statistic, string optimization) =>
        Agree(UnrolledNetworks.LoopGru(3), UnrolledNetworks.UnrolledGru(3), statistic, optimization);

    private static void Agree(TinyModel looped, TinyModel unrolled, Statistic statistic, string optimization)
    {
        var settings = new AnalysisSettings { Device = "cpu", Threads = 1, Batch = 4, Statistic = statistic, AliveShare = 0.4, Optimization = optimization };
        var probe = ProbeOf(looped);
        var (graph, layers) = Counted(looped, probe, settings);
        var (_, copies) = Counted(unrolled, probe, settings);
        Assert.Equal(0, graph.UntracedParameters);
        Assert.Empty(graph.Diagnostics.Where(diagnostic => diagnostic.Severity == Severity.Warning));
        var byWeight = copies.ToLookup(layer => WeightOf(layer.Layer));
        Assert.Equal(byWeight.Select(group => group.Key).Order(), layers.Select(layer => WeightOf(layer.Layer)).Order());
        foreach (var layer in layers)
            Equal(layer, [.. byWeight[WeightOf(layer.Layer)]], settings);
    }

    private static void Equal(LayerProfile layer, LayerProfile[] copies, AnalysisSettings settings)
    {
        Assert.Equal(copies.Sum(copy => copy.Samples), layer.Samples);
        foreach (var (counter, totals) in layer.Totals)
        {
            var expected = Enumerable.Range(0, layer.Nodes).Select(node => copies.Select(copy => copy.Totals[counter][node]))
                .Select(values => counter.KeepsLargest ? values.Max() : values.Sum());
            Assert.Equal(expected, totals);
        }
        Assert.Equal(copies[0].Layer.Activation, layer.Layer.Activation);
        var together = layer with { Totals = layer.Totals.ToImmutableDictionary(pair => pair.Key, pair => ImmutableArray.CreateRange(Enumerable.Range(0, layer.Nodes).Select(node => pair.Key.KeepsLargest ? copies.Max(copy => copy.Totals[pair.Key][node]) : copies.Sum(copy => copy.Totals[pair.Key][node])))) };
        Assert.Equal(new AliveRule(settings, settings.Thresholds[0]).Apply(together).Mask, new AliveRule(settings, settings.Thresholds[0]).Apply(layer).Mask);
    }

    private static (LayerGraph Graph, ImmutableArray<LayerProfile> Layers) Counted(TinyModel tiny, Probe probe, AnalysisSettings settings)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Path("tiny.onnx");
        ModelFile.Save(tiny.Proto, path);
        var checkpoint = ModelPreparation.Prepare(Checkpoint.Open(path));
        var graph = LayerTracer.Trace(checkpoint, new TraceOptions { MeasureShapes = ShapeRun.OnRandom(TestContext.Current.CancellationToken) });
        TestContext.Current.SendDiagnosticMessage(GraphText.Of(graph));
        if (tiny.Proto.Graph.Node.Any(n=>n.OpType is "Loop" or "Scan")) Console.Error.WriteLine(GraphText.Of(graph));
        foreach (var d in graph.Diagnostics) Console.Error.WriteLine(d);
        Console.Error.WriteLine(graph.Mixer);
        var profile = new ActivationRecorder(checkpoint.Model, checkpoint.Path, graph, SessionFactory.Create(settings), settings)
            .Record(probe, null, TestContext.Current.CancellationToken);
        return (graph, profile.Layers);
    }

    private static string WeightOf(TracedLayer layer) => layer.Parameters[0].Tensor.Split('/')[^1];

    private static Probe ProbeOf(TinyModel tiny)
    {
        var shape = tiny.Graph.Inputs[0].Shape;
        var count = shape.Aggregate(Samples, (product, size) => product * (int)(size ?? 1));
        return tiny.Probe(Samples, TinyModel.Quarters(count, 5));
    }
}
