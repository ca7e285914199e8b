using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Devices;
using Emergence.Measuring.Inference;

namespace Emergence.Measuring.Statistics;

/// <summary>
/// What was counted of a model on a share of a probe: with the counts of all other shares, all that its measurements need.
/// </summary>
/// <param name="Group">How many samples were added up in float32 before they were added in double.</param>
/// <param name="First">The first stretch of samples that was run; null where the share has none.</param>
/// <param name="Layers">By layer: what the settings ask for.</param>
/// <param name="Exact">By layer: sums in double and what is not finite. Which layers need it only the whole shows.</param>
public sealed record ProbeCounts(
    int Group, int? First, ImmutableArray<LayerCounts> Layers, ImmutableArray<LayerCounts> Exact)
{
    /// <summary>How many samples were classified as labeled.</summary>
    public ClassifierCounts Classified { get; init; } = new(0, 0, null, null);

    /// <summary>What was measured on each single sample, one entry per threshold; empty unless that is the statistic.</summary>
    public ImmutableArray<SampleProfile> Samples { get; init; } = [];

    /// <summary>How many nodes each execution provider ran.</summary>
    public ImmutableArray<ProviderNodes> Providers { get; init; } = [];

    /// <summary>What the user should know of where the nodes ran.</summary>
    public ImmutableArray<Diagnostic> Placed { get; init; } = [];
}

/// <summary>What was counted of the nodes of one layer on a share of a probe, in the order of the graph.</summary>
/// <param name="Samples">Samples of each node; tokens and time steps count as samples.</param>
/// <param name="Sums">The sums of each stretch, which are added in the order of the stretches: sums of doubles depend on
/// it.</param>
/// <param name="Others">The other counters, which may be joined in any order.</param>
/// <param name="Blocks">By block of a bootstrap; empty where none was asked for.</param>
public sealed record LayerCounts(
    long Samples, ImmutableArray<StretchSums> Sums, ImmutableArray<double[]> Others, ImmutableArray<BlockCounts> Blocks);

/// <summary>The sums of one layer over a stretch of samples.</summary>
/// <param name="Stretch">Which, from 0.</param>
/// <param name="Sums">By counter and node.</param>
public sealed record StretchSums(int Stretch, ImmutableArray<double[]> Sums);

/// <summary>What was counted of one layer on a block of samples.</summary>
/// <param name="Block">Which, from 0.</param>
/// <param name="Samples">Samples of each node.</param>
/// <param name="Totals">By counter and node.</param>
public sealed record BlockCounts(int Block, long Samples, ImmutableArray<double[]> Totals);
