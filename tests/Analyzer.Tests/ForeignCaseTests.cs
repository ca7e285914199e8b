using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Testing;
using Emergence.Tracing;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Tests;

/// <summary>The made models of kinds that once gave a wrong number, held to the values that their READMEs give.</summary>
public class ForeignCaseTests
{
    /// <summary>Layers, which layers feed each, and parameters (-1: not given).</summary>
    [Theory]
    [InlineData("foreign3/scatter_elements", "- | 0", 131)]
    [InlineData("foreign3/graph_convolution", "- | 0", 131)]
    [InlineData("foreign3/side_prelu_slope", "- | - | 0 1", -1)]
    [InlineData("foreign3/side_where_condition", "- | - | 0 1", -1)]
    [InlineData("foreign3/side_clip_max", "- | - | 0 1", -1)]
    [InlineData("foreign3/side_scatter_updates", "- | - | 0 1", -1)]
    [InlineData("foreign3/side_instancenorm_scale", "- | - | - | 0 1 2", -1)]
    [InlineData("foreign3/side_conv_bias", "- | - | 0 1 | 2", -1)]
    [InlineData("foreign3/step_by_where", "- | 0", -1)]
    // The README says 8728, the weights alone: with the biases of the last two layers they are 11 more.
    [InlineData("foreign3/grouped_query_attention", "- | - | - | 0 1 2 | 3", 8739)]
    [InlineData("foreign3/shape_topk", "- | 0", -1)]
    [InlineData("foreign3/shape_gather_elements", "- | 0", -1)]
    [InlineData("foreign3/shape_onehot", "- | 0", -1)]
    [InlineData("foreign3/ms_qlinear_add", "- | 0", 128)]
    [InlineData("foreign3/ms_embed_layernorm", "- | 0 | 1", 291)]
    [InlineData("foreign3/ms_matmulnbits", "- | 0", 283)]
    [InlineData("foreign/where_gate", "- | - | 0 1", -1)]
    public void its_layers_are_those_of_the_README(string file, string fedBy, long parameters)
    {
        var inspection = LayerInspection.Of(PathOf(file), new TraceOptions());
        Assert.Equal(fedBy, string.Join(" | ", inspection.Graph.Layers.Select(layer => Feeders(inspection.Graph, layer.Index))));
        Assert.Equal(0, inspection.Graph.UntracedParameters);
        if (parameters >= 0)
            Assert.Equal(parameters, inspection.ParametersTraced);
        Assert.DoesNotContain(inspection.Graph.Diagnostics, diagnostic => diagnostic.Severity == Severity.Warning);
    }

    [Fact]
    public void a_deformable_convolution_is_fed_by_its_offsets()
    {
        var graph = LayerInspection.Of(PathOf("foreign/deform_offset"), new TraceOptions()).Graph;
        int Index(string name) => graph.Layers.Single(layer => layer.Name == name).Index;
        Assert.Contains(graph.Edges, edge => edge.From == Index("offset") && edge.To == Index("deform"));
    }

    /// <summary>Nodes, alive nodes and E of the samples beside the model.</summary>
    [Theory]
    [InlineData("foreign3/declared_none", 4, 0, 0)]
    [InlineData("foreign3/declared_batch_1", 4, 0, 0)]
    [InlineData("foreign3/qdq_relu_explicit", 4, 4, 0)]
    [InlineData("foreign3/qdq_relu_folded", 4, 4, 0)]
    [InlineData("foreign/relu_float", 6, 6, 0)]
    [InlineData("foreign/relu_qdq_kept", 6, 6, 0)]
    [InlineData("foreign/relu_qdq_folded", 6, 6, 0)]
    [InlineData("foreign/relu_qdq_folded_uint8", 6, 6, 0)]
    [InlineData("foreign/relu_fakequant_clip", 6, 6, 0)]
    public async Task its_numbers_are_those_of_the_README(string file, int nodes, int alive, int emergence)
    {
        var measurement = (await Analyze(file, samples: null)).Measurements[0];
        Assert.Equal((nodes, alive),
            (measurement.Layers.Sum(layer => layer.Nodes), measurement.Layers.Sum(layer => (int)layer.Alive)));
        Assert.Equal($"{emergence}", $"{measurement.Emergence}");
    }

    /// <summary>Mean of the first layer, of eight nodes.</summary>
    [Theory]
    [InlineData("foreign/hardswish_shift_in_bias", "0.44448", null)]
    [InlineData("foreign/hardswish_native", "0.44448", null)]
    [InlineData("foreign/hardswish_shift_beside", "0.44448", null)]
    [InlineData("foreign/hardswish_factor_in_weight", "0.31902", 7)]
    [InlineData("foreign/hardswish_factor_beside", "0.31902", 7)]
    [InlineData("foreign/gelu_shift_in_bias", "0.55698", 7)]
    [InlineData("foreign/gelu_shift_beside", "0.55698", 7)]
    [InlineData("foreign/gelu_factor_in_weight", "0.44488", null)]
    [InlineData("foreign/gelu_factor_beside", "0.44488", null)]
    public async Task its_first_layer_is_that_of_the_README(string file, string mean, int? alive)
    {
        var layer = (await Analyze(file, samples: null)).Measurements[0].Layers[0];
        Assert.Equal(mean, layer.ActivationMean!.Value.ToString("0.00000", System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(alive is null || alive == layer.Alive, $"{layer.Alive} alive");
    }

    [Theory]
    [InlineData("foreign3/batchless_vector", 16)]
    [InlineData("foreign3/batchless_image", 16)]
    [InlineData("foreign3/state_batch_axis_1", 16)]
    [InlineData("foreign/state_batch_one", 16)]
    [InlineData("foreign/state_batch_two", 16)]
    [InlineData("foreign/state_batch_named", 16)]
    [InlineData("foreign/state_batch_named_lstm", 16)]
    public async Task it_runs_on_as_many_samples(string file, int samples) =>
        Assert.Equal(samples, (await Analyze(file, samples)).Probe.Samples);

    [Fact]
    public void initial_states_of_zero_are_no_parameters()
    {
        var none = LayerInspection.Of(PathOf("foreign/initial_none"), new TraceOptions());
        var zero = LayerInspection.Of(PathOf("foreign/initial_zero"), new TraceOptions());
        Assert.Equal(none.ParametersTraced, zero.ParametersTraced);
        Assert.DoesNotContain(zero.Graph.Diagnostics, diagnostic => diagnostic.Severity == Severity.Warning);
    }

    private static string PathOf(string file) => SharedFiles.Require(["cases", .. $"{file}.onnx".Split('/')]);

    private static string Feeders(LayerGraph graph, int layer) =>
        graph.Edges.Where(edge => edge.To == layer)
            .Select(edge => edge.From)
            .Distinct()
            .Order()
            .ToArray() is { Length: > 0 } from ? string.Join(" ", from) : "-";

    private static async Task<CheckpointResult> Analyze(string file, int? samples)
    {
        var path = PathOf(file);
        var request = new AnalysisRequest([path], new AnalysisSettings { Device = Device.Cpu },
            new ProbeOptions { Samples = samples, Data = ForeignCases.DataOf(path) });
        var outcome = await Analysis.RunAsync(request, null, TestContext.Current.CancellationToken);
        Assert.True(outcome.Failures.IsEmpty, outcome.Failures.FirstOrDefault()?.Message);
        return outcome.Series.Checkpoints[0];
    }
}
