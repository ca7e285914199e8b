using System.Collections.Immutable;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Series;

/// <summary>What others judge networks by, as it is headed in tables and pictures.</summary>
internal static class RivalWords
{
    /// <summary>Each number with its head and, where other columns tell much of it too, its rank among those that a narrow table
    /// leaves out, the lowest first; null where it always stays.</summary>
    public static ImmutableArray<(string Header, Func<RivalMeans, double?> Of, int? LeftOut)> Columns { get; } =
    [
        ("sparsity", means => means.Sparsity, 1),
        ("log ‖W‖F", means => means.LogFrobenius, 0),
        ("log ‖W‖₂", means => means.LogSpectral, 2),
        ("stable", means => means.StableRank, 3),
        ("effective", means => means.EffectiveRank, null),
        ("alpha", means => means.Alpha, 2),
        ("act. stable", means => means.ActivationStableRank, 3),
        ("act. effective", means => means.ActivationEffectiveRank, null),
        ("path norm", means => means.PathNorm, null),
    ];

    /// <summary>What the heads mean, in a sentence.</summary>
    public const string Legend =
        "rivals: of the weights W sparsity, natural logarithms of Frobenius and spectral norm, stable and effective rank and "
        + "alpha; act.: ranks of the activations; path norm of the network. Empty: not known";
}
