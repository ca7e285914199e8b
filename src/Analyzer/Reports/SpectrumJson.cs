using System.Text.Json;
using Emergence.Measuring.Statistics;
using static Emergence.Analyzer.Reports.JsonFields;

namespace Emergence.Analyzer.Reports;

/// <summary>What others judge a network by, in <c>results.json</c>.</summary>
internal static class SpectrumJson
{
    public static void Write(Utf8JsonWriter json, LayerResult layer)
    {
        var spectrum = layer.Spectrum;
        Number(json, "sparsity", spectrum?.Sparsity);
        Number(json, "frobenius_norm", spectrum?.Frobenius);
        Number(json, "spectral_norm", spectrum?.Spectral);
        Number(json, "stable_rank", spectrum?.StableRank);
        Number(json, "effective_rank", spectrum?.EffectiveRank);
        Number(json, "alpha", spectrum?.Alpha);
        Number(json, "activation_stable_rank", layer.ActivationRanks?.StableRank);
        Number(json, "activation_effective_rank", layer.ActivationRanks?.EffectiveRank);
    }

    /// <summary>The means over the layers.</summary>
    public static void Write(Utf8JsonWriter json, RivalMeans means)
    {
        json.WriteStartObject("rivals");
        Number(json, "sparsity", means.Sparsity);
        Number(json, "log_frobenius_norm", means.LogFrobenius);
        Number(json, "log_spectral_norm", means.LogSpectral);
        Number(json, "stable_rank", means.StableRank);
        Number(json, "effective_rank", means.EffectiveRank);
        Number(json, "alpha", means.Alpha);
        Number(json, "activation_stable_rank", means.ActivationStableRank);
        Number(json, "activation_effective_rank", means.ActivationEffectiveRank);
        Number(json, "path_norm", means.PathNorm);
        json.WriteEndObject();
    }
}
