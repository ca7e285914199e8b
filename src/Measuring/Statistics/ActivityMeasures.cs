using Emergence.Analyzer.Metrics;

namespace Emergence.Measuring.Statistics;

/// <summary>E and E_H of one network under many activities; by counts alone, which is faster, where these suffice.</summary>
/// <param name="network">The network.</param>
internal sealed class ActivityMeasures(NetworkGraph network)
{
    private readonly SampleEvaluator? evaluator = network.HasIdentityEdges ? null : new SampleEvaluator(network);

    /// <summary>Measures.</summary>
    /// <param name="activities">The layers' activities, several times over.</param>
    public (EmergenceValue[] Emergence, EmergenceValue[] EmergenceActive) Of(LayerActivity[][] activities)
    {
        if (evaluator is null)
        {
            return (
                Array.ConvertAll(activities, activity => MeasureCatalog.Emergence.Of(network, activity)),
                Array.ConvertAll(activities, activity => MeasureCatalog.EmergenceActive.Of(network, activity)));
        }
        int[] alive = [.. activities.SelectMany(activity => activity.Select(layer => layer.Alive))];
        int[] channels = [.. activities.SelectMany(activity => activity.Select(layer => layer.AliveChannels ?? layer.Alive))];
        return (
            Array.ConvertAll(evaluator.Emergence(alive), value => new EmergenceValue(value)),
            Array.ConvertAll(evaluator.EmergenceActive(alive, channels), value => new EmergenceValue(value)));
    }
}
