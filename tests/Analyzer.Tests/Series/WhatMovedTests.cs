using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Series;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Cli;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Testing;
using static Emergence.Analyzer.Tests.Series.BiasChains;

namespace Emergence.Analyzer.Tests.Series;

/// <summary>What a series says of its steps, from files to sentences.</summary>
public sealed class WhatMovedTests : IDisposable
{
    private static readonly AnalysisSettings OnCpu = new() { Device = Device.Cpu, Threads = 1 };

    private readonly TemporaryFolder folder = new();
    private readonly Shell shell = new() { Analysis = Analysis.RunAsync };

    public void Dispose()
    {
        folder.Dispose();
        shell.Dispose();
    }

    [Fact]
    public async Task one_logit_that_becomes_active_is_named()
    {
        var files = new[] { 0, 1 }.Select(logits => Chain($"{logits}.onnx", (8, 5), (6, 4), (3, 1 + logits))).ToArray();

        Assert.Equal(0, await shell.RunAsync([.. files, "--quiet"]));

        // 3 · (6 · 1) + 2 · 1 paths lead to each alive logit, 3 · 4 to the middle layer: 32 and then 52.
        Assert.Contains("\n1.onnx: E × 1.63: one node of fc2 (logits) became active\n", shell.Output, StringComparison.Ordinal);
        Assert.Contains("one node", shell.Output.Split('\n').Single(line =>
            line.StartsWith("1.onnx  ", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task the_output_unit_that_moved_E_of_a_trained_LeNet_is_named()
    {
        Assert.Equal(0, await shell.RunAsync(Path.Combine(SharedFiles.Repository, "models", "digits-lenet"), "--quiet"));

        Assert.Contains(": one node of fc3 (logits) became active, ", shell.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task contributions_and_slopes_are_those_of_the_network()
    {
        var series = await Run(Chain("a.onnx", (8, 5), (6, 4), (3, 1)), Chain("b.onnx", (8, 7), (6, 4), (3, 2)));
        var (before, after) = (series[0].Measurements[0], series[1].Measurements[0]);

        Assert.Null(before.Step);
        // One node more of the first layer takes away the 4 + 6 · 1 paths that leave it, of the second it takes 1 and adds 3,
        // of the last it adds 3 · 6 + 2.
        Assert.Equal(["-10", "2", "20"], before.Layers.Select(layer => layer.Slope.ToString()));
        // Two more of the first: each 10 to 16 paths less, 13 halfway; one more logit: 20 to 8 paths more, 14 halfway.
        Assert.Equal(["-26", "0", "14"], after.Step!.Split!.Layers.Select(layer => layer.Contribution.ToString()));
        Assert.Equal("-12", after.Step.Change.ToString());
        Assert.Equal(EmergenceChange.Between(before.Emergence, after.Emergence), after.Step.Change);
        Assert.Equal(new NodeStep(2, 1, true, new(false, new(14))), after.Step.Split.Largest);
        // The largest activations are counted of one model alone, or where the statistic or --units needs them.
        Assert.Equal([null, null, null], before.Layers.Select(layer => layer.NeverFired));
        var alone = (await Run(Chain("a.onnx", (8, 5), (6, 4), (3, 1))))[0].Measurements[0];
        Assert.Equal([3, 2, 2], alone.Layers.Select(layer => layer.NeverFired));
    }

    [Fact]
    public async Task a_series_whose_last_file_is_odd_falls_into_two_segments_with_a_warning()
    {
        var files = Enumerable.Range(0, 3).Select(i => Chain($"{i}.onnx", (8, 5), (6, 4), (3, 1))).Append(
            Chain("3.onnx", (8, 5), (5, 4), (3, 1))).ToArray();

        Assert.Equal(0, await shell.RunAsync([.. files, "--quiet"]));

        Assert.Contains("the structure changes, so a new segment of the series begins", shell.Error, StringComparison.Ordinal);
        Assert.Contains("\n3.onnx: E × 0.88: the structure changed\n", shell.Output, StringComparison.Ordinal);
        Assert.Contains("\n- judged from 3.onnx on, where the structure or the samples changed\n", shell.Output,
            StringComparison.Ordinal);

        var series = await Run(files);
        Assert.Equal([new Segment(0, 3), new Segment(3, 1)], Segment.Of(series));
        var step = series[3].Measurements[0].Step!;
        Assert.Null(step.Split);
        Assert.Equal(EmergenceChange.Between(series[2].Measurements[0].Emergence, series[3].Measurements[0].Emergence),
            step.Structure);
        Assert.All(series[3].Measurements[0].Layers, layer => Assert.Null(layer.Woke));
    }

    [Fact]
    public async Task one_model_prints_its_layers()
    {
        Assert.Equal(0, await shell.RunAsync(Chain("a.onnx", (8, 5), (6, 4), (3, 1)), "--quiet"));

        string[] expected =
        [
            "layer       nodes  alive  dead  never fired  by bias  % of E  slope",
            "──────────  ─────  ─────  ────  ───────────  ───────  ──────  ─────",
            "fc0             8      5     3            3        5    93.8    -10",
            "fc1             6      4     2            2        4     6.2      2",
            "fc2             3      1     2            2        1     0.0     20",
            "all layers     17     10     7            7       10   100.0",
        ];
        Assert.Equal(expected, shell.Output.Split('\n')[..6]);
        Assert.DoesNotContain("verdict", shell.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_change_through_skip_connections_splits_exactly()
    {
        foreach (var name in SharedModels.Analysable().Where(name => name.Contains("resnet", StringComparison.OrdinalIgnoreCase)))
        {
            var path = SharedFiles.Require(["models", .. name.Split('/')]);
            var settings = OnCpu with { Thresholds = [0.05f, 0.2f] };
            var outcome = await Analysis.RunAsync(new([path], settings, new() { Samples = 2 }), null,
                TestContext.Current.CancellationToken);
            Assert.All(outcome.Series.Checkpoints.Single().Measurements, measurement =>
                Assert.Contains(measurement.Layers, layer => layer.Slope is not null));
        }
    }

    private string Chain(string name, params (int Nodes, int Alive)[] layers) =>
        Save(folder, name, [.. layers.Select(layer => Biases(layer.Nodes, layer.Alive))]);

    private static async Task<System.Collections.Immutable.ImmutableArray<CheckpointResult>> Run(params string[] files)
    {
        var outcome = await Analysis.RunAsync(new([.. files], OnCpu, new() { Samples = 5 }), null,
            TestContext.Current.CancellationToken);
        Assert.Empty(outcome.Failures);
        return outcome.Series.Checkpoints;
    }
}
