using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Microsoft.ML.OnnxRuntime;
using Onnx;

namespace Emergence.Measuring;

/// <summary>How large the values are that stand along axes of a model's tensors.</summary>
public static class InputSizes
{
    /// <summary>For each tensor and axis, by index of the axis, the root of the sum of squares of all
    /// values there, over all samples.</summary>
    /// <param name="model">The model.</param>
    /// <param name="axes">Tensors with an axis each.</param>
    /// <param name="probe">The samples.</param>
    /// <param name="sessions">The device.</param>
    /// <param name="settings">How many samples to run at a time.</param>
    /// <param name="token">Ends the run in progress.</param>
    /// <exception cref="UserException">The model does not run on the probe.</exception>
    public static IReadOnlyDictionary<(string Tensor, int Axis), double[]> Of(
        TracedCheckpoint model, IReadOnlyList<(string Tensor, int Axis)> axes, Probe probe, SessionFactory sessions,
        AnalysisSettings settings, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(axes);
        ArgumentNullException.ThrowIfNull(probe);
        ArgumentNullException.ThrowIfNull(sessions);
        ArgumentNullException.ThrowIfNull(settings);
        var exposed = model.Checkpoint.Model.Clone();
        exposed.Graph.Output.Clear();
        string[] tensors = [.. axes.Select(axis => axis.Tensor).Distinct(StringComparer.Ordinal)];
        exposed.Graph.Output.Add(tensors.Select(tensor => new ValueInfoProto { Name = tensor }));
        var sums = new Dictionary<(string Tensor, int Axis), double[]>();
        var plan = BatchPlan.Create(model.Graph, probe.Samples, settings.Batch, budget: sessions.Budget);
        using var session = sessions.Open(exposed, model.Checkpoint.Path);
        using var runner = new ProbeRunner(model.Graph.Inputs, probe, plan, model.Checkpoint.Path);
        foreach (var segment in tensors.Length > 0 ? plan.Segments : [])
        {
            runner.Run(session, tensors, segment, run =>
            {
                foreach (var (tensor, axis) in axes.Distinct())
                    Add(sums, (tensor, axis), run.Outputs[Array.IndexOf(tensors, tensor)]);
            }, token);
        }
        return sums.ToDictionary(sum => sum.Key, sum => Array.ConvertAll(sum.Value, Math.Sqrt));
    }

    private static void Add(Dictionary<(string Tensor, int Axis), double[]> sums, (string Tensor, int Axis) key, OrtValue value)
    {
        var shape = value.GetTensorTypeAndShape();
        if (shape.ElementDataType != Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float)
            return;
        var values = value.GetTensorDataAsSpan<float>();
        var inner = shape.Shape.Skip(key.Axis + 1).Aggregate(1L, (product, size) => product * size);
        var count = (int)shape.Shape[key.Axis];
        if (!sums.TryGetValue(key, out var sum))
            sums[key] = sum = new double[count];
        for (var i = 0; i < values.Length; i++)
            sum[(int)(i / inner % count)] += (double)values[i] * values[i];
    }
}
