using System.Collections.Immutable;
using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Pruning;

/// <summary>One traced layer after pruning.</summary>
public sealed record PrunedLayer
{
    /// <summary>Position in topological order.</summary>
    public required int Index { get; init; }

    /// <summary>The layer's unique name.</summary>
    public required string Name { get; init; }

    /// <summary>Operator that opened it.</summary>
    public required string Op { get; init; }

    /// <summary>Whether it held candidates: it was selected, and has weights of its own.</summary>
    public required bool IsSelected { get; init; }

    /// <summary>Number of weights before; a tensor that several layers share counts in each of them.</summary>
    public required long Weights { get; init; }

    /// <summary>Weights that were zero before.</summary>
    public required long ZerosBefore { get; init; }

    /// <summary>Weights that are zero now, or cut out.</summary>
    public required long Zeros { get; init; }

    /// <summary>Number of output units before.</summary>
    public required int Units { get; init; }

    /// <summary>Units removed, by being zeroed or cut out; 0 where single weights were pruned.</summary>
    public required int UnitsRemoved { get; init; }

    /// <summary>Units cut out of the file.</summary>
    public required int UnitsCut { get; init; }

    /// <summary>Share of its weights that are zero or cut out; 0 where it has none.</summary>
    public double Sparsity => Weights == 0 ? 0 : (double)Zeros / Weights;
}

/// <summary>A pruned copy of a model.</summary>
public sealed record PrunedModel
{
    /// <summary>The copy. Tensors that were changed and lay in external data are stored in it, or in the spool that was given;
    /// others stay where they were.</summary>
    public required ModelProto Model { get; init; }

    /// <summary>The traced layers, in topological order.</summary>
    public required ImmutableArray<PrunedLayer> Layers { get; init; }

    /// <summary>What was done, as the model's metadata has it.</summary>
    public required PruningRecord Record { get; init; }

    /// <summary>Weights of the selected layers before, shared ones once.</summary>
    public required long Weights { get; init; }

    /// <summary>Those that are zero now, or cut out.</summary>
    public required long Zeros { get; init; }

    /// <summary>What the user should know.</summary>
    public required ImmutableArray<Diagnostic> Diagnostics { get; init; }

    /// <summary>Share of the selected layers' weights that are zero or cut out.</summary>
    public double Sparsity => Weights == 0 ? 0 : (double)Zeros / Weights;
}
