using Emergence.Tracing.Model;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Measuring.Inference;

/// <summary>
/// Runs a model on a few samples and looks at the shapes of its inner tensors: those that depend on data, or on an operator
/// whose arithmetic is not known here.
/// </summary>
/// <param name="sessions">The device.</param>
/// <param name="probeOf">The samples that feed a model's inputs.</param>
/// <param name="token">Ends the run in progress.</param>
public sealed class ShapeRun(SessionFactory sessions, Func<Checkpoint, LayerGraph, Probe> probeOf, CancellationToken token)
{
    // Two sizes of a batch tell an axis that counts samples from one that does not.
    private const int Few = 2;
    private const int More = 3;

    /// <summary>Measures on random samples, on the CPU: where no probe has been chosen.</summary>
    public static ShapeMeasurement OnRandom(CancellationToken token) => (checkpoint, graph, tensors) =>
        new ShapeRun(SessionFactory.Create(new AnalysisSettings { Device = "cpu" }), (_, inputs) => RandomSamples(inputs), token)
            .Measure(checkpoint, graph, tensors);

    /// <inheritdoc cref="ShapeMeasurement"/>
    public IReadOnlyDictionary<string, MeasuredShape> Measure(Checkpoint checkpoint, LayerGraph graph, IReadOnlyCollection<string> tensors)
    {
        var probe = probeOf(checkpoint, graph);
        // Shapes do not depend on what samples do to each other.
        graph = graph with { Mixer = null };
        var model = Exposing(checkpoint.Model, tensors);
        using var session = sessions.Open(model, checkpoint.Path);
        var plan = BatchPlan.Create(graph, probe.Samples, More);
        var isFree = plan.FixedBatch is null && plan.Segments[0].RunSize >= More && probe.Samples >= More;
        var many = Shapes(isFree ? More : 1);
        var few = isFree ? Shapes(Few) : many;
        return many.Where(shape => few.ContainsKey(shape.Key))
            .ToDictionary(shape => shape.Key, shape => Combined(shape.Value, few[shape.Key], isFree, plan.FixedBatch), StringComparer.Ordinal);

        Dictionary<string, (long[] Dims, int Type)> Shapes(int samples)
        {
            var shapes = new Dictionary<string, (long[] Dims, int Type)>(StringComparer.Ordinal);
            var runs = BatchPlan.Create(graph, probe.Samples, samples);
            using var runner = new ProbeRunner(graph.Inputs, probe, runs, checkpoint.Path);
            var first = runs.Segments[0];
            runner.Run(session, tensors, first with { End = Math.Min(first.End, first.Start + first.RunSize) }, run =>
            {
                foreach (var (name, value) in tensors.Zip(run.Outputs).Where(output => output.Second.IsTensor))
                    shapes[name] = (value.GetTensorTypeAndShape().Shape, (int)value.GetTensorTypeAndShape().ElementDataType);
            }, token);
            return shapes;
        }
    }

    private static Probe RandomSamples(LayerGraph graph) => new(
        [.. graph.Inputs.Select((input, position) => RandomProbe.Draw(input, position, More, seed: 0, Preprocessing.None))],
        More, null, new ProbeProvenance("random", "", More, 0), []);

    /// <summary>A copy of the model with these outputs alone.</summary>
    private static ModelProto Exposing(ModelProto original, IReadOnlyCollection<string> tensors)
    {
        var model = original.Clone();
        model.Graph.Output.Clear();
        model.Graph.Output.Add(tensors.Select(tensor => new ValueInfoProto { Name = tensor }));
        return model;
    }

    private static MeasuredShape Combined((long[] Dims, int Type) many, (long[] Dims, int Type) few, bool isFree, int? fixedBatch)
    {
        var axes = many.Dims.Select((size, axis) =>
        {
            var length = checked((int)size);
            if (!isFree)
                return axis == 0 && fixedBatch is { } batch && batch > 0 && length % batch == 0
                    ? new MeasuredAxis(length / batch, IsPerSample: true)
                    : new MeasuredAxis(length, IsPerSample: false);
            return few.Dims.Length == many.Dims.Length && size % More == 0 && size / More * Few == few.Dims[axis] && size > 0
                ? new MeasuredAxis(length / More, IsPerSample: true)
                : new MeasuredAxis(length, IsPerSample: false);
        });
        return new MeasuredShape([.. axes], many.Type);
    }
}
