using Emergence.Trainer.Networks;

namespace Emergence.Trainer.Tests.Networks;

public sealed class InitialWeightsTests
{
    [Theory]
    [InlineData(1, "0")]
    [InlineData(2, "-1,1")]
    [InlineData(3, "-1,0,1")]
    [InlineData(4, "-2,-1,1,2")]
    [InlineData(5, "-2,-1,0,1,2")]
    public void Layers_are_counted_from_the_middle(int layers, string exponents) =>
        Assert.Equal(exponents, string.Join(',', WeightScaling.Exponents(layers)));

    [Theory]
    [InlineData("pytorch+emergence:2", "emergence:2")]
    [InlineData("emergence:1.5", "emergence:1.5")]
    [InlineData("kaiming+emergence:2", "kaiming+emergence:2")]
    [InlineData("lecun+scaled:0.5", "lecun+scaled:0.5")]
    [InlineData("xavier", "xavier")]
    public void Words_are_read_and_written(string text, string written)
    {
        Assert.Equal(written, InitialWeights.Parse(text).ToString());
        Assert.Equal(InitialWeights.Parse(text), InitialWeights.Parse(written));
    }

    [Theory]
    [InlineData("emergence", "'emergence': expected pytorch, lecun, xavier, kaiming, emergence:A or scaled:A, or two as in "
        + "kaiming+emergence:2")]
    [InlineData("emergence:0", "'emergence:0': expected a number from 0.1 to 10 behind emergence:")]
    [InlineData("emergence:NaN", "'emergence:NaN': expected a number from 0.1 to 10 behind emergence:")]
    [InlineData("kaiming+scaled:x", "'scaled:x': expected a number from 0.1 to 10 behind scaled:")]
    [InlineData("kaiming+lecun", "'lecun': expected emergence:A or scaled:A")]
    [InlineData("emergence:2+kaiming", "'emergence:2+kaiming': expected pytorch,")]
    public void Others_are_refused(string text, string message) =>
        Assert.StartsWith(
            message, Assert.Throws<FormatException>(() => InitialWeights.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("emergence:2", 0.5, 1.0, 2.0)]
    [InlineData("kaiming+emergence:3", 1.0 / 3, 1.0, 3.0)]
    public void Emergence_divides_the_first_weights_and_multiplies_the_last(string words, params double[] factors)
    {
        var weights = InitialWeights.Parse(words);
        var architecture = Architecture.Mlp([1, 6, 6], [12, 8], Activation.Relu, 5);
        using var plain = Network.Initialize(architecture, 3, weights.Rule);
        using var scaled = Network.Initialize(architecture, 3, weights);
        foreach (var (layer, factor) in architecture.Weighted.Zip(factors))
        {
            Assert.All(Values(plain.Weight(layer)).Zip(Values(scaled.Weight(layer))),
                pair => Assert.Equal(pair.First * factor, pair.Second, 1e-6));
            Assert.Equal(Values(plain.Bias(layer)), Values(scaled.Bias(layer)));
        }
    }

    [Fact]
    public void The_control_has_the_same_norm_and_one_factor()
    {
        var architecture = Architecture.LeNet([1, 28, 28], Activation.Relu, 10);
        using var plain = Network.Initialize(architecture, 3);
        using var raised = Network.Initialize(architecture, 3, InitialWeights.Parse("emergence:2"));
        using var control = Network.Initialize(architecture, 3, InitialWeights.Parse("scaled:2"));
        var factor = Norm(raised) / Norm(plain);
        Assert.Equal(Norm(raised), Norm(control), 1e-4);
        Assert.NotEqual(1, factor, 0.01);
        Assert.All(architecture.Weighted, layer => Assert.Equal(
            Values(plain.Weight(layer))[0] * factor, Values(control.Weight(layer))[0], 1e-6));

        double Norm(Network network) =>
            Math.Sqrt(architecture.Weighted.Sum(layer => Values(network.Weight(layer)).Sum(value => value * value)));
    }

    [Fact]
    public void The_projections_of_an_attention_are_scaled_alike_and_normalizations_not_at_all()
    {
        var architecture = Architecture.Vit([1, 8, 8], new TransformerSizes(4, 6, 1, 2), Activation.Gelu, 4);
        Assert.Equal(["patch", "block1.query block1.key block1.value", "block1.out", "block1.fc1", "block1.fc2", "head"],
            architecture.Stages.Select(stage => string.Join(' ', stage.Select(layer => layer.Name))));
        using var plain = Network.Initialize(architecture, 3);
        using var raised = Network.Initialize(architecture, 3, InitialWeights.Parse("emergence:2"));
        var ratios = architecture.Weighted.Select(layer => Values(raised.Weight(layer))[0] / Values(plain.Weight(layer))[0]);
        // patch, position, norm1, query, key, value, out, norm2, fc1, fc2, norm, head
        Assert.Equal([0.125, 1, 1, 0.25, 0.25, 0.25, 0.5, 1, 2, 4, 1, 8], ratios);
    }

    private static double[] Values(TorchSharp.torch.Tensor tensor) =>
        [.. tensor.data<float>().ToArray().Select(value => (double)value)];
}
