using Emergence.Analyzer.Metrics;

namespace Samples;

/// <summary>Prints the emergence of a network that is known by its counts alone.</summary>
public static class MetricsSample
{
    public static void Run(TextWriter output)
    {
        NetworkGraph network = NetworkGraph.Chain(784, 256, 128, 10);
        EmergenceValue emergence = MeasureCatalog.Emergence.Of(network, 100, 60, 40, 10);
        output.WriteLine($"E = {emergence.Numerator}");
    }
}
