using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;

namespace Samples;

/// <summary>Counts the alive nodes of each layer on 256 samples, and prints the emergence.</summary>
public static class MeasureSample
{
    public static void Run(string file, TextWriter output)
    {
        var settings = new AnalysisSettings { Thresholds = [0.05f], Device = Device.Cpu };
        var probe = new ProbeOptions { Data = ["digits"], Samples = 256 };
        var measurement = Measurer.Measure(Checkpoint.Open(file), settings, probe).Measurements[0];
        foreach (var layer in measurement.Layers)
            output.WriteLine($"{layer.Name}: {layer.Alive} of {layer.Nodes} nodes are alive");
        output.WriteLine($"E = {measurement.Emergence}");
    }
}
