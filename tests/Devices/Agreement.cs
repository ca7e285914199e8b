using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Devices;

/// <summary>Which nodes of a model are alive on a device, against the CPU.</summary>
/// <param name="Nodes">Nodes of all layers.</param>
/// <param name="Different">Nodes that are alive on one and dead on the other.</param>
/// <param name="Beyond">Those of them that are borderline on neither: there must be none.</param>
/// <param name="Largest">The largest difference of a node's mean.</param>
/// <param name="Farthest">How far from the threshold such a node is, at most, on the device on which it is nearer.</param>
internal sealed record Agreement(int Nodes, int Different, int Beyond, double Largest, double Farthest)
{
    // As docs/measures.md has it: they may flip between devices.
    private const double Margin = 1e-4;

    /// <summary>The settings under which devices are compared: everything is counted of each node.</summary>
    public static AnalysisSettings On(Device device) => new() { Device = device, Units = true };

    /// <summary>A model, traced, and its samples.</summary>
    public static (TracedCheckpoint Model, Probe Probe) Open(string path, SessionFactory cpu, int samples) => TracedCheckpoint.On(
        Checkpoint.Open(path), On(Device.Cpu), new ProbeCache(new ProbeOptions { Data = ["random"], Samples = samples }), cpu,
        loaded: null, default);

    /// <summary>Compares what was measured on the CPU and elsewhere.</summary>
    public static Agreement Of(Measurement cpu, Measurement other)
    {
        var (nodes, different, beyond, largest, farthest) = (0, 0, 0, 0d, 0d);
        foreach (var (a, b) in cpu.Layers.Zip(other.Layers))
        {
            if (a.Name != b.Name || a.Nodes != b.Nodes)
                throw new InvalidOperationException($"layer '{a.Name}' has {a.Nodes} nodes, and '{b.Name}' {b.Nodes}");
            nodes += a.Nodes;
            for (var node = 0; node < a.Nodes; node++)
            {
                var (mean, otherMean) = (a.Units!.Mean[node], b.Units!.Mean[node]);
                largest = Math.Max(largest, Math.Abs((double)mean - otherMean));
                if (a.Mask![node] == b.Mask![node])
                    continue;
                different++;
                var nearer = Math.Min(Distance(mean, cpu.Threshold), Distance(otherMean, cpu.Threshold));
                farthest = Math.Max(farthest, nearer);
                if (nearer > Margin)
                    beyond++;
            }
        }
        return new Agreement(nodes, different, beyond, largest, farthest);
    }

    private static double Distance(float mean, float threshold) => Math.Abs((double)mean - threshold);
}
