using Emergence.Analyzer.Tests.Activations;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Testing;
using Emergence.Tracing;
using Emergence.Tracing.Rewriting;

namespace Emergence.Analyzer.Tests;

/// <summary>Every model of other exporters, and every made one of a kind that once gave a wrong number: one
/// model, one number.</summary>
public class GuardTests
{
    // Their activations, whole and at once, are the cost of this test.
    private const int Samples = 8, SamplesOfLarge = 2;
    private const long LargeFile = 1 << 20;

    public static TheoryData<string> Exported => [.. SharedFiles.Under("models", "*.onnx").Where(IsNetwork)];

    public static TheoryData<string> Made =>
        [.. SharedFiles.Under("cases/foreign", "*.onnx"), .. SharedFiles.Under("cases/foreign3", "*.onnx")];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Exported))]
    public void an_exported_model_has_one_number(string file) => Holds(file);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Made))]
    public void a_made_model_has_one_number(string file) => Holds(file);

    private static bool IsNetwork(string file) =>
        !file.StartsWith("models/odd/", StringComparison.Ordinal) && !file.StartsWith("models/nonnn/", StringComparison.Ordinal);

    private static void Holds(string file)
    {
        var path = SharedFiles.Require(file.Split('/'));
        var checkpoint = ModelPreparation.Prepare(Checkpoint.Open(path));
        var token = TestContext.Current.CancellationToken;
        var graph = LayerTracer.Trace(checkpoint, new TraceOptions { MeasureShapes = ShapeRun.OnRandom(token) });
        var samples = new FileInfo(path).Length > LargeFile ? SamplesOfLarge : Samples;
        // Whole runs of a fixed batch: where it is mixed up, padding cannot be told from samples.
        var batch = graph.Inputs.Where(input => input.BatchAxis >= 0).Max(input => (int?)input.Shape[input.BatchAxis]) ?? 1;
        samples = (samples + batch - 1) / batch * batch;
        var options = new ProbeOptions { Samples = samples, Data = ForeignCases.DataOf(path) };
        var probe = ProbeResolver.Resolve(checkpoint, graph, options, token);
        OneNumber.Holds(checkpoint, graph, probe);
    }
}
