using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Nulls;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;

namespace Emergence.Measuring;

/// <summary>Compares what was measured on a checkpoint with what chance gives.</summary>
/// <param name="checkpoint">The prepared checkpoint.</param>
/// <param name="traced">Its trace.</param>
/// <param name="graph">The layers that count.</param>
/// <param name="settings">What was measured, and the comparisons.</param>
/// <param name="options">What the checkpoint was traced with.</param>
internal sealed class NullComparisons(
    Checkpoint checkpoint, TracedModel traced, LayerGraph graph, AnalysisSettings settings, TraceOptions options)
{
    private readonly NetworkGraph network = NetworkGraphs.Of(graph, settings.ConvNodes);

    /// <summary>What the user should know of the draws.</summary>
    public List<Diagnostic> Diagnostics { get; } = [];

    /// <summary>The measurements with all comparisons of the settings.</summary>
    /// <param name="measured">One for each threshold.</param>
    /// <param name="wired">The connections that exist; null where E_w is not asked for.</param>
    /// <param name="form">The form of the model that runs.</param>
    /// <param name="probe">The samples.</param>
    /// <param name="sessions">The device.</param>
    /// <param name="samplesDone">Receives how many samples are done; optional.</param>
    /// <param name="token">Ends the run in progress.</param>
    /// <exception cref="UserException">The weights cannot be shuffled.</exception>
    public ImmutableArray<Measurement> AddTo(
        ImmutableArray<Measurement> measured, NetworkGraph? wired, RunnableModel form, Probe probe, SessionFactory sessions,
        Action<int>? samplesDone, CancellationToken token)
    {
        if (settings is { Statistic: Statistic.Sample, Nulls.IsEmpty: false })
            throw new ArgumentException("Chance is not measured on single samples.", nameof(measured));
        foreach (var model in settings.Nulls)
        {
            var draws = model.Kind == NullKind.Shuffle
                ? Shuffled(model, form, probe, sessions, samplesDone, token)
                : [.. measured.Select(measurement => Placed(model, measurement, wired, token))];
            measured = [.. measured.Zip(draws, (measurement, values) => measurement with
            {
                Nulls = [.. measurement.Nulls, .. Ranked(model, measurement, values)],
            })];
        }
        return measured;
    }

    private static IEnumerable<NullResult> Ranked(NullModel model, Measurement measurement, IReadOnlyList<Values> draws)
    {
        yield return NullResult.Of(model, NullMeasure.Emergence, measurement.Emergence, [.. draws.Select(draw => draw.E)]);
        yield return NullResult.Of(model, NullMeasure.EmergenceActive, measurement.EmergenceActive,
            [.. draws.Select(draw => draw.Active)]);
        if (measurement.EmergenceWired is { } own)
            yield return NullResult.Of(model, NullMeasure.EmergenceWired, own, [.. draws.Select(draw => draw.Wired!.Value)]);
    }

    /// <summary>Alive nodes at random places.</summary>
    private Values[] Placed(NullModel model, Measurement measurement, NetworkGraph? wired, CancellationToken token)
    {
        NodeMask[] alive = [.. measurement.Layers.Select(layer => layer.Mask!)];
        var draws = new Values[model.Draws];
        for (var draw = 0; draw < draws.Length; draw++)
        {
            token.ThrowIfCancellationRequested();
            var activity = model.Kind == NullKind.Place
                ? RandomActivity.Placed(network, alive, model.Seed, draw)
                : RandomActivity.Spread(network, alive, model.Seed, draw);
            draws[draw] = new Values(MeasureCatalog.Emergence.Of(network, activity),
                MeasureCatalog.EmergenceActive.Of(network, activity),
                wired is null ? null : MeasureCatalog.EmergenceWired.Of(wired, activity));
        }
        return draws;
    }

    /// <summary>By threshold, what networks with shuffled weights give.</summary>
    private Values[][] Shuffled(
        NullModel model, RunnableModel form, Probe probe, SessionFactory sessions, Action<int>? samplesDone,
        CancellationToken token)
    {
        var shuffle = new WeightShuffle(checkpoint, traced);
        var statistics = new NormalizationStatistics(checkpoint, traced);
        var recomputes = Recomputes(statistics, form, probe);
        // What shapes no mask of a draw costs time only.
        var bare = settings with
        {
            Bootstrap = null,
            Contributions = false,
            Units = false,
            Maxima = false,
            Rivals = false,
            Nulls = []
        };
        var draws = settings.Thresholds.Select(_ => new Values[model.Draws]).ToArray();
        for (var draw = 0; draw < model.Draws; draw++)
        {
            var shuffled = shuffle.Apply(form.Model, model.Seed, draw);
            if (recomputes)
                shuffled = statistics.Recompute(shuffled, form.Graph, probe, sessions, checkpoint.Path, token);
            var done = (int)Math.Min(int.MaxValue - probe.Samples, (draw + 1L) * probe.Samples);
            var profile = new ActivationRecorder(shuffled, checkpoint.Path, form.Graph, sessions, bare)
                .Record(probe with { Labels = null }, samples => samplesDone?.Invoke(done + samples), token);
            var wired = settings.Wired
                ? WiredNetwork.Of(LayerTracer.TraceFully(
                    checkpoint.WithModel(shuffle.Apply(checkpoint.Model, model.Seed, draw)), options), settings.ConvNodes).Network
                : null;
            foreach (var (index, measurement) in Measurements.Of(graph, profile, bare, wired, null, token).Index())
                draws[index][draw] =
                    new Values(measurement.Emergence, measurement.EmergenceActive, measurement.EmergenceWired);
        }
        return draws;
    }

    private bool Recomputes(NormalizationStatistics statistics, RunnableModel form, Probe probe)
    {
        var samples = NormalizationStatistics.SamplesOf(form.Graph, probe);
        if (statistics.Others > 0 || (statistics.Count > 0 && samples == 0))
            Diagnostics.Add(Diagnostic.Warning("--null shuffle",
                (samples == 0 ? "the model takes one sample a run, or more than there are" : "some are inside bodies or of "
                + "another form")
                + ": the stored means and variances of its batch normalizations stay, though they are not those of shuffled "
                + "weights"));
        if (statistics.Count > 0 && samples > 0)
            Diagnostics.Add(Diagnostic.Note("--null shuffle", FormattableString.Invariant(
                $"means and variances of {statistics.Count} batch normalizations are those of the first {samples} samples")));
        return statistics.Count > 0 && samples > 0;
    }

    /// <summary>What one draw gives.</summary>
    private readonly record struct Values(EmergenceValue E, EmergenceValue Active, EmergenceValue? Wired);
}
