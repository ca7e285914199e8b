using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Testing;
using Emergence.Tracing;

namespace Emergence.Analyzer.Tests;

/// <summary>The rows of <c>../shared/cases</c> about running and counting: the values that their READMEs expect.</summary>
public class ForeignCasesTests
{
    [Fact]
    public async Task a_declared_batch_of_one_multiplies_nothing()
    {
        var data = new ProbeOptions { Data = [Case("foreign3", "declared.npy")] };
        var declared = await WholeAnalysis.Of(Case("foreign3", "declared_batch_1.onnx"), data);
        Assert.All(declared.Measurements[0].Layers,
            layer => Assert.Equal((0.03f, 0), ((float)layer.ActivationMean!.Value, layer.Alive)));
        Assert.Equal(4, declared.Measurements[0].Layers.Sum(layer => layer.Nodes));
        Assert.Equal(WholeAnalysis.Numbers(await WholeAnalysis.Of(Case("foreign3", "declared_none.onnx"), data)),
            WholeAnalysis.Numbers(declared));
    }

    [Theory]
    [InlineData("batchless_vector", 16)]
    [InlineData("batchless_image", 1024)]
    public async Task inputs_without_a_batch_axis_run_one_sample_at_a_time(string model, int samples)
    {
        var data = model == "batchless_vector"
            ? new ProbeOptions { Data = [Case("foreign3", $"{model}.npy")] }
            : new ProbeOptions();
        var result = await WholeAnalysis.Of(Case("foreign3", $"{model}.onnx"), data);
        Assert.Equal(samples, result.Probe.Samples);
        Assert.Contains("input 'x': has no batch axis: samples run one at a time",
            result.Diagnostics.Select(diagnostic => $"{diagnostic}"));
        var graph = LayerTracer.Trace(Checkpoint.Open(Case("foreign3", $"{model}.onnx")), new TraceOptions());
        Assert.All(BatchPlan.Create(graph, samples, requested: 0).Segments, segment => Assert.Equal(1, segment.RunSize));
    }

    [Fact]
    public async Task an_input_without_a_batch_axis_can_be_fed_random_samples() =>
        Assert.Equal(16,
            (await WholeAnalysis.Of(Case("foreign3", "batchless_vector.onnx"), new ProbeOptions { Samples = 16 })).Probe.Samples);

    [Theory]
    [InlineData("foreign3", "state_batch_axis_1", "x 0, h0 1")]
    [InlineData("foreign", "state_batch_one", "x 0, h0 1")]
    [InlineData("foreign", "state_batch_named", "x 0, h0 1")]
    [InlineData("foreign", "state_batch_named_lstm", "x 1, h0 1, c0 1")]
    [InlineData("foreign", "state_batch_two", "x 1, h0 1, c0 1")]
    public async Task states_have_their_batch_on_the_second_axis(string folder, string model, string axes)
    {
        var path = Case(folder, $"{model}.onnx");
        var graph = LayerTracer.Trace(Checkpoint.Open(path), new TraceOptions());
        Assert.Equal(axes, string.Join(", ", graph.Inputs.Select(input => $"{input.Name} {input.BatchAxis}")));
        var probe = new ProbeOptions { Samples = 16 };
        var numbers = WholeAnalysis.Numbers(await WholeAnalysis.Of(path, probe, WholeAnalysis.OnCpu with { Batch = 1 }));
        Assert.Equal(numbers, WholeAnalysis.Numbers(await WholeAnalysis.Of(path, probe, WholeAnalysis.OnCpu with { Batch = 7 })));
    }

    [Fact]
    public async Task initial_states_of_zeros_change_nothing()
    {
        var probe = new ProbeOptions { Samples = 16 };
        var zero = await WholeAnalysis.Of(Case("foreign", "initial_zero.onnx"), probe);
        var none = await WholeAnalysis.Of(Case("foreign", "initial_none.onnx"), probe);
        Assert.Equal(WholeAnalysis.Numbers(none), WholeAnalysis.Numbers(zero));
        Assert.Equal(none.Parameters, zero.Parameters);
        Assert.DoesNotContain("in no layer", string.Join('\n', zero.Diagnostics), StringComparison.Ordinal);
    }

    private static string Case(string folder, string file) => SharedFiles.Require("cases", folder, file);
}
