using System.Text.Json;
using Emergence.Measuring.Statistics;
using static Emergence.Analyzer.Reports.JsonFields;

namespace Emergence.Analyzer.Reports;

/// <summary>What the weight matrix of a layer comes to, in <c>results.json</c>.</summary>
internal static class SpectrumJson
{
    public static void Write(Utf8JsonWriter json, WeightSpectrum? spectrum)
    {
        Number(json, "sparsity", spectrum?.Sparsity);
        Number(json, "frobenius_norm", spectrum?.Frobenius);
        Number(json, "spectral_norm", spectrum?.Spectral);
        Number(json, "stable_rank", spectrum?.StableRank);
        Number(json, "effective_rank", spectrum?.EffectiveRank);
        Number(json, "alpha", spectrum?.Alpha);
    }
}
