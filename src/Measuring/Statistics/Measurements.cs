using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Measuring.Settings;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;

namespace Emergence.Measuring.Statistics;

/// <summary>From node statistics to emergence: one measurement per threshold. Pure.</summary>
internal static class Measurements
{
    /// <summary>Judges every node of a profile under each threshold of the settings, and measures.</summary>
    /// <param name="graph">The layers and edges.</param>
    /// <param name="profile">What was counted of these layers, with the settings' counters.</param>
    /// <param name="settings">Thresholds and statistic.</param>
    /// <param name="wired">The same layers with the connections that exist, where E_w is asked for.</param>
    /// <param name="unfed">By layer name, the nodes all of whose incoming weights are zero, where that is known.</param>
    /// <param name="token">Ends the resampling of a bootstrap.</param>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public static ImmutableArray<Measurement> Of(
        LayerGraph graph, ActivationProfile profile, AnalysisSettings settings, NetworkGraph? wired = null,
        ImmutableDictionary<string, NodeMask>? unfed = null, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(profile);
        ArgumentNullException.ThrowIfNull(settings);
        var network = NetworkGraphs.Of(graph, settings.ConvNodes);
        if (settings.Statistic != Statistic.Sample)
            return [.. settings.Thresholds.Select(threshold =>
                Of(network, wired, unfed, graph, profile, settings, threshold, token))];
        if (wired is not null || settings.Contributions)
            throw new ArgumentException("E_w and contributions are not measured on single samples.", nameof(settings));
        return [.. settings.Thresholds.Zip(profile.Samples,
            (threshold, samples) => Of(graph, profile, samples, new AliveRule(settings, threshold), threshold))];
    }

    private static Measurement Of(
        NetworkGraph network, NetworkGraph? wired, ImmutableDictionary<string, NodeMask>? unfed, LayerGraph graph,
        ActivationProfile profile, AnalysisSettings settings, float threshold, CancellationToken token)
    {
        var rule = new AliveRule(settings, threshold);
        var alive = profile.Layers.Select(rule.Apply).ToArray();
        var activity = network.Layers.Zip(alive, (layer, nodes) => LayerActivity.FromMask(layer, nodes.Mask)).ToArray();
        var byLayer = MeasureCatalog.Emergence.ByLayer(network, activity);
        var emergence = byLayer.Aggregate(new EmergenceValue(), (sum, part) => sum + part);
        var intervals = settings.Bootstrap is null ? null : Bootstrap.Of(network, profile.Layers, settings, threshold, token);
        var slopes = EmergenceSplit.Slopes(network, activity);
        ImmutableArray<LayerResult> layers =
        [
            .. profile.Layers.Select((layer, i) => ResultOf(layer, alive[i]) with
            {
                NeverFired = rule.NeverFired(layer),
                Slope = slopes[i],
                Units = settings.Units ? rule.Units(layer) : null,
                AliveByBias =
                    unfed?.GetValueOrDefault(layer.Layer.Name) is { } isUnfed ? isUnfed.CountShared(alive[i].Mask) : null,
                EmergenceShare = ShareOf(byLayer[i], emergence),
                AliveInterval = intervals?.AliveByLayer[i],
            }),
        ];
        return MeasurementOf(graph, threshold, layers, emergence, MeasureCatalog.EmergenceActive.Of(network, activity)) with
        {
            Intervals = intervals,
            EmergenceWired = wired is null ? null : MeasureCatalog.EmergenceWired.Of(wired, activity),
            Contributions = settings.Contributions ? MeasureCatalog.Emergence.Contributions(network, activity) : null,
            ZeroCause = CauseOf(emergence, layers.All(layer => layer.Alive == layer.Nodes),
                layers.All(layer => layer.Alive == 0)),
        };
    }

    private static Measurement Of(LayerGraph graph, ActivationProfile profile, SampleProfile samples, AliveRule rule,
        float threshold)
    {
        var perSample = new SampleEmergence(new(samples.Emergence), new(samples.EmergenceActive));
        var count = samples.Emergence.Length;
        var layers = profile.Layers.Zip(samples.Layers,
            (layer, alive) => ResultOf(layer, alive, count) with { NeverFired = rule.NeverFired(layer) }).ToImmutableArray();
        var emergence = perSample.Emergence.Mean;
        return MeasurementOf(graph, threshold, layers, emergence, perSample.EmergenceActive.Mean) with
        {
            PerSample = perSample,
            ZeroCause = CauseOf(
                emergence,
                profile.Layers.Zip(samples.Layers, (layer, alive) => alive.Alive == (long)layer.Nodes * count).All(all => all),
                samples.Layers.All(layer => layer.Alive == 0)),
        };
    }

    private static Measurement MeasurementOf(
        LayerGraph graph, float threshold, ImmutableArray<LayerResult> layers, EmergenceValue emergence,
        EmergenceValue active) => new()
        {
            Threshold = threshold,
            Layers = layers,
            Emergence = emergence,
            EmergenceActive = active,
            EmergenceWired = null,
            ZeroCause = ZeroCause.None,
            RelativeEmergence = emergence.Over(graph.Parameters.Sum(parameter => parameter.Nonzero))?.ToDouble(),
            RelativeEmergenceAll = emergence.Over(graph.Parameters.Sum(parameter => parameter.Count))?.ToDouble(),
        };

    private static LayerResult ResultOf(LayerProfile profile, LayerSamples alive, int samples) =>
        ResultOf(profile, new AliveNodes(
        new NodeMask(), RoundedMean(alive.Alive, samples), RoundedMean(alive.AliveChannels, samples), alive.Borderline,
        Enumerable.Range(0, profile.Nodes).Count(profile.IsNan),
        Enumerable.Range(0, profile.Nodes).Count(node => profile.IsNotFinite(node) && !profile.IsNan(node)))) with
        {
            Mask = null,
        };

    private static double? ShareOf(EmergenceValue part, EmergenceValue whole) =>
        whole.IsZero
            ? null
            : new EmergenceValue(part.Numerator * whole.Denominator, part.Denominator * whole.Numerator).ToDouble();

    private static int RoundedMean(long sum, int count) => (int)new EmergenceValue(sum, count).Rounded;

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

    private static ZeroCause CauseOf(EmergenceValue emergence, bool allAlive, bool allDead) =>
        !emergence.IsZero ? ZeroCause.None : allAlive ? ZeroCause.AllAlive : allDead ? ZeroCause.AllDead : ZeroCause.NoPath;
}
