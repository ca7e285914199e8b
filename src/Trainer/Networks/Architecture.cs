using System.Collections.Immutable;

namespace Emergence.Trainer.Networks;

/// <summary>A chain of operators, without weights.</summary>
/// <param name="InputShape">Channels, height and width of one sample.</param>
/// <param name="Layers">The operators in order; the last gives the logits.</param>
internal sealed record Architecture(ImmutableArray<int> InputShape, ImmutableArray<Layer> Layers)
{
    /// <summary>Number of classes the network tells apart.</summary>
    public int Classes => Layers.OfType<WeightedLayer>().Last().Outputs;

    /// <summary>
    /// Fully connected layers, each but the last followed by the activation function; a linear model where
    /// <paramref name="hidden"/> is empty.
    /// </summary>
    public static Architecture Mlp(ImmutableArray<int> inputShape, ImmutableArray<int> hidden, Activation activation, int classes)
    {
        var builder = new Builder(inputShape);
        builder.Flatten();
        foreach (var size in hidden)
        {
            builder.Dense(size);
            builder.Activate(activation);
        }
        builder.Dense(classes);
        return builder.Build();
    }

    /// <summary>
    /// LeNet-5 with max pooling: two 5 × 5 convolutions of 6 and 16 filters, then 120, 84 and the classes. Images of
    /// 28 pixels are padded by 2, so that they count as the 32 it was made for (LeCun et al. 1998).
    /// </summary>
    public static Architecture LeNet(ImmutableArray<int> inputShape, Activation activation, int classes)
    {
        var builder = new Builder(inputShape);
        builder.Convolution(6, kernel: 5, padding: inputShape[1] == 28 ? 2 : 0);
        builder.Activate(activation);
        builder.MaxPool(2);
        builder.Convolution(16, kernel: 5, padding: 0);
        builder.Activate(activation);
        builder.MaxPool(2);
        builder.Flatten();
        builder.Dense(120);
        builder.Activate(activation);
        builder.Dense(84);
        builder.Activate(activation);
        builder.Dense(classes);
        return builder.Build();
    }

    /// <summary>Follows the shape of one sample and numbers the names (fc1, relu1, fc2, …).</summary>
    private sealed class Builder(ImmutableArray<int> inputShape)
    {
        private readonly List<Layer> _layers = [];
        private int _channels = inputShape[0], _height = inputShape[1], _width = inputShape[2];

        public void Flatten()
        {
            _layers.Add(new FlattenLayer("flatten"));
            (_channels, _height, _width) = (_channels * _height * _width, 1, 1);
        }

        public void Dense(int outputs)
        {
            _layers.Add(new DenseLayer(Number<DenseLayer>("fc"), _channels, outputs));
            _channels = outputs;
        }

        public void Convolution(int filters, int kernel, int padding)
        {
            _layers.Add(new ConvolutionLayer(Number<ConvolutionLayer>("conv"), _channels, filters, kernel, padding));
            var change = 2 * padding - kernel + 1;
            (_channels, _height, _width) = (filters, _height + change, _width + change);
        }

        public void Activate(Activation function) =>
            _layers.Add(new ActivationLayer(Number<ActivationLayer>(function.ToString().ToLowerInvariant()), function));

        public void MaxPool(int size)
        {
            _layers.Add(new MaxPoolLayer(Number<MaxPoolLayer>("pool"), size));
            (_height, _width) = (_height / size, _width / size);
        }

        public Architecture Build() => new(inputShape, [.. _layers]);

        private string Number<T>(string stem) => $"{stem}{_layers.OfType<T>().Count() + 1}";
    }
}
