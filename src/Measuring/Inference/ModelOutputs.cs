using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Tracing.Model;
using Microsoft.ML.OnnxRuntime;
using static Onnx.TensorProto.Types;

namespace Emergence.Measuring.Inference;

/// <summary>The floating-point outputs of a model on all samples of a probe, in order.</summary>
public sealed class ModelOutputs
{
    // Of outputs that are all but zero, rounding is no difference.
    private const double LeastSize = 1e-6;

    private readonly List<float[]> values = [];

    private ModelOutputs()
    {
    }

    /// <summary>Runs the model.</summary>
    /// <param name="checkpoint">The checkpoint, prepared.</param>
    /// <param name="graph">Its inputs.</param>
    /// <param name="sessions">The device.</param>
    /// <param name="settings">How many samples to run at a time.</param>
    /// <param name="probe">The samples.</param>
    /// <param name="token">Ends the run in progress.</param>
    /// <exception cref="UserException">It does not run on the probe.</exception>
    public static ModelOutputs Of(
        Checkpoint checkpoint, LayerGraph graph, SessionFactory sessions, AnalysisSettings settings, Probe probe,
        CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(sessions);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(probe);
        var outputs = new ModelOutputs();
        var plan = BatchPlan.Create(graph, probe.Samples, settings.Batch, budget: sessions.Budget);
        using var session = sessions.Open(checkpoint.Model, checkpoint.Path);
        using var runner = new ProbeRunner(graph.Inputs, probe, plan, checkpoint.Path, sessions.Binding);
        string[] names = [
            .. session.OutputMetadata.Where(output => output.Value.IsTensor && IsFloat((DataType)output.Value.ElementDataType))
            .Select(output => output.Key)];
        // The runtime does not run for nothing.
        foreach (var segment in names.Length > 0 ? plan.Segments : [])
            runner.Run(session, names, segment, run => outputs.values.AddRange(run.Outputs.Select(output => Rows(output, run))),
                token);
        return outputs;
    }

    /// <summary>
    /// The relative change ‖y′ − y‖ / ‖y‖ (0 where nothing changes) and the largest difference; NaN where there are no
    /// outputs.
    /// </summary>
    public (double Relative, double Largest) ChangeTo(ModelOutputs other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (values.Count == 0)
            return (double.NaN, double.NaN);
        double sum = 0, norm = 0, largest = 0;
        foreach (var (before, after) in values.Zip(other.values))
        {
            foreach (var (x, y) in before.Zip(after))
            {
                double difference = x.Equals(y) ? 0 : (double)y - x;
                sum += difference * difference;
                norm += (double)x * x;
                largest = double.IsNaN(difference) ? double.NaN : Math.Max(largest, Math.Abs(difference));
            }
        }
        return (sum == 0 ? 0 : Math.Sqrt(sum / norm), largest);
    }

    /// <summary>Whether every value is finite that is so in the original.</summary>
    public bool IsFiniteWhere(ModelOutputs original)
    {
        ArgumentNullException.ThrowIfNull(original);
        return values.Zip(original.values)
            .All(pair => pair.First.Zip(pair.Second).All(pair => float.IsFinite(pair.First) || !float.IsFinite(pair.Second)));
    }

    /// <summary>
    /// The largest difference of any output, as a share of that output's largest value in the run; infinite where only one of
    /// both is a number, or where they are not of one size.
    /// </summary>
    public double LargestShareOf(ModelOutputs other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (values.Count != other.values.Count)
            return double.PositiveInfinity;
        return values.Zip(other.values, ShareOf).DefaultIfEmpty(0).Max();
    }

    private static double ShareOf(float[] a, float[] b)
    {
        if (a.Length != b.Length)
            return double.PositiveInfinity;
        double size = LeastSize, largest = 0;
        foreach (var (x, y) in a.Zip(b))
        {
            if (x.Equals(y))
                continue;
            if (!float.IsFinite(x) || !float.IsFinite(y))
                return double.PositiveInfinity;
            largest = Math.Max(largest, Math.Abs((double)x - y));
        }
        foreach (var x in a.Where(float.IsFinite))
            size = Math.Max(size, Math.Abs((double)x));
        return largest / size;
    }

    private static bool IsFloat(DataType type) => type is DataType.Float or DataType.Double or DataType.Float16;

    /// <summary>The values of the samples that count; what was fed as padding is left out where the first axis tells.</summary>
    private static float[] Rows(OrtValue output, RunOutputs run)
    {
        var shape = output.GetTensorTypeAndShape();
        float[] all = (DataType)shape.ElementDataType switch
        {
            DataType.Float => output.GetTensorDataAsSpan<float>().ToArray(),
            DataType.Double => Array.ConvertAll(output.GetTensorDataAsSpan<double>().ToArray(), value => (float)value),
            _ => Array.ConvertAll(output.GetTensorDataAsSpan<Float16>().ToArray(), value => (float)value),
        };
        return run.Count < run.Fed && shape.Shape is [var rows, ..] && rows == run.Fed
            ? all[..(all.Length / run.Fed * run.Count)]
            : all;
    }
}
