using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Series;

/// <summary>Where a training run stands, as its emergence tells.</summary>
public enum VerdictKind
{
    /// <summary>Too few checkpoints, too small a probe, or one node that decides.</summary>
    CannotTell,

    /// <summary>E goes on moving as it did.</summary>
    StillDeveloping,

    /// <summary>E moves in smaller steps than before, but goes on moving.</summary>
    LevelingOff,

    /// <summary>E stays around one level, or at 0.</summary>
    Settled,

    /// <summary>Layers die.</summary>
    Collapsing,

    /// <summary>Activations are not finite.</summary>
    Diverged,
}

/// <summary>The verdict on a series under one threshold, at its last checkpoint.</summary>
/// <param name="Kind">The verdict.</param>
/// <param name="Evidence">Why, in plain words: one sentence each, without a full stop.</param>
/// <param name="First">
/// Index of the first checkpoint that is judged: those before have another structure, or other samples.
/// </param>
/// <param name="Since">Index of the checkpoint from which it holds; null where that means nothing.</param>
/// <param name="StopAt">
/// Index of the checkpoint at which the run could first be called settled: where the paper's hypothesis would have training
/// stop. Null unless it is settled.
/// </param>
public sealed record SeriesVerdict(VerdictKind Kind, ImmutableArray<string> Evidence, int First, int? Since, int? StopAt);

/// <summary>What the verdict on a series reads of one checkpoint.</summary>
public sealed record VerdictPoint
{
    /// <summary>How the checkpoint is named in a sentence: <c>epoch 7</c>, or its file.</summary>
    public required string Name { get; init; }

    /// <summary>E.</summary>
    public required EmergenceValue Emergence { get; init; }

    /// <summary>The 95 % interval of E over the choice of samples; null where unknown.</summary>
    public Interval<EmergenceValue>? Interval { get; init; }

    /// <summary>Why E is 0.</summary>
    public ZeroCause ZeroCause { get; init; }

    /// <summary>Nodes with an activation that is not finite.</summary>
    public int NotFinite { get; init; }

    /// <summary>Samples of the probe.</summary>
    public required int Samples { get; init; }

    /// <summary>The layers but the last, whose nodes feed no other: logits may lie below θ without harm.</summary>
    public ImmutableArray<LayerLife> Layers { get; init; } = [];

    /// <summary>What moved E since the checkpoint before; null where there is none or it is not known.</summary>
    public EmergenceSplit? Split { get; init; }
}

/// <summary>How much of a layer is alive.</summary>
/// <param name="Name">The layer's name.</param>
/// <param name="Nodes">n.</param>
/// <param name="Alive">a.</param>
public readonly record struct LayerLife(string Name, int Nodes, int Alive);
