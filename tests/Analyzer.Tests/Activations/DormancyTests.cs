using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Series;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Tests.Activations;

/// <summary>ReDo's score: the mean of |activation|, over its mean in the layer.</summary>
public sealed class DormancyTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(1e-3)]
    [InlineData(1e3)]
    public async Task a_node_is_dormant_by_its_share_of_the_layer_whatever_its_scale(double scale)
    {
        // Means of 4: scores of 0, 0.05 (not above it), 0.0625, 3.8875; and of the logits, by magnitude, 1.5, 0.5, 1.
        double[] hidden = [0, 0.2, 0.25, 15.55], logits = [-3, 1, 2];
        var path = BiasChains.Save(folder, "a.onnx", [.. hidden.Select(x => x * scale)], [.. logits.Select(x => x * scale)]);

        var layers = await Layers(path, 0.05f);

        Assert.Equal([false, false, true, true], layers[0].Mask!.Cast<bool>());
        Assert.Equal([true, true, true], layers[1].Mask!.Cast<bool>());
        Assert.All(layers, layer => Assert.Null(layer.NeverFired));
        Assert.Equal([true, false, false], (await Layers(path, 1f))[1].Mask!.Cast<bool>());
    }

    [Fact]
    public async Task a_layer_of_zeros_is_dormant_and_a_node_that_is_not_finite_has_no_part_in_the_mean()
    {
        var layers = await Layers(BiasChains.Save(folder, "a.onnx", [-1, -1], [double.PositiveInfinity, 2, 0.01]), 0.05f);

        Assert.Equal([false, false], layers[0].Mask!.Cast<bool>());
        Assert.Equal([false, true, false], layers[1].Mask!.Cast<bool>());
        Assert.Equal(1, layers[1].NodesInf);
    }

    private static async Task<IReadOnlyList<LayerResult>> Layers(string path, float threshold)
    {
        var settings = new AnalysisSettings
        {
            Device = Device.Cpu,
            Threads = 1,
            Statistic = Statistic.Dormancy,
            Thresholds = [threshold],
        };
        var outcome = await Analysis.RunAsync(
            new([path], settings, new() { Samples = 5 }), null, TestContext.Current.CancellationToken);
        Assert.Empty(outcome.Failures);
        return outcome.Series.Checkpoints.Single().Measurements.Single().Layers;
    }
}
