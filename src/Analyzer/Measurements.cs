using System.Collections.Immutable;
using Emergence.Analyzer.Activations;
using Emergence.Analyzer.Graphs;
using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer;

/// <summary>From node statistics to emergence: one measurement per threshold. Pure.</summary>
public static class Measurements
{
    /// <summary>Judges every node of a profile under each threshold of the settings, and measures.</summary>
    /// <param name="graph">The layers and edges.</param>
    /// <param name="profile">What was counted of these layers, with the settings' counters.</param>
    /// <param name="settings">Thresholds and statistic.</param>
    /// <param name="wired">The same layers with the connections that exist, where E_w is asked for.</param>
    public static ImmutableArray<Measurement> Of(
        LayerGraph graph, ActivationProfile profile, AnalysisSettings settings, NetworkGraph? wired = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(profile);
        ArgumentNullException.ThrowIfNull(settings);
        var network = NetworkGraphs.Of(graph, settings.ConvNodes);
        return [.. settings.Thresholds.Select(threshold => Of(network, wired, graph, profile, new AliveRule(settings, threshold), threshold))];
    }

    private static Measurement Of(
        NetworkGraph network, NetworkGraph? wired, LayerGraph graph, ActivationProfile profile, AliveRule rule, float threshold)
    {
        ImmutableArray<LayerResult> layers = [.. profile.Layers.Select(layer => ResultOf(layer, rule.Apply(layer)))];
        var activity = network.Layers.Zip(layers, (layer, result) => LayerActivity.FromMask(layer, result.Mask)).ToArray();
        var emergence = MeasureCatalog.Emergence.Of(network, activity);
        return new Measurement
        {
            Threshold = threshold,
            Layers = layers,
            Emergence = emergence,
            EmergenceActive = MeasureCatalog.EmergenceActive.Of(network, activity),
            EmergenceWired = wired is null ? null : MeasureCatalog.EmergenceWired.Of(wired, activity),
            ZeroCause = CauseOf(emergence, layers),
            RelativeEmergence = emergence.Over(graph.Parameters.Sum(parameter => parameter.Nonzero))?.ToDouble(),
            RelativeEmergenceAll = emergence.Over(graph.Parameters.Sum(parameter => parameter.Count))?.ToDouble(),
        };
    }

    private static LayerResult ResultOf(LayerProfile profile, AliveNodes alive) => new()
    {
        Index = profile.Layer.Index,
        Name = profile.Layer.Name,
        Op = profile.Layer.Op,
        Activation = profile.Layer.Activation,
        Nodes = profile.Nodes,
        Alive = alive.Alive,
        Multiplicity = profile.Multiplicity,
        AliveMultiplicity = profile.Layer.IsConvolution ? alive.AliveChannels : alive.Alive,
        Borderline = alive.Borderline,
        NodesNan = alive.NodesNan,
        NodesInf = alive.NodesInf,
        Parameters = profile.Layer.Parameters.Sum(parameter => parameter.Count),
        ParametersNonzero = profile.Layer.Parameters.Sum(parameter => parameter.Nonzero),
        ActivationMean = profile.ActivationMean,
        ActivationMax = profile.ActivationMax,
        Mask = alive.Mask,
    };

    private static ZeroCause CauseOf(EmergenceValue emergence, ImmutableArray<LayerResult> layers) =>
        !emergence.IsZero ? ZeroCause.None
        : layers.All(layer => layer.Alive == layer.Nodes) ? ZeroCause.AllAlive
        : layers.All(layer => layer.Alive == 0) ? ZeroCause.AllDead
        : ZeroCause.NoPath;
}
