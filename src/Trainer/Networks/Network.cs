using System.Collections.Immutable;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Emergence.Trainer.Networks;

/// <summary>An <see cref="Networks.Architecture"/> with weights that can be trained.</summary>
internal sealed class Network : IDisposable
{
    private readonly Dictionary<string, (Parameter Weight, Parameter Bias)> parameters;

    private Network(Architecture architecture, Dictionary<string, (Parameter, Parameter)> parameters)
    {
        Architecture = architecture;
        this.parameters = parameters;
    }

    /// <summary>The operators.</summary>
    public Architecture Architecture { get; }

    /// <summary>Weight and bias of each weighted layer, in order.</summary>
    public ImmutableArray<Parameter> Parameters =>
        [.. Architecture.Layers.OfType<WeightedLayer>().SelectMany(layer => new[] { Weight(layer), Bias(layer) })];

    /// <summary>The weight of a layer, of its <see cref="WeightedLayer.WeightShape"/>.</summary>
    public Parameter Weight(WeightedLayer layer) => parameters[layer.Name].Weight;

    /// <summary>The bias of a layer, of shape (outputs).</summary>
    public Parameter Bias(WeightedLayer layer) => parameters[layer.Name].Bias;

    /// <summary>
    /// Fresh weights, drawn by our own generator, so that a seed gives the same network under every version of PyTorch.
    /// </summary>
    public static Network Initialize(Architecture architecture, long seed, Initialization initialization = Initialization.PyTorch)
    {
        var random = SplitMix64.ForStream(seed, 0);
        return Create(architecture, layer =>
        {
            var bound = initialization switch
            {
                Initialization.PyTorch => 1 / MathF.Sqrt(layer.FanIn),
                Initialization.LeCun => MathF.Sqrt(3f / layer.FanIn),
                Initialization.Xavier => MathF.Sqrt(6f / (layer.FanIn + layer.FanOut)),
                Initialization.Kaiming => MathF.Sqrt(6f / layer.FanIn),
                _ => throw new NotSupportedException($"initialization {initialization}"),
            };
            var weight = random.Uniform(bound, checked((int)layer.WeightShape.Aggregate((a, b) => a * b)));
            return (weight,
                initialization == Initialization.PyTorch ? random.Uniform(bound, layer.Outputs) : new float[layer.Outputs]);
        });
    }

    /// <summary>Takes each layer's weight and bias from <paramref name="values"/>, in row-major order.</summary>
    public static Network Create(Architecture architecture, Func<WeightedLayer, (float[] Weight, float[] Bias)> values)
    {
        var parameters = new Dictionary<string, (Parameter, Parameter)>(StringComparer.Ordinal);
        foreach (var layer in architecture.Layers.OfType<WeightedLayer>())
        {
            var (weight, bias) = values(layer);
            parameters.Add(layer.Name, (Parameter(weight, layer.WeightShape), Parameter(bias, [layer.Outputs])));
        }
        return new Network(architecture, parameters);
    }

    /// <summary>The logits, of shape (N, classes), for inputs of shape (N, C, H, W).</summary>
    public Tensor Forward(Tensor input)
    {
        var x = input;
        foreach (var layer in Architecture.Layers)
            x = Apply(layer, x);
        return x;
    }

    /// <summary>What one operator makes of <paramref name="x"/>.</summary>
    public Tensor Apply(Layer layer, Tensor x) => layer switch
    {
        FlattenLayer => x.flatten(1),
        DenseLayer dense => functional.linear(x, Weight(dense), Bias(dense)),
        ConvolutionLayer convolution =>
            functional.conv2d(x, Weight(convolution), Bias(convolution), padding: [convolution.Padding, convolution.Padding]),
        MaxPoolLayer pool => functional.max_pool2d(x, pool.Size),
        ActivationLayer { Function: Activation.Relu } => x.relu(),
        ActivationLayer { Function: Activation.Sigmoid } => x.sigmoid(),
        ActivationLayer { Function: Activation.Tanh } => x.tanh(),
        _ => throw new NotSupportedException($"layer {layer}"),
    };

    public void Dispose()
    {
        foreach (var parameter in Parameters)
            parameter.Dispose();
    }

    // Detached from the caller's dispose scope: a network lives as long as its owner says.
    private static Parameter Parameter(float[] values, ImmutableArray<long> shape) =>
        (Parameter)new Parameter(tensor(values, [.. shape]), requires_grad: true).DetachFromDisposeScope();
}
