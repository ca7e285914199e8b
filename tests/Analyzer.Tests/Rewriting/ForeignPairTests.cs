using Emergence.Measuring.Probes;
using Emergence.Measuring.Statistics;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Rewriting;

/// <summary>Pairs of other exporters' spellings: the values that <c>../shared/cases/foreign/README.md</c> expects.</summary>
public class ForeignPairTests
{
    [Theory]
    [InlineData("relu_float")]
    [InlineData("relu_qdq_kept")]
    [InlineData("relu_qdq_folded")]
    [InlineData("relu_qdq_folded_uint8")]
    [InlineData("relu_fakequant_clip")]
    public async Task a_quantizer_that_saturates_at_0_is_the_relu(string model)
    {
        var result = await Measured(model, "x.npy", wired: true);
        var measurement = result.Measurements[0];
        Assert.Equal([4, 2], measurement.Layers.Select(layer => layer.Nodes));
        Assert.Equal((6, "0", "0", "0"), (measurement.Alive, $"{measurement.Emergence}", $"{measurement.EmergenceActive}",
            $"{measurement.EmergenceWired}"));
        var unquantized = (await Measured("relu_float", "x.npy", wired: true)).Measurements[0];
        Assert.Equal(unquantized.Layers.Select(layer => layer.ActivationMean), measurement.Layers.Select(layer =>
            layer.ActivationMean));
        Assert.Equal(unquantized.Layers.Select(layer => layer.ActivationMax), measurement.Layers.Select(layer =>
            layer.ActivationMax));
    }

    [Theory]
    [InlineData("hardswish_native", "HardSwish", null, 0.44448, 6.7345)]
    [InlineData("hardswish_shift_in_bias", "HardSwish", null, 0.44448, 6.7345)]
    [InlineData("hardswish_shift_beside", "HardSwish", null, 0.44448, 6.7345)]
    [InlineData("hardswish_factor_in_weight", "HardSwish", 7, 0.31902, null)]
    [InlineData("hardswish_factor_beside", "HardSwish", 7, 0.31902, null)]
    [InlineData("gelu_shift_in_bias", "Gelu", 7, 0.55698, null)]
    [InlineData("gelu_shift_beside", "Gelu", 7, 0.55698, null)]
    [InlineData("gelu_factor_in_weight", "Gelu", null, 0.44488, null)]
    [InlineData("gelu_factor_beside", "Gelu", null, 0.44488, null)]
    public async Task a_function_in_parts_keeps_its_name_behind_one_constant(string model, string function, int? alive,
        double mean, double? largest)
    {
        var result = await Measured(model, "x6.npy", wired: false);
        var layer = result.Measurements[0].Layers[0];
        Assert.Equal(function, layer.Activation);
        Assert.Equal(mean, layer.ActivationMean!.Value, 2e-5);
        if (alive is not null)
            Assert.Equal(alive, layer.Alive);
        if (largest is not null)
            Assert.Equal(largest.Value, layer.ActivationMax!.Value, 2e-4);
        Assert.DoesNotContain(result.Diagnostics, diagnostic => diagnostic.Severity == Emergence.Checkpoints.Severity.Warning);
    }

    private static Task<CheckpointResult> Measured(string model, string data, bool wired) => WholeAnalysis.Of(
        SharedFiles.Require("cases", "foreign", $"{model}.onnx"),
            new ProbeOptions { Data = [SharedFiles.Require("cases", "foreign", data)] },
        WholeAnalysis.OnCpu with { Wired = wired });
}
