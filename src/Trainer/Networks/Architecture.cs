using System.Collections.Immutable;

namespace Emergence.Trainer.Networks;

/// <summary>A chain of operators, without weights.</summary>
/// <param name="Kind"><c>mlp</c>, <c>lenet</c>, <c>cnn</c> or <c>vit</c>; null where it is not one of them.</param>
/// <param name="InputShape">Channels, height and width of one sample.</param>
/// <param name="Layers">The operators in order; the last gives the logits.</param>
internal sealed partial record Architecture(string? Kind, ImmutableArray<int> InputShape, ImmutableArray<Layer> Layers)
{
    /// <summary>Number of classes the network tells apart.</summary>
    public int Classes => Weighted.OfType<ConnectingLayer>().Last().Outputs;

    /// <summary>The operators with values that are trained, in order, those within others included.</summary>
    public IEnumerable<WeightedLayer> Weighted => Parts.OfType<WeightedLayer>();

    /// <summary>Sizes of the hidden layers, in order; null where there are other operators with weights.</summary>
    public ImmutableArray<int>? Hidden =>
        Weighted.All(layer => layer is DenseLayer)
            ? [.. Weighted.OfType<DenseLayer>().SkipLast(1).Select(layer => layer.Outputs)]
            : null;

    /// <summary>The first activation function; null in a linear model.</summary>
    public Activation? Activation => Parts.OfType<ActivationLayer>().FirstOrDefault()?.Function;

    /// <summary>The operators whose weights connect nodes, in order of depth; those that read one tensor side by side.</summary>
    public ImmutableArray<ImmutableArray<ConnectingLayer>> Stages => [.. StagesOf(Layers)];

    private static IEnumerable<ImmutableArray<ConnectingLayer>> StagesOf(ImmutableArray<Layer> layers) =>
        layers.SelectMany(layer => layer switch
        {
            ResidualLayer { Inner: var inner } => StagesOf(inner),
            ConnectingLayer or AttentionLayer => [[.. layer.Parts.OfType<ConnectingLayer>()]],
            _ => [],
        });

    private IEnumerable<Layer> Parts => Layers.SelectMany(layer => layer.Parts);

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
        return builder.Build("mlp");
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
        return builder.Build("lenet");
    }

    /// <summary>
    /// A small network in the manner of VGG: twice two 3 × 3 convolutions and a pooling, of 16 and then 32 filters; a dense layer
    /// of 64 nodes and the classes.
    /// </summary>
    public static Architecture Cnn(ImmutableArray<int> inputShape, Activation activation, int classes)
    {
        var builder = new Builder(inputShape);
        foreach (var filters in new[] { 16, 32 })
        {
            for (var i = 0; i < 2; i++)
            {
                builder.Convolution(filters, kernel: 3, padding: 1);
                builder.Activate(activation);
            }
            builder.MaxPool(2);
        }
        builder.Flatten();
        builder.Dense(64);
        builder.Activate(activation);
        builder.Dense(classes);
        return builder.Build("cnn");
    }

    /// <summary>Follows the shape of one sample and numbers the names (fc1, relu1, fc2, …).</summary>
    private sealed class Builder(ImmutableArray<int> inputShape)
    {
        private readonly List<Layer> layers = [];
        private int channels = inputShape[0], height = inputShape[1], width = inputShape[2];

        public void Flatten()
        {
            layers.Add(new FlattenLayer("flatten"));
            (channels, height, width) = (channels * height * width, 1, 1);
        }

        public void Dense(int outputs)
        {
            layers.Add(new DenseLayer(Number<DenseLayer>("fc"), channels, outputs));
            channels = outputs;
        }

        public void Convolution(int filters, int kernel, int padding)
        {
            layers.Add(new ConvolutionLayer(Number<ConvolutionLayer>("conv"), channels, filters, kernel, padding));
            var change = 2 * padding - kernel + 1;
            (channels, height, width) = (filters, height + change, width + change);
        }

        public void Activate(Activation function) =>
            layers.Add(new ActivationLayer(Number<ActivationLayer>(function.ToString().ToLowerInvariant()), function));

        public void MaxPool(int size)
        {
            layers.Add(new MaxPoolLayer(Number<MaxPoolLayer>("pool"), size));
            (height, width) = (height / size, width / size);
        }

        public Architecture Build(string kind) => new(kind, inputShape, [.. layers]);

        private string Number<T>(string stem) => $"{stem}{layers.OfType<T>().Count() + 1}";
    }
}
