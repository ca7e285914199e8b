using System.Collections.Immutable;

namespace Emergence.Measuring.Statistics;

/// <summary>
/// What others judge a network by, in one number each: means over the layers of which it is known; the path norm is one of the
/// whole network. Null where it is known of no layer.
/// </summary>
public sealed record RivalMeans
{
    /// <summary>Share of weights that are exactly zero.</summary>
    public required double? Sparsity { get; init; }

    /// <summary>Natural logarithm of the Frobenius norm.</summary>
    public required double? LogFrobenius { get; init; }

    /// <summary>Natural logarithm of the spectral norm.</summary>
    public required double? LogSpectral { get; init; }

    /// <summary>Stable rank of the weights.</summary>
    public required double? StableRank { get; init; }

    /// <summary>Effective rank of the weights.</summary>
    public required double? EffectiveRank { get; init; }

    /// <summary>Exponent of the tail of the squared singular values.</summary>
    public required double? Alpha { get; init; }

    /// <summary>Stable rank of the activations.</summary>
    public required double? ActivationStableRank { get; init; }

    /// <summary>Effective rank of the activations.</summary>
    public required double? ActivationEffectiveRank { get; init; }

    /// <summary>The path norm.</summary>
    public required double? PathNorm { get; init; }

    /// <summary>The means of layers.</summary>
    /// <param name="layers">The layers.</param>
    /// <param name="pathNorm">The path norm.</param>
    public static RivalMeans Of(ImmutableArray<LayerResult> layers, double? pathNorm) => new()
    {
        Sparsity = Mean(layers, layer => layer.Spectrum?.Sparsity),
        LogFrobenius = Mean(layers, layer => Log(layer.Spectrum?.Frobenius)),
        LogSpectral = Mean(layers, layer => Log(layer.Spectrum?.Spectral)),
        StableRank = Mean(layers, layer => layer.Spectrum?.StableRank),
        EffectiveRank = Mean(layers, layer => layer.Spectrum?.EffectiveRank),
        Alpha = Mean(layers, layer => layer.Spectrum?.Alpha),
        ActivationStableRank = Mean(layers, layer => layer.ActivationRanks?.StableRank),
        ActivationEffectiveRank = Mean(layers, layer => layer.ActivationRanks?.EffectiveRank),
        PathNorm = pathNorm,
    };

    // A layer of zeros has no logarithm.
    private static double? Log(double? value) => value > 0 ? Math.Log(value.Value) : null;

    // Of no values, the average is null.
    private static double? Mean(ImmutableArray<LayerResult> layers, Func<LayerResult, double?> of) => layers.Select(of).Average();
}
