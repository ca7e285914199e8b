using System.Collections.Immutable;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Series;

/// <summary>What others judge networks by, as it is headed in tables and pictures.</summary>
internal static class RivalWords
{
    /// <summary>Each number with its head.</summary>
    public static ImmutableArray<(string Header, Func<RivalMeans, double?> Of)> Columns { get; } =
    [
        ("sparsity", means => means.Sparsity),
        ("log ‖W‖F", means => means.LogFrobenius),
        ("log ‖W‖₂", means => means.LogSpectral),
        ("stable", means => means.StableRank),
        ("effective", means => means.EffectiveRank),
        ("alpha", means => means.Alpha),
        ("act. stable", means => means.ActivationStableRank),
        ("act. effective", means => means.ActivationEffectiveRank),
        ("path norm", means => means.PathNorm),
    ];

    /// <summary>What the heads mean, in a sentence.</summary>
    public const string Legend =
        "rivals: of the weights W sparsity, natural logarithms of Frobenius and spectral norm, stable and effective rank and "
        + "alpha; act.: ranks of the activations; path norm of the network. Empty: not known";
}
