using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Devices;
using Emergence.Measuring.Instrumentation;
using Emergence.Tracing.Model;

namespace Emergence.Measuring.Statistics;

/// <summary>What was counted of one layer's nodes over a probe.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Channels">Features, filters or hidden units.</param>
/// <param name="Positions">Nodes per channel: its spatial positions, or 1 where a node is a whole filter.</param>
/// <param name="Samples">Samples of each node; tokens and time steps count as samples.</param>
/// <param name="ActivationsPerSample">Activations of a node on one sample: the spatial positions of a whole
/// filter, else 1.</param>
/// <param name="Totals">Each counter over all samples, one value per node, channel-major (node = channel ×
/// positions + position).</param>
public sealed record LayerProfile(
    TracedLayer Layer, int Channels, int Positions, long Samples, int ActivationsPerSample,
    ImmutableDictionary<Counter, ImmutableArray<double>> Totals)
{
    /// <summary>n: number of nodes.</summary>
    public int Nodes => Channels * Positions;

    /// <summary>m: path multiplicity.</summary>
    public int Multiplicity => Layer.IsConvolution ? Channels : Nodes;

    /// <summary>Mean of the activations over nodes and samples; null where an activation is not finite.</summary>
    public double? ActivationMean =>
        Finite(Totals[new(CounterKind.Sum)].Sum() / ((double)Samples * ActivationsPerSample * Nodes));

    /// <summary>Largest activation over nodes and samples; null where one is not finite, or they were not counted.</summary>
    public double? ActivationMax => ActivationMean is not null && Totals.TryGetValue(new(CounterKind.Max), out var largest)
        ? Finite(largest.Max())
        : null;

    /// <summary>Whether every sum is finite, so that every activation is.</summary>
    internal bool HasFiniteSums => Totals.Where(total => total.Key.IsSum).All(total => total.Value.All(double.IsFinite));

    /// <summary>A node with a NaN activation on some sample.</summary>
    public bool IsNan(int node) => Counted(CounterKind.NotANumber, node);

    /// <summary>A node with an infinite or NaN activation on some sample.</summary>
    public bool IsNotFinite(int node) => Counted(CounterKind.NotFinite, node);

    /// <summary>What was counted in each block of samples; null unless a bootstrap was asked for.</summary>
    public LayerBlocks? Blocks { get; init; }

    /// <summary>The same profile with more counters, which take the place of those it has.</summary>
    internal LayerProfile With(ImmutableDictionary<Counter, ImmutableArray<double>>? more) =>
        more is null ? this : this with { Totals = Totals.SetItems(more) };

    // Layers whose sums are finite have nothing to count: the recorder leaves the counter out.
    private bool Counted(CounterKind kind, int node) => Totals.TryGetValue(new(kind), out var counts) && counts[node] > 0;

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}

/// <summary>What was counted of one layer's nodes in each block of samples.</summary>
/// <param name="Samples">Samples of each node, by block.</param>
/// <param name="Totals">
/// The counters that decide whether a node is alive, each over the samples of a block: by block and node, channel-major. NaN
/// where an activation of the node was not finite on a sample of the block.
/// </param>
public sealed record LayerBlocks(
    ImmutableArray<long> Samples, ImmutableDictionary<Counter, ImmutableArray<ImmutableArray<double>>> Totals);

/// <summary>What was recorded of a model over a probe.</summary>
/// <param name="Layers">The layers, in topological order.</param>
/// <param name="Accuracy">Share of samples whose largest logit is that of their label; null without labels or logits.</param>
/// <param name="Diagnostics">What the user should know of the run.</param>
public sealed record ActivationProfile(
    ImmutableArray<LayerProfile> Layers, double? Accuracy, ImmutableArray<Diagnostic> Diagnostics)
{
    /// <summary>What was measured on each single sample, one entry per threshold; empty unless that is the statistic.</summary>
    public ImmutableArray<SampleProfile> Samples { get; init; } = [];

    /// <summary>How many nodes each execution provider ran.</summary>
    public ImmutableArray<ProviderNodes> Providers { get; init; } = [];
}
