using System.Collections.Immutable;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Pruning;
using Emergence.Tracing.Networks;

namespace Emergence.Analyzer;

/// <summary>What a pruning changed on a probe.</summary>
/// <param name="Samples">Number of samples.</param>
/// <param name="AccuracyBefore">Accuracy on a labeled probe, in [0, 1]; else null.</param>
/// <param name="AccuracyAfter">The same of what was written.</param>
/// <param name="OutputChange">‖y′ − y‖ / ‖y‖ over all floating-point outputs and samples; NaN where there are none.</param>
/// <param name="Before">What was measured before.</param>
/// <param name="After">What was measured after.</param>
internal sealed record PruneEffect(
    int Samples, double? AccuracyBefore, double? AccuracyAfter, double OutputChange, Measurement Before, Measurement After);

/// <summary>Measures a checkpoint on a probe, to say which nodes go and what that changes.</summary>
internal sealed class PruneMeasurement
{
    private readonly Checkpoint checkpoint;
    private readonly AnalysisSettings settings;
    private readonly CheckpointRun run;
    private readonly SessionFactory sessions;
    private readonly TracedCheckpoint whole;
    private readonly Probe probe;
    private readonly ModelMeasurement measured;
    private readonly ActivationProfile byFilter;

    /// <summary>Measures the checkpoint.</summary>
    /// <exception cref="UserException">It does not run on the samples, or they cannot be had.</exception>
    public PruneMeasurement(Checkpoint checkpoint, AnalysisSettings settings, ProbeOptions probe, CheckpointRun run)
    {
        // Every layer counts; which are pruned is said by other options.
        (this.checkpoint, this.settings, this.run) =
            (checkpoint, settings with { Only = [], Exclude = [], IncludeInput = false }, run);
        sessions = SessionFactory.Create(this.settings);
        (whole, this.probe) = TracedCheckpoint.On(checkpoint, this.settings, new ProbeCache(probe), sessions,
            (samples, device) => run.Holds(checkpoint.Bytes, samples, device), run.Token);
        run.Require(whole.Graph.Widest);
        measured = whole.Measure(this.probe, sessions, samplesDone: null, run.Token);
        byFilter = settings.ConvNodes == ConvNodes.Filters
            ? measured.Profile
            : TracedCheckpoint.Of(checkpoint, this.settings with { ConvNodes = ConvNodes.Filters }, whole.Options)
                .Measure(this.probe, sessions, samplesDone: null, run.Token).Profile;
    }

    /// <summary>What the user should know of the samples.</summary>
    public ImmutableArray<Diagnostic> Diagnostics => probe.Diagnostics;

    private AliveRule Rule => new(settings with { ConvNodes = ConvNodes.Filters }, settings.Thresholds[0]);

    /// <summary>Each node's statistic, where it is above zero: dead nodes rank lowest.</summary>
    public NodeScores Scores => new("activation", byFilter.Layers.ToImmutableDictionary(
        layer => layer.Layer.Name,
        layer => Rule.Statistics(layer).Select(value => float.IsFinite(value) ? Math.Max(0.0, value) : 0).ToImmutableArray()));

    /// <summary>The nodes that are dead by the rule of the settings.</summary>
    public ImmutableDictionary<string, ImmutableArray<bool>> Dead => byFilter.Layers.ToImmutableDictionary(
        layer => layer.Layer.Name,
        layer => DeadOf(layer, Rule.Alive(layer)));

    private static ImmutableArray<bool> DeadOf(LayerProfile layer, NodeMask alive) =>
        [.. Enumerable.Range(0, layer.Nodes).Select(node => !alive[node] && !layer.IsNotFinite(node))];

    /// <summary>How large the inputs are that weights are multiplied with, by weight.</summary>
    public ImmutableDictionary<string, ImmutableArray<double>> SizesOfInputs()
    {
        var known = whole.Checkpoint.Model.Graph.Node.SelectMany(node => node.Output)
            .Concat(whole.Checkpoint.Model.Graph.Input.Select(input => input.Name))
            .ToHashSet(StringComparer.Ordinal);
        LayerInput[] inputs = [.. LayerInputs.Of(checkpoint, whole.Options)
            .Where(input => known.Contains(input.Tensor))
            .DistinctBy(input => input.Weight)];
        var sizes = InputSizes.Of(whole, [.. inputs.Select(input => (input.Tensor, input.Axis))], probe, sessions, settings,
            run.Token);
        return inputs.Where(input => sizes.ContainsKey((input.Tensor, input.Axis)))
            .ToImmutableDictionary(input => input.Weight, input => sizes[(input.Tensor, input.Axis)].ToImmutableArray(),
                StringComparer.Ordinal);
    }

    /// <summary>What a pruning changes.</summary>
    public PruneEffect EffectOf(PrunedModel pruned)
    {
        var model = TracedCheckpoint.Of(checkpoint.WithModel(pruned.Model), settings, whole.Options);
        var after = model.Measure(probe, sessions, samplesDone: null, run.Token);
        ModelOutputs OutputsOf(TracedCheckpoint of) =>
            ModelOutputs.Of(of.Checkpoint, of.Graph, sessions, settings, probe, run.Token);
        var (change, _) = OutputsOf(whole).ChangeTo(OutputsOf(model));
        return new PruneEffect(probe.Samples, measured.Profile.Accuracy, after.Profile.Accuracy, change,
            measured.Measurements[0], after.Measurements[0]);
    }
}
