using System.Collections.Immutable;

namespace Emergence.Trainer.Training;

/// <summary>What an optimizer remembers of one parameter.</summary>
/// <param name="Step">Steps taken.</param>
/// <param name="Tensors">Its moments, flattened; none before the first step of a momentum.</param>
internal sealed record Moments(long Step, ImmutableArray<float[]> Tensors);

/// <summary>What an optimizer remembers from step to step besides the weights.</summary>
/// <param name="Optimizer">Whose it is.</param>
/// <param name="Parameters">One for each parameter, in order.</param>
internal sealed record OptimizerState(Optimizer Optimizer, ImmutableArray<Moments> Parameters);
