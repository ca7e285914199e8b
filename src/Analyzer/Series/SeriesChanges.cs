using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;
using Emergence.Tracing.Rewriting;
using Emergence.Tracing.Values;

namespace Emergence.Analyzer.Series;

/// <summary>
/// Compares each checkpoint of a series with the last one before it that was analyzed. Of that one it keeps a number per
/// node and the masks; its weights are read again from its file, so that two models are never held while one of them runs.
/// </summary>
internal sealed class SeriesChanges(AnalysisSettings settings)
{
    private Analyzed? last;
    private bool isAnotherStructure;

    /// <summary>What each node of the last checkpoint is judged by under the first threshold; empty if there is none.</summary>
    public ImmutableArray<float[]> LastNodeValues => last is { Statistics.IsEmpty: false } ? [.. last.StatisticsUnder(0)] : [];

    /// <summary>Begins a segment: of the next result only E is compared with the last.</summary>
    public void Restart() => isAnotherStructure = true;

    /// <summary>Adds to a result what changed, and takes it as the one that the next is compared with.</summary>
    /// <param name="result">What was measured.</param>
    /// <param name="checkpoint">The checkpoint, prepared.</param>
    /// <param name="graph">Its layers, of the same structure as those before.</param>
    /// <param name="nodeValues">What its nodes are judged by: see <see cref="NodeValues"/>.</param>
    public CheckpointResult Compare(
        CheckpointResult result, Checkpoint checkpoint, LayerGraph graph, ImmutableArray<float[][]> nodeValues)
    {
        var now = new Analyzed(result, [.. graph.Layers.SelectMany(layer => layer.Parameters)], nodeValues);
        var (before, isFirst) = (last, isAnotherStructure);
        (last, isAnotherStructure) = (now, false);
        if (before is null)
            return result;
        if (isFirst)
            return AreComparable(before.Result, result)
                ? result with { Measurements = WithStructure(before.Result, result) }
                : result;
        // Of this checkpoint, not of the first of its segment, which another process may analyze.
        var network = NetworkGraphs.Of(graph, settings.ConvNodes);
        var (weightChange, problem) = WeightChange(before, now, checkpoint);
        return result with
        {
            WeightChange = weightChange,
            Measurements = AreComparable(before.Result, result)
                ? [.. result.Measurements.Select((measurement, i) => Compare(before, now, measurement, network, i))]
                : result.Measurements,
            Diagnostics = problem is null ? result.Diagnostics : result.Diagnostics.Add(problem),
        };
    }

    /// <summary>Other samples excite other nodes: what then differs is not the network alone.</summary>
    private bool AreComparable(CheckpointResult before, CheckpointResult now) =>
        settings.Statistic != Statistic.Sample && before.Probe.Sha256 == now.Probe.Sha256;

    /// <summary>Where the structure changed, it alone accounts for the change of E.</summary>
    private static ImmutableArray<Measurement> WithStructure(CheckpointResult before, CheckpointResult now) =>
    [
        .. now.Measurements.Zip(before.Measurements, (measurement, was) => measurement with
        {
            Step = new EmergenceStep(EmergenceChange.Between(was.Emergence, measurement.Emergence), null),
        }),
    ];

    private static EmergenceSplit Split(NetworkGraph network, Measurement before, Measurement now) => EmergenceSplit.Of(
        network, ActivityOf(network, before), ActivityOf(network, now));

    private static LayerActivity[] ActivityOf(NetworkGraph network, Measurement measurement) =>
        [.. network.Layers.Zip(measurement.Layers, (layer, result) => LayerActivity.FromMask(layer, result.Mask!))];

    private static Measurement Compare(Analyzed before, Analyzed now, Measurement measurement, NetworkGraph network,
        int threshold) => measurement with
        {
            Step = new EmergenceStep(new(), Split(network, before.Result.Measurements[threshold], measurement)),
            ActivationChange = ActivationChange(before.StatisticsUnder(threshold), now.StatisticsUnder(threshold)),
            Layers =
        [
            .. before.Result.Measurements[threshold].Layers.Zip(measurement.Layers, (was, layer) => layer with
            {
                Woke = layer.Mask!.CountMissingIn(was.Mask!),
                Died = was.Mask!.CountMissingIn(layer.Mask!),
            }),
        ],
        };

    private static double? ActivationChange(float[][] before, float[][] now)
    {
        var change = new RelativeChange();
        foreach (var (was, layer) in before.Zip(now))
            change.Add<float>(was, layer);
        return change.Value;
    }

    private static (double? Change, Diagnostic? Problem) WeightChange(Analyzed before, Analyzed now, Checkpoint checkpoint)
    {
        var file = before.Result.File;
        try
        {
            var previous = ModelPreparation.Prepare(Checkpoint.Open(file));
            return previous.Sha256 == before.Result.Sha256
                ? (WeightChange(before.Parameters, new ParameterValues(previous), now.Parameters,
                    new ParameterValues(checkpoint)), null)
                : (null, Unknown(file, "is no longer the file that was analyzed"));
        }
        catch (UserException e)
        {
            return (null, Unknown(file, $"could not be read again ({e.Message})"));
        }
    }

    private static Diagnostic Unknown(string file, string finding) =>
        Diagnostic.Warning(file,
            $"{finding}, so weight_change is not known; leave the files as they are while a series is analyzed");

    private static double? WeightChange(
        ImmutableArray<LayerParameter> before, ParameterValues then, ImmutableArray<LayerParameter> now, ParameterValues values)
    {
        if (before.Length != now.Length)
            return null;
        var change = new RelativeChange();
        // A tensor counts once as long as it is tied in both checkpoints.
        foreach (var (was, parameter) in before.Zip(now).DistinctBy(pair => (pair.First.Original, pair.Second.Original)))
        {
            if (!then.Dims(was.Tensor).SequenceEqual(values.Dims(parameter.Tensor)) || then.IsScaleUnknown(was.Tensor)
                || values.IsScaleUnknown(parameter.Tensor))
                return null;
            if (then.IsSingle(was.Tensor) && values.IsSingle(parameter.Tensor))
                change.Add<float>(then.Floats(was.Tensor), values.Floats(parameter.Tensor));
            else
                change.Add<double>(then.Doubles(was.Tensor), values.Doubles(parameter.Tensor));
        }
        return change.Value;
    }

    /// <summary>The statistic of each layer's nodes under each threshold; once, where it does not depend on
    /// the threshold.</summary>
    public static ImmutableArray<float[][]> NodeValues(ActivationProfile profile, AnalysisSettings settings)
    {
        float[][] Under(float threshold) => [.. profile.Layers.Select(new AliveRule(settings, threshold).Statistics)];
        return settings.Statistic switch
        {
            Statistic.Sample => [],
            Statistic.Share => [.. settings.Thresholds.Select(Under)],
            _ => [Under(settings.Thresholds[0])],
        };
    }

    private sealed record Analyzed(CheckpointResult Result, ImmutableArray<LayerParameter> Parameters,
        ImmutableArray<float[][]> Statistics)
    {
        public float[][] StatisticsUnder(int threshold) => Statistics[Math.Min(threshold, Statistics.Length - 1)];
    }
}
