using System.Collections.Immutable;
using System.Numerics;
using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Tests.Graphs;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Tests;

public class MeasurementsTests
{
    [Fact]
    public void a_worked_chain_of_the_definitions()
    {
        // Nodes 2, 3, 2, alive 1, 2, 1: E = 6, E_H = 5.
        var measurement = Measure([[0, 1], [1, 0, 1], [0, 1]]);
        Assert.Equal((6, 5), ((int)measurement.Emergence.Rounded, (int)measurement.EmergenceActive.Rounded));
        Assert.Equal(ZeroCause.None, measurement.ZeroCause);
        Assert.Equal([1, 2, 1], measurement.Layers.Select(layer => layer.Alive));
        Assert.Equal([false, true], measurement.Layers[0].Mask!.Cast<bool>());
    }

    [Fact]
    public void relative_emergence_counts_a_tied_tensor_once()
    {
        var measurement = Measure([[0, 1], [1, 0, 1], [0, 1]],
            [new("w1", ParameterRole.Weight, 6, 3)],
            [new("w1", ParameterRole.Weight, 6, 3), new("b2", ParameterRole.Bias, 2, 1)], []);
        Assert.Equal(6 / 4.0, measurement.RelativeEmergence);
        Assert.Equal(6 / 8.0, measurement.RelativeEmergenceAll);
        Assert.Equal([6, 8, 0], measurement.Layers.Select(layer => layer.Parameters));
        Assert.Null(Measure([[0, 1], [1, 0, 1], [0, 1]]).RelativeEmergence);
    }

    [Fact]
    public void emergence_is_split_by_layers()
    {
        // Nodes 4, 3, 2, alive 1, 2, 1: of 16 paths 15 start in the first layer, 6 of them ending in the next.
        var (graph, profile) = Network([[1, 0, 0, 0], [1, 1, 0], [1, 0]], []);
        var measurement = Measurements.Of(graph, profile, new AnalysisSettings { Contributions = true })[0];
        Assert.Equal([15 / 16.0, 1 / 16.0, 0], measurement.Layers.Select(layer => layer.EmergenceShare));
        Assert.Equal(["6", "9", "1", "16"], ((EmergenceValue[])
            [measurement.Contributions![0, 1], measurement.Contributions[0, 2], measurement.Contributions[1, 2],
                measurement.Contributions.Total]).Select(value => $"{value}"));
        Assert.Null(Measurements.Of(graph, profile, new AnalysisSettings())[0].Contributions);
        Assert.Null(Measure([[1, 1], [1, 1]]).Layers[0].EmergenceShare);
    }

    [Fact]
    public void a_zero_says_why()
    {
        Assert.Equal(ZeroCause.AllAlive, Measure([[1, 1], [1, 1]]).ZeroCause);
        Assert.Equal(ZeroCause.AllDead, Measure([[0, 0], [0, 0]]).ZeroCause);
        Assert.Equal(ZeroCause.NoPath, Measure([[1, 1], [1, 0]]).ZeroCause);
        Assert.Equal(BigInteger.Zero, Measure([[1, 1], [1, 0]]).Emergence.Rounded);
    }

    [Fact]
    public void each_threshold_has_its_measurement_in_the_order_asked_for()
    {
        var (graph, profile) = Network([[0.3, 0.1], [0.2, 0.4]], []);
        var measurements = Measurements.Of(graph, profile, new AnalysisSettings { Thresholds = [0.25f, 0f] });
        Assert.Equal([0.25f, 0f], measurements.Select(measurement => measurement.Threshold));
        Assert.Equal([2, 4], measurements.Select(measurement => measurement.Alive));
    }

    [Fact]
    public void a_convolution_has_the_multiplicity_of_its_filters()
    {
        var (graph, profile) = Network([[0, 1, 0, 0, 1, 1], [1, 0]], []);
        var convolution = graph.Layers[0] with { Channels = 3, Positions = 2, IsConvolution = true };
        graph = graph with { Layers = graph.Layers.SetItem(0, convolution) };
        profile = profile with
        {
            Layers =
            profile.Layers.SetItem(0, profile.Layers[0] with { Layer = convolution, Channels = 3, Positions = 2 })
        };
        var layer = Measurements.Of(graph, profile, new AnalysisSettings())[0].Layers[0];
        Assert.Equal((6, 3, 3, 2), (layer.Nodes, layer.Alive, layer.Multiplicity, layer.AliveMultiplicity));
    }

    private static Measurement Measure(double[][] means, params ImmutableArray<LayerParameter>[] parameters)
    {
        var (graph, profile) = Network(means, parameters);
        return Assert.Single(Measurements.Of(graph, profile, new AnalysisSettings()));
    }

    /// <summary>A dense chain whose nodes had these means over ten samples.</summary>
    private static (LayerGraph Graph, ActivationProfile Profile) Network(double[][] means,
        ImmutableArray<LayerParameter>[] parameters)
    {
        var chain = LayerSelectionTests.Graph(
            [.. means.Select((_, i) => $"fc{i}")],
            [.. Enumerable.Range(0, means.Length - 1).Select(i => (i, i + 1, EdgeKind.Dense))]);
        var graph = chain with
        {
            Layers = [.. chain.Layers.Select((layer, i) =>
                layer with { Channels = means[i].Length, Parameters = parameters.Length > i ? parameters[i] : [] })],
        };
        var totals = means.Select(layer => ImmutableDictionary<Counter, ImmutableArray<double>>.Empty
            .Add(new Counter(CounterKind.Sum), [.. layer.Select(mean => mean * 10)])
            .Add(new Counter(CounterKind.Max), [.. layer]));
        return (graph, new ActivationProfile(
            [.. graph.Layers.Zip(totals,
                (layer, total) => new LayerProfile(layer, layer.Channels, 1, Samples: 10, ActivationsPerSample: 1, total))],
                null, []));
    }
}
