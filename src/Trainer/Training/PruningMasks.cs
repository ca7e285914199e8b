using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Trainer.Networks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Emergence.Trainer.Training;

/// <summary>
/// Keeps at zero what a pruning set to zero: after each step, every weight that was exactly zero when training began is
/// set back. Where whole nodes were pruned, their biases too.
/// </summary>
internal sealed class PruningMasks : IDisposable
{
    private readonly ImmutableArray<(Parameter Parameter, Tensor Mask)> masks;

    private PruningMasks(ImmutableArray<(Parameter, Tensor)> masks) => this.masks = masks;

    /// <summary>The masks that a history of pruning asks for; none where it is empty.</summary>
    public static PruningMasks Of(Network network, ImmutableArray<PruningRecord> history)
    {
        if (history.IsEmpty)
            return new PruningMasks([]);
        var layers = network.Architecture.Weighted.ToArray();
        var parameters = layers.Select(network.Weight);
        if (history.Any(record => record.Structure == "nodes"))
            parameters = parameters.Concat(layers.Where(layer => layer.Biases > 0).Select(network.Bias));
        using var guard = no_grad();
        return new PruningMasks([.. parameters.Select(parameter => (parameter, parameter.ne(0).to(parameter.dtype)))]);
    }

    /// <summary>Sets back what a step has moved.</summary>
    public void Apply()
    {
        if (masks.IsEmpty)
            return;
        using var guard = no_grad();
        foreach (var (parameter, mask) in masks)
            parameter.mul_(mask);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, mask) in masks)
            mask.Dispose();
    }
}
