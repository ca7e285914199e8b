namespace Emergence.Trainer.Training;

/// <summary>How a step follows from a gradient.</summary>
internal enum Optimizer
{
    Sgd,
    Adam,
}

/// <summary>Everything besides network and data that shapes the weights.</summary>
/// <param name="Optimizer">Stochastic gradient descent, or Adam with PyTorch's defaults.</param>
/// <param name="LearningRate">Size of a step.</param>
/// <param name="Momentum">Share of the last step that is kept (SGD).</param>
/// <param name="BatchSize">Samples in a step.</param>
/// <param name="Seed">Of the initial weights and the order of the samples.</param>
internal sealed record HyperParameters(Optimizer Optimizer, double LearningRate, double Momentum, int BatchSize, long Seed)
{
    /// <summary>Whether the next step depends on more than the weights.</summary>
    public bool HasState => Optimizer == Optimizer.Adam || Momentum > 0;
}
