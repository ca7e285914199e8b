using System.Collections.Immutable;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Emergence.Trainer.Networks;

/// <summary>An <see cref="Networks.Architecture"/> with weights that can be trained.</summary>
internal sealed class Network : IDisposable
{
    private readonly Dictionary<string, (Parameter Weight, Parameter? Bias)> parameters;

    private Network(Architecture architecture, Dictionary<string, (Parameter, Parameter?)> parameters)
    {
        Architecture = architecture;
        this.parameters = parameters;
    }

    /// <summary>The operators.</summary>
    public Architecture Architecture { get; }

    /// <summary>Weight and bias of each weighted layer, in order.</summary>
    public ImmutableArray<Parameter> Parameters => [.. NamedParameters.Select(named => named.Parameter)];

    /// <summary>The same with their names in a checkpoint.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> NamedParameters =>
        from layer in Architecture.Weighted
        from named in layer.Biases == 0
            ? new[] { ($"{layer.Name}.weight", Weight(layer)) }
            : [($"{layer.Name}.weight", Weight(layer)), ($"{layer.Name}.bias", Bias(layer))]
        select named;

    /// <summary>The weight of a layer, of its <see cref="WeightedLayer.WeightShape"/>.</summary>
    public Parameter Weight(WeightedLayer layer) => parameters[layer.Name].Weight;

    /// <summary>The bias of a layer that has one, of shape (biases).</summary>
    public Parameter Bias(WeightedLayer layer) => parameters[layer.Name].Bias!;

    /// <summary>
    /// Fresh weights, drawn by our own generator, so that a seed gives the same network under every version of PyTorch.
    /// </summary>
    public static Network Initialize(Architecture architecture, long seed) =>
        Initialize(architecture, seed, Initialization.PyTorch);

    /// <inheritdoc cref="Initialize(Networks.Architecture, long)"/>
    public static Network Initialize(Architecture architecture, long seed, InitialWeights weights)
    {
        var random = SplitMix64.ForStream(seed, 0);
        var network = Create(architecture, layer => layer switch
        {
            // A standard deviation of 0.02, as in the vision transformer of Dosovitskiy et al. 2021.
            PositionLayer => (random.Uniform(0.02f * MathF.Sqrt(3), Count(layer)), []),
            NormLayer norm => (Enumerable.Repeat(1f, norm.Width).ToArray(), new float[norm.Width]),
            ConnectingLayer connecting => Draw(connecting, random, weights.Rule),
            _ => throw new NotSupportedException($"layer {layer}"),
        });
        if (weights.Scaling is { } scaling)
            network.Scale(scaling);
        return network;
    }

    private void Scale(WeightScaling scaling)
    {
        using var scope = NewDisposeScope();
        using var guard = no_grad();
        var factors = scaling.Factors(
            Architecture.Stages, layer => Weight(layer).to_type(ScalarType.Float64).norm().item<double>());
        foreach (var (layer, factor) in factors)
            Weight(layer).mul_(factor);
    }

    private static (float[] Weight, float[] Bias) Draw(ConnectingLayer layer, SplitMix64 random, Initialization initialization)
    {
        var bound = initialization switch
        {
            Initialization.PyTorch => 1 / MathF.Sqrt(layer.FanIn),
            Initialization.LeCun => MathF.Sqrt(3f / layer.FanIn),
            Initialization.Xavier => MathF.Sqrt(6f / (layer.FanIn + layer.FanOut)),
            Initialization.Kaiming => MathF.Sqrt(6f / layer.FanIn),
            _ => throw new NotSupportedException($"initialization {initialization}"),
        };
        var weight = random.Uniform(bound, Count(layer));
        return (weight,
            initialization == Initialization.PyTorch ? random.Uniform(bound, layer.Outputs) : new float[layer.Outputs]);
    }

    /// <summary>Takes each layer's weight and bias, empty for none, from <paramref name="values"/>, in row-major order.</summary>
    public static Network Create(Architecture architecture, Func<WeightedLayer, (float[] Weight, float[] Bias)> values)
    {
        var parameters = new Dictionary<string, (Parameter, Parameter?)>(StringComparer.Ordinal);
        foreach (var layer in architecture.Weighted)
        {
            var (weight, bias) = values(layer);
            parameters.Add(layer.Name,
                (Parameter(weight, layer.WeightShape), layer.Biases == 0 ? null : Parameter(bias, [layer.Biases])));
        }
        return new Network(architecture, parameters);
    }

    /// <summary>A copy whose weights are double.</summary>
    public Network InDouble() => new(Architecture, parameters.ToDictionary(
        named => named.Key, named => (Double(named.Value.Weight), named.Value.Bias is { } bias ? Double(bias) : null),
        StringComparer.Ordinal));

    /// <summary>The logits, of shape (N, classes), for inputs of shape (N, C, H, W).</summary>
    /// <param name="input">The inputs.</param>
    /// <param name="seen">Receives each operator, those within others included, with what it gives; optional.</param>
    public Tensor Forward(Tensor input, Action<Layer, Tensor>? seen = null) => Apply(Architecture.Layers, input, seen);

    private Tensor Apply(ImmutableArray<Layer> layers, Tensor x, Action<Layer, Tensor>? seen)
    {
        foreach (var layer in layers)
            x = Apply(layer, x, seen);
        return x;
    }

    private Tensor Apply(Layer layer, Tensor x, Action<Layer, Tensor>? seen)
    {
        var y = layer switch
        {
            FlattenLayer => x.flatten(1),
            DenseLayer dense => functional.linear(x, Weight(dense), Bias(dense)),
            ConvolutionLayer { Padding: var pad, Stride: var stride } convolution => functional.conv2d(
                x, Weight(convolution), Bias(convolution), [stride, stride], [pad, pad]),
            MaxPoolLayer pool => functional.max_pool2d(x, pool.Size),
            ActivationLayer { Function: Activation.Relu } => x.relu(),
            ActivationLayer { Function: Activation.Sigmoid } => x.sigmoid(),
            ActivationLayer { Function: Activation.Tanh } => x.tanh(),
            ActivationLayer { Function: Activation.Gelu } => functional.gelu(x),
            TokensLayer => x.flatten(2).transpose(1, 2),
            PositionLayer position => x + Weight(position),
            NormLayer norm => functional.layer_norm(x, [norm.Width], Weight(norm), Bias(norm), NormLayer.Epsilon),
            AttentionLayer attention => Attend(attention, x, seen),
            ResidualLayer residual => x + Apply(residual.Inner, x, seen),
            MeanLayer => x.mean([1]),
            _ => throw new NotSupportedException($"layer {layer}"),
        };
        seen?.Invoke(layer, y);
        return y;
    }

    private Tensor Attend(AttentionLayer attention, Tensor x, Action<Layer, Tensor>? seen)
    {
        var (query, key, value) = (Heads(attention.Query), Heads(attention.Key), Heads(attention.Value));
        var shares = query.matmul(key.transpose(2, 3)).mul(attention.Scale).softmax(-1);
        return shares.matmul(value).transpose(1, 2).flatten(2);

        // (N, T, heads · size) as (N, heads, T, size).
        Tensor Heads(DenseLayer dense) =>
            Apply(dense, x, seen).reshape(x.shape[0], x.shape[1], attention.Heads, -1).transpose(1, 2);
    }

    private static int Count(WeightedLayer layer) => checked((int)layer.WeightShape.Aggregate((a, b) => a * b));

    public void Dispose()
    {
        foreach (var parameter in Parameters)
            parameter.Dispose();
    }

    private static Parameter Double(Parameter values)
    {
        using var copy = values.detach().to_type(ScalarType.Float64);
        return (Parameter)new Parameter(copy, requires_grad: true).DetachFromDisposeScope();
    }

    // Detached from the caller's dispose scope: a network lives as long as its owner says.
    private static Parameter Parameter(float[] values, ImmutableArray<long> shape) =>
        (Parameter)new Parameter(tensor(values, [.. shape]), requires_grad: true).DetachFromDisposeScope();
}
