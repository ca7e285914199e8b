using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing;
using Emergence.Tracing.Model;
using Emergence.Tracing.Samples;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Measuring;

/// <summary>The form of a traced model that runs: the model itself, or one that takes several samples.</summary>
/// <param name="Model">The model.</param>
/// <param name="Graph">Its layers, which are those of the traced model.</param>
/// <param name="Diagnostics">What was changed.</param>
internal sealed record RunnableModel(ModelProto Model, LayerGraph Graph, ImmutableArray<Diagnostic> Diagnostics)
{
    // Products over several rows are rounded in another order than over one, layer upon layer. A sample that has a part in
    // another changes far more.
    private const double Tolerance = 1e-4;

    // A device that computes in half precision rounds to 11 bits at each step, the CPU not.
    private const double HalfTolerance = 1e-2;

    /// <summary>
    /// Frees a batch that is fixed at one, where each of the first two samples then gives in one run of both what it gives
    /// alone. Anything that speaks against it leaves the model as it is.
    /// </summary>
    /// <param name="checkpoint">The checkpoint as it was traced.</param>
    /// <param name="traced">Its trace.</param>
    /// <param name="graph">The layers that count.</param>
    /// <param name="options">What it was traced with.</param>
    /// <param name="settings">The device, and the layers to keep.</param>
    /// <param name="probe">The samples.</param>
    /// <param name="sessions">The device.</param>
    /// <param name="token">Ends the run in progress.</param>
    public static RunnableModel Of(
        Checkpoint checkpoint, TracedModel traced, LayerGraph graph, TraceOptions options, AnalysisSettings settings,
        Probe probe, SessionFactory sessions, CancellationToken token)
    {
        var asItIs = new RunnableModel(checkpoint.Model, graph, []);
        if (probe.Samples < 2 || FreedBatch.Of(checkpoint.Model, traced) is not { } freed)
            return asItIs;
        try
        {
            var model = checkpoint.WithModel(freed);
            var retraced = LayerTracer.TraceFully(model, options with { BatchAxes = BatchAxes(graph) });
            if (!IsSame(traced.Graph, retraced.Graph) || retraced.Failures > traced.Failures || retraced.Unmeasured.Count > 0)
                return asItIs;
            var layers = LayerSelection.Select(retraced.Graph, settings.Only, settings.Exclude);
            var result = new RunnableModel(freed, layers, [Diagnostic.Note(
                "batch", "the model was exported for one sample a run; it runs several, which gives the first two samples the "
                + "values that they have alone")]);
            var tolerance = sessions.IsElsewhere && layers.Layers.Any(IsHalf) ? HalfTolerance : Tolerance;
            return Agree(Sums(asItIs), Sums(result), tolerance) ? result : asItIs;
        }
        catch (UserException)
        {
            return asItIs;
        }

        ImmutableArray<LayerProfile> Sums(RunnableModel form) => new ActivationRecorder(
                form.Model, checkpoint.Path, form.Graph, sessions,
                new AnalysisSettings { Statistic = Statistic.AbsMean, ConvNodes = settings.ConvNodes })
            .Record(FirstTwo(probe), samplesDone: null, token).Layers;
    }

    private static ImmutableDictionary<string, int> BatchAxes(LayerGraph graph) =>
        graph.Inputs.ToImmutableDictionary(input => input.Name, input => input.BatchAxis, StringComparer.Ordinal);

    /// <summary>Whether the layers and edges are the same, and the samples of a run stay apart.</summary>
    private static bool IsSame(LayerGraph before, LayerGraph after) =>
        after.Mixer is null
        && after.Inputs.All(input => input.BatchAxis >= 0 && input.Shape[input.BatchAxis] is null)
        && before.Edges.SequenceEqual(after.Edges)
        && before.Layers.Length == after.Layers.Length
        && before.Layers.Zip(after.Layers).All(pair => IsSame(pair.First, pair.Second));

    private static bool IsSame(TracedLayer before, TracedLayer after) =>
        (before.Name, before.Op, before.Activation, before.Channels, before.Positions, before.Reading.Tensor)
            == (after.Name, after.Op, after.Activation, after.Channels, after.Positions, after.Reading.Tensor)
        && after.Reading.Axes.Any(axis => axis.Role == AxisRole.Batch);

    private static bool IsHalf(TracedLayer layer) =>
        (DataType)layer.Reading.ElementType is DataType.Float16 or DataType.Bfloat16;

    private static bool Agree(ImmutableArray<LayerProfile> alone, ImmutableArray<LayerProfile> together, double tolerance) =>
        alone.Zip(together).All(pair => pair.First.Samples == pair.Second.Samples && Array.TrueForAll(
            [new Counter(CounterKind.Sum), new(CounterKind.AbsSum)],
            counter => Agree(pair.First.Totals[counter], pair.Second.Totals[counter], tolerance)));

    private static bool Agree(ImmutableArray<double> alone, ImmutableArray<double> together, double tolerance)
    {
        var scale = alone.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        return alone.Zip(together)
            .All(pair => pair.First.Equals(pair.Second) || Math.Abs(pair.First - pair.Second) <= tolerance * scale);
    }

    private static Probe FirstTwo(Probe probe) => probe with
    {
        Samples = 2,
        Labels = null,
    };
}
