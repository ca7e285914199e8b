using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Measuring.Settings;

namespace Emergence.Measuring.Statistics;

/// <summary>How far alive counts and emergence move with the choice of samples.</summary>
/// <param name="AliveByLayer">a of each layer.</param>
/// <param name="Alive">a of all layers together.</param>
/// <param name="Emergence">E.</param>
/// <param name="EmergenceActive">E_H.</param>
public sealed record BootstrapIntervals(
    ImmutableArray<Interval<int>> AliveByLayer, Interval<int> Alive,
    Interval<EmergenceValue> Emergence, Interval<EmergenceValue> EmergenceActive);

/// <summary>Measures a network on resamples of the blocks of samples it was recorded on. Pure.</summary>
internal static class Bootstrap
{
    // Masks of this many resamples are held at once.
    private const int Chunk = 32;

    /// <summary>The intervals under one threshold.</summary>
    /// <param name="network">The layers and edges as the measures see them.</param>
    /// <param name="layers">What was counted of each layer, its blocks included.</param>
    /// <param name="settings">Statistic and resamples.</param>
    /// <param name="threshold">θ.</param>
    /// <param name="token">Ends it.</param>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public static BootstrapIntervals Of(
        NetworkGraph network, ImmutableArray<LayerProfile> layers, AnalysisSettings settings, float threshold,
        CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(settings);
        var bootstrap = settings.Bootstrap ?? throw new ArgumentException("No bootstrap is asked for.", nameof(settings));
        var rule = new AliveRule(settings, threshold);
        var resamplings = layers.Select(layer => ResamplingOf(layer, rule)).ToArray();
        var measures = new ActivityMeasures(network);
        var alive = layers.Select(_ => new int[bootstrap.Resamples]).ToArray();
        var total = new int[bootstrap.Resamples];
        var (emergence, active) = (new EmergenceValue[bootstrap.Resamples], new EmergenceValue[bootstrap.Resamples]);

        for (var first = 0; first < bootstrap.Resamples; first += Chunk)
        {
            token.ThrowIfCancellationRequested();
            var activities =
                ActivitiesOf(network, resamplings, Draw(bootstrap, first, Math.Min(Chunk, bootstrap.Resamples - first)));
            for (var r = 0; r < activities.Length; r++)
            {
                for (var layer = 0; layer < alive.Length; layer++)
                {
                    alive[layer][first + r] = activities[r][layer].Alive;
                    total[first + r] += activities[r][layer].Alive;
                }
            }
            var (e, eActive) = measures.Of(activities);
            e.CopyTo(emergence, first);
            eActive.CopyTo(active, first);
        }
        return new BootstrapIntervals([.. alive.Select(Interval.Of)], Interval.Of(total), Interval.Of(emergence),
            Interval.Of(active));
    }

    private static LayerResampling ResamplingOf(LayerProfile layer, AliveRule rule)
    {
        var blocks =
            layer.Blocks ?? throw new ArgumentException($"layer '{layer.Layer.Name}' was not recorded by blocks", nameof(layer));
        var values = blocks.Samples.Select(samples => samples * rule.ValuesPerSample(layer));
        return new LayerResampling([.. values], blocks.Totals[rule.Averaged], rule.LeastAlive);
    }

    private static int[][] Draw(BootstrapSettings bootstrap, int first, int count)
    {
        var draws = new int[count][];
        for (var r = 0; r < count; r++)
            Resample.Draw(bootstrap.Seed, first + r, draws[r] = new int[BootstrapSettings.Blocks]);
        return draws;
    }

    /// <summary>Which nodes are alive, by resample and layer.</summary>
    private static LayerActivity[][] ActivitiesOf(NetworkGraph network, LayerResampling[] resamplings, int[][] draws)
    {
        var activities = draws.Select(_ => new LayerActivity[resamplings.Length]).ToArray();
        foreach (var (layer, resampling) in resamplings.Index())
        {
            var words = resampling.Words;
            var masks = new ulong[draws.Length * words];
            resampling.Judge(draws, masks);
            for (var r = 0; r < draws.Length; r++)
                activities[r][layer] = LayerActivity.FromMaskWords(network.Layers[layer], masks.AsSpan(r * words, words));
        }
        return activities;
    }
}
