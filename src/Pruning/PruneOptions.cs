using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing;
using Emergence.Tracing.Model;

namespace Emergence.Pruning;

/// <summary>The set within which magnitudes are compared.</summary>
public enum PruneScope
{
    /// <summary>All candidates of the model together.</summary>
    Global,

    /// <summary>Those of each layer for themselves.</summary>
    Layer,
}

/// <summary>What is removed.</summary>
public enum PruneStructure
{
    /// <summary>Single weights: they become zero.</summary>
    Weights,

    /// <summary>Output units: features of a dense layer, filters of a convolution.</summary>
    Nodes,
}

/// <summary>What the amount is a share of.</summary>
public enum PruneShare
{
    /// <summary>All candidates; those that are zero already count as pruned.</summary>
    Total,

    /// <summary>The candidates that are not zero yet.</summary>
    Remaining,
}

/// <summary>What ranks output units.</summary>
public enum UnitNorm
{
    /// <summary>Sum of the magnitudes of the unit's incoming weights.</summary>
    L1,

    /// <summary>Square root of the sum of their squares.</summary>
    L2,
}

/// <summary>The importance of nodes, measured elsewhere.</summary>
/// <param name="Source">What it is, in a word.</param>
/// <param name="ByLayer">By the layer's exact name, one number for each node, at least 0; less goes first.</param>
public sealed record NodeScores(string Source, ImmutableDictionary<string, ImmutableArray<double>> ByLayer);

/// <summary>What to prune, and how much.</summary>
public sealed record PruneOptions
{
    /// <summary>The share to prune, in [0, 1).</summary>
    /// <exception cref="ArgumentOutOfRangeException">It lies outside [0, 1).</exception>
    public required double Amount
    {
        get;
        init => field = value is >= 0 and < 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Amount), value, "expected a share from 0 to below 1");
    }

    /// <summary>The scope.</summary>
    public PruneScope Scope { get; init; } = PruneScope.Global;

    /// <summary>The structure.</summary>
    public PruneStructure Structure { get; init; } = PruneStructure.Weights;

    /// <summary>What <see cref="Amount"/> is a share of.</summary>
    public PruneShare Of { get; init; } = PruneShare.Total;

    /// <summary>The norm that ranks nodes.</summary>
    public UnitNorm Norm { get; init; } = UnitNorm.L2;

    /// <summary>The share of its nodes that each layer keeps at least, in [0, 1]; one always stays.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It lies outside [0, 1].</exception>
    public double MinKeep
    {
        get;
        init => field = value is >= 0 and <= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(MinKeep), value, "expected a share from 0 to 1");
    } = 0.1;

    /// <summary>With nodes, each layer keeps a multiple of this many, where it has that many.</summary>
    public int RoundTo { get; init; } = 1;

    /// <summary>Seed of the random numbers that rank candidates in place of their magnitude; null: the magnitude does.</summary>
    public int? RandomSeed { get; init; }

    /// <summary>What ranks nodes in place of a norm; null: the norm does.</summary>
    public NodeScores? Scores { get; init; }

    /// <summary>By tensor of weights, for each input of its layer how large it is: a factor of the weights that read it; null:
    /// magnitudes alone.</summary>
    public ImmutableDictionary<string, ImmutableArray<double>>? InputSizes { get; init; }

    /// <summary>By the layer's exact name, the nodes to remove, whatever the amount; null: the amount says how many.</summary>
    public ImmutableDictionary<string, ImmutableArray<bool>>? Dead { get; init; }

    /// <summary>Which stored tensors of a layer hold candidates, for <see cref="PruneStructure.Weights"/>.</summary>
    public ImmutableArray<ParameterRole> Parameters { get; init; } = [ParameterRole.Weight];

    /// <summary>Globs of layer names: only these layers are pruned; empty for all.</summary>
    public ImmutableArray<string> Only { get; init; } = [];

    /// <summary>Globs of layer names: these layers are left alone.</summary>
    public ImmutableArray<string> Exclude { get; init; } = [];

    /// <summary>The one layer to prune, by its exact name; null for what the globs select.</summary>
    public string? Layer { get; init; }

    /// <summary>Whether the layers that no other layer follows are left alone.</summary>
    public bool KeepOutput { get; init; }

    /// <summary>Whether nodes are cut out of the file, where that is possible, and not only made zero.</summary>
    public bool Shrink { get; init; }

    /// <summary>With <see cref="Shrink"/>: a node that cannot be cut out is an error, not a warning.</summary>
    public bool Strict { get; init; }

    /// <summary>Layers, by their exact name, none of whose candidates may go, with the reason.</summary>
    public ImmutableSortedDictionary<string, string> Spared { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Layers, by their exact name, whose removed nodes stay in the file as zeros, with the reason.</summary>
    public ImmutableSortedDictionary<string, string> Uncut { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>How the model is traced.</summary>
    public TraceOptions Trace { get; init; } = new();

    /// <summary>What the pruned model says of this.</summary>
    /// <param name="norm">What ranked the candidates; null for their magnitude.</param>
    /// <param name="candidates">How many could have gone.</param>
    /// <param name="pruned">How many went.</param>
    /// <param name="tensors">What was changed.</param>
    internal PruningRecord RecordOf(string? norm, long candidates, long pruned, ImmutableArray<string> tensors) => new()
    {
        Structure = PruneWords.Of(Structure),
        Amount = Amount,
        Of = PruneWords.Of(Of),
        Scope = PruneWords.Of(Scope),
        Norm = norm,
        Candidates = candidates,
        Pruned = pruned,
        Tensors = tensors,
    };
}
