using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Tracing.Model;
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
        new ShapeRun(SessionFactory.Create(new AnalysisSettings { Device = Device.Cpu }), (_, inputs) => RandomSamples(inputs),
            token)
            .Measure(checkpoint, graph, tensors);

    /// <inheritdoc cref="ShapeMeasurement"/>
    public IReadOnlyDictionary<string, MeasuredShape> Measure(Checkpoint checkpoint, LayerGraph graph,
        IReadOnlyCollection<string> tensors)
    {
        var probe = probeOf(checkpoint, graph);
        var outside = Computed(checkpoint.Model.Graph).Intersect(tensors, StringComparer.Ordinal).ToArray();
        try
        {
            return Measure(checkpoint, graph, probe, tensors);
        }
        // What stands inside a body may be no tensor, of which no shape can be asked for.
        catch (UserException) when (outside.Length < tensors.Count)
        {
            return Measure(checkpoint, graph, probe, outside);
        }
    }

    private Dictionary<string, MeasuredShape> Measure(
        Checkpoint checkpoint, LayerGraph graph, Probe probe, IReadOnlyCollection<string> tensors)
    {
        // Shapes do not depend on what samples do to each other.
        graph = graph with { Mixer = null };
        var (model, exposed) = Exposing(checkpoint.Model, tensors);
        if (exposed.Length == 0)
            return new Dictionary<string, MeasuredShape>(StringComparer.Ordinal);
        using var session = sessions.Open(model, checkpoint.Path);
        var plan = BatchPlan.Create(graph, probe.Samples, More);
        var isFree = plan.FixedBatch is null && plan.Segments[0].RunSize >= More && probe.Samples >= More;
        var many = Shapes(isFree ? More : 1);
        var few = isFree ? Shapes(Few) : many;
        return many.Where(shape => few.ContainsKey(shape.Key))
            .ToDictionary(shape => shape.Key, shape => Combined(shape.Value, few[shape.Key], isFree, plan.FixedBatch),
                StringComparer.Ordinal);

        Dictionary<string, (long[] Dims, int Type)> Shapes(int samples)
        {
            var shapes = new Dictionary<string, (long[] Dims, int Type)>(StringComparer.Ordinal);
            var runs = BatchPlan.Create(graph, probe.Samples, samples);
            using var runner = new ProbeRunner(graph.Inputs, probe, runs, checkpoint.Path, sessions.Binding);
            var first = runs.Segments[0];
            string[] outputs = [.. exposed.Select(tensor => tensor.Output)];
            runner.Run(session, outputs, first with { End = Math.Min(first.End, first.Start + first.RunSize) }, run =>
            {
                foreach (var (tensor, value) in exposed.Zip(run.Outputs).Where(output => output.Second.IsTensor))
                {
                    var type = value.GetTensorTypeAndShape();
                    if (!tensor.IsInBody)
                        shapes[tensor.Name] = (type.Shape, (int)type.ElementDataType);
                    else if (BodyCounters.ShapeOf(value.GetTensorDataAsSpan<double>()) is { } shape)
                        shapes[tensor.Name] = (shape, 0);
                }
            }, token);
            return shapes;
        }
    }

    private static Probe RandomSamples(LayerGraph graph) => new(
        [.. graph.Inputs.Select((input, position) => RandomProbe.Draw(input, position, More, seed: 0, Preprocessing.None))],
        More, null, new ProbeProvenance("random", "", More, 0), []);

    private static IEnumerable<string> Computed(GraphProto graph) =>
        graph.Input.Select(input => input.Name).Concat(graph.Node.SelectMany(node => node.Output));

    /// <summary>A copy of the model with these tensors as outputs alone; of one inside a body, its shape.</summary>
    private static (ModelProto Model, ImmutableArray<(string Name, string Output, bool IsInBody)> Exposed) Exposing(
        ModelProto original, IReadOnlyCollection<string> tensors)
    {
        var model = original.Clone();
        model.Graph.Output.Clear();
        var opset = (int)(model.OpsetImport.FirstOrDefault(import => import.Domain is "" or "ai.onnx")?.Version ?? 1);
        var names = new FreshNames(model.Graph);
        var main = new CounterNodes(model.Graph, opset, names);
        var bodies = new BodyCounters(model.Graph, main, names, opset);
        var computed = Computed(model.Graph).ToHashSet(StringComparer.Ordinal);
        var exposed = ImmutableArray.CreateBuilder<(string, string, bool)>();
        foreach (var tensor in tensors)
        {
            if (bodies.PlaceOf(tensor) is { } place)
                exposed.Add((tensor, bodies.CarryOutShape(place, tensor), true));
            else if (computed.Contains(tensor))
                exposed.Add((tensor, tensor, false));
        }
        model.Graph.Output.Add(exposed.Select(output => new ValueInfoProto { Name = output.Item2 }));
        return (model, exposed.ToImmutable());
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
