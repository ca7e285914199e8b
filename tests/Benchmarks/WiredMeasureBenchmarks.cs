using System.Numerics;
using BenchmarkDotNet.Attributes;
using Emergence.Analyzer.Metrics;

namespace Emergence.Benchmarks;

/// <summary>E_w per checkpoint: from weights to the number.</summary>
[MemoryDiagnoser, MinColumn]
public class WiredMeasureBenchmarks
{
    private static readonly int[] s_mlp = [784, 512, 256, 10];
    private float[][] _mlpWeights = null!, _leNetWeights = null!;
    private LayerActivity[] _mlpActivity = null!, _leNetActivity = null!;

    /// <summary>Share of weights that are zero.</summary>
    [Params(0, 0.5)]
    public double Sparsity { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        var networks = new SampleNetworks(Sparsity);
        _mlpWeights = networks.MlpWeights(s_mlp);
        _mlpActivity = networks.HalfAlive(s_mlp.Select(nodes => new NetworkLayer(nodes)));
        _leNetWeights = networks.LeNetWeights();
        _leNetActivity = networks.HalfAlive(SampleNetworks.LeNet(_leNetWeights).Layers);
    }

    [Benchmark(Description = "E_w: MLP 784-512-256-10")]
    public BigInteger Mlp() => MeasureCatalog.EmergenceWired.Of(SampleNetworks.Mlp(s_mlp, _mlpWeights), _mlpActivity).Rounded;

    [Benchmark(Description = "E_w: LeNet on 28×28")]
    public BigInteger LeNet() => MeasureCatalog.EmergenceWired.Of(SampleNetworks.LeNet(_leNetWeights), _leNetActivity).Rounded;
}

/// <summary>E_w of a large network, its wiring compiled.</summary>
[MemoryDiagnoser, MinColumn, SimpleJob(warmupCount: 1, iterationCount: 3)]
public class LargeWiredMeasureBenchmarks
{
    private NetworkGraph _resNet = null!;
    private LayerActivity[] _activity = null!;

    /// <summary>Share of weights that are zero.</summary>
    [Params(0, 0.5)]
    public double Sparsity { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        var networks = new SampleNetworks(Sparsity);
        _resNet = networks.ResNet50(wired: true);
        _activity = networks.HalfAlive(_resNet.Layers);
    }

    [Benchmark(Description = "E_w: ResNet-50 at 224×224, units")]
    public BigInteger ResNet50() => MeasureCatalog.EmergenceWired.Of(_resNet, _activity).Rounded;
}
