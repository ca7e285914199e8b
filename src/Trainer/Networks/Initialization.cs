namespace Emergence.Trainer.Networks;

/// <summary>How fresh weights are drawn: uniform in ±bound, with a bound of each layer's own.</summary>
internal enum Initialization
{
    /// <summary>±1/√fan-in for weights and biases: PyTorch's default for both kinds of layer (Kaiming
    /// uniform with a = √5).</summary>
    PyTorch,

    /// <summary>±√(3/fan-in), which keeps the variance of a linear layer (LeCun et al. 1998); biases 0.</summary>
    LeCun,

    /// <summary>±√(6/(fan-in + fan-out)) (Glorot and Bengio 2010); biases 0.</summary>
    Xavier,

    /// <summary>±√(6/fan-in), which keeps the variance behind a ReLU (He et al. 2015); biases 0.</summary>
    Kaiming,
}
