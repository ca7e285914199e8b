using System.Numerics;
using BenchmarkDotNet.Attributes;
using Emergence.Analyzer.Metrics;

namespace Emergence.Benchmarks;

/// <summary>E and E_H.</summary>
[MemoryDiagnoser, MinColumn]
public class PathMeasureBenchmarks
{
    private readonly NetworkGraph _deep = NetworkGraph.Chain([.. Enumerable.Repeat(4096, 1000)]);
    private readonly LayerActivity[] _deepActivity = [.. Enumerable.Repeat(LayerActivity.Count(2048), 1000)];
    private readonly SampleEvaluator _samples = new(NetworkGraph.Chain(784, 128, 64, 10));
    private readonly int[] _sampleCounts =
        [.. Enumerable.Range(0, 10_000).SelectMany(i => new[] { 784 - (i % 700), i % 128, i % 64, i % 10 })];
    private NetworkGraph _resNet = null!;
    private LayerActivity[] _resNetActivity = null!;

    [GlobalSetup(Target = nameof(ResNet50))]
    public void SetUp()
    {
        var networks = new SampleNetworks(0);
        _resNet = networks.ResNet50(wired: false);
        _resNetActivity = networks.HalfAlive(_resNet.Layers);
    }

    [Benchmark(Description = "E, E_H and log10 of both: 1,000 layers of 4,096 nodes")]
    public double Deep() =>
        MeasureCatalog.Emergence.Of(_deep, _deepActivity).Log10!.Value
            + MeasureCatalog.EmergenceActive.Of(_deep, _deepActivity).Log10!.Value;

    [Benchmark(Description = "E and E_H: ResNet-50 at 224×224, units, identity edges")]
    public BigInteger ResNet50() =>
        MeasureCatalog.Emergence.Of(_resNet, _resNetActivity).Rounded
            + MeasureCatalog.EmergenceActive.Of(_resNet, _resNetActivity).Rounded;

    [Benchmark(Description = "E of 10,000 samples: 784-128-64-10")]
    public BigInteger[] Samples() => _samples.Emergence(_sampleCounts);
}
