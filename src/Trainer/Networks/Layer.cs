using System.Collections.Immutable;

namespace Emergence.Trainer.Networks;

/// <summary>One operator of a network. Its name is that of the ONNX node, unique in the network.</summary>
internal abstract record Layer(string Name)
{
    /// <summary>This operator, or those it is made of, in order.</summary>
    public virtual IEnumerable<Layer> Parts => [this];
}

/// <summary>Turns (N, C, H, W) into (N, C·H·W).</summary>
internal sealed record FlattenLayer(string Name) : Layer(Name);

/// <summary>An activation function, element by element.</summary>
internal sealed record ActivationLayer(string Name, Activation Function) : Layer(Name);

/// <summary>The largest of each <paramref name="Size"/> × <paramref name="Size"/> field, without overlap; a
/// rest at the edge is dropped.</summary>
internal sealed record MaxPoolLayer(string Name, int Size) : Layer(Name);

/// <summary>An operator with values that are trained: a weight, and mostly a bias.</summary>
internal abstract record WeightedLayer(string Name) : Layer(Name)
{
    /// <summary>Shape of the weight.</summary>
    public abstract ImmutableArray<long> WeightShape { get; }

    /// <summary>Number of its biases; 0 where it has none.</summary>
    public abstract int Biases { get; }
}

/// <summary>An operator whose weight connects nodes: output axis first, one bias for each output.</summary>
internal abstract record ConnectingLayer(string Name, int Inputs, int Outputs) : WeightedLayer(Name)
{
    /// <summary>Connections into one output node.</summary>
    public abstract int FanIn { get; }

    /// <summary>Connections out of one input node, borders aside.</summary>
    public abstract int FanOut { get; }

    public override int Biases => Outputs;
}

/// <summary>Fully connected over the last axis: y = x·Wᵀ + b, with W of shape (outputs, inputs).</summary>
internal sealed record DenseLayer(string Name, int Inputs, int Outputs) : ConnectingLayer(Name, Inputs, Outputs)
{
    public override ImmutableArray<long> WeightShape => [Outputs, Inputs];

    public override int FanIn => Inputs;

    public override int FanOut => Outputs;
}

/// <summary>A square convolution, padded alike on all sides; W has shape (outputs, inputs, kernel, kernel).</summary>
internal sealed record ConvolutionLayer(string Name, int Inputs, int Outputs, int Kernel, int Padding, int Stride = 1)
    : ConnectingLayer(Name, Inputs, Outputs)
{
    public override ImmutableArray<long> WeightShape => [Outputs, Inputs, Kernel, Kernel];

    public override int FanIn => Inputs * Kernel * Kernel;

    public override int FanOut => Math.Max(1, Outputs * Kernel * Kernel / (Stride * Stride));
}

/// <summary>Activation functions of the hidden layers.</summary>
internal enum Activation
{
    Relu,
    Sigmoid,
    Tanh,

    /// <summary>x · Φ(x), exact (Hendrycks and Gimpel 2016).</summary>
    Gelu,
}
