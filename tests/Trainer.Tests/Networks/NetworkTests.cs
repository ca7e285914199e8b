using Emergence.Trainer.Networks;
using TorchSharp;

namespace Emergence.Trainer.Tests.Networks;

public sealed class NetworkTests
{
    [Fact]
    public void An_mlp_is_named_and_sized_in_order()
    {
        var architecture = Architecture.Mlp([1, 28, 28], [128, 64], Activation.Relu, 10);
        Assert.Equal(
            [
                new FlattenLayer("flatten"), new DenseLayer("fc1", 784, 128), new ActivationLayer("relu1", Activation.Relu),
                new DenseLayer("fc2", 128, 64), new ActivationLayer("relu2", Activation.Relu), new DenseLayer("fc3", 64, 10),
            ],
            architecture.Layers);
        Assert.Equal([128, 64], architecture.Hidden!.Value);
    }

    [Theory]
    [InlineData(1, 28, 2)]
    [InlineData(3, 32, 0)]
    public void LeNet_sees_both_image_sizes_as_five_by_five_in_the_end(int channels, int side, int padding)
    {
        var architecture = Architecture.LeNet([channels, side, side], Activation.Tanh, 10);
        Assert.Equal(
            [
                new ConvolutionLayer("conv1", channels, 6, 5, padding), new ConvolutionLayer("conv2", 6, 16, 5, 0),
                new DenseLayer("fc1", 400, 120), new DenseLayer("fc2", 120, 84), new DenseLayer("fc3", 84, 10),
            ],
            architecture.Weighted.OfType<ConnectingLayer>());
        Assert.Null(architecture.Hidden);
        using var network = Network.Initialize(architecture, 0);
        using var logits = network.Forward(torch.zeros(2, channels, side, side));
        Assert.Equal([2, 10], logits.shape);
    }

    [Fact]
    public void The_cnn_is_twice_two_convolutions_and_a_pooling()
    {
        var architecture = Architecture.Cnn([3, 32, 32], Activation.Relu, 10);
        Assert.Equal(
            ["conv1", "relu1", "conv2", "relu2", "pool1", "conv3", "relu3", "conv4", "relu4", "pool2", "flatten", "fc1", "relu5",
                "fc2"],
            architecture.Layers.Select(layer => layer.Name));
        using var network = Network.Initialize(architecture, 0);
        using var logits = network.Forward(torch.zeros(2, 3, 32, 32));
        Assert.Equal([2, 10], logits.shape);
    }

    [Theory]
    [InlineData(Initialization.LeCun, 3.0, 0.0)]
    [InlineData(Initialization.Kaiming, 6.0, 0.0)]
    [InlineData(Initialization.Xavier, 6.0, 1.0)]
    internal void Other_initializations_have_their_own_range_and_no_bias(Initialization initialization, double numerator,
        double fanOutCounts)
    {
        var architecture = Architecture.LeNet([1, 28, 28], Activation.Relu, 10);
        using var network = Network.Initialize(architecture, 5, initialization);
        foreach (var layer in architecture.Weighted.OfType<ConnectingLayer>())
        {
            var bound = Math.Sqrt(numerator / (layer.FanIn + fanOutCounts * layer.FanOut));
            var weights = network.Weight(layer).data<float>().ToArray();
            Assert.InRange(weights.Max(), 0.95 * bound, bound * 1.0001);
            Assert.All(network.Bias(layer).data<float>().ToArray(), bias => Assert.Equal(0, bias));
        }
    }

    [Fact]
    public void Initial_weights_fill_the_range_that_fan_in_gives()
    {
        var architecture = Architecture.Mlp([1, 28, 28], [128], Activation.Relu, 10);
        using var network = Network.Initialize(architecture, 5);
        foreach (var layer in architecture.Weighted.OfType<ConnectingLayer>())
        {
            var bound = 1 / Math.Sqrt(layer.FanIn);
            var weights = network.Weight(layer).data<float>().ToArray();
            Assert.InRange(weights.Max(), 0.98 * bound, bound);
            Assert.InRange(weights.Min(), -bound, -0.98 * bound);
            Assert.All(network.Bias(layer).data<float>().ToArray(), bias => Assert.InRange(bias, -bound, bound));
        }
    }
}
