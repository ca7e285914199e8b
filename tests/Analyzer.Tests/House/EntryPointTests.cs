using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Pruning;
using Emergence.Testing;
using Emergence.Tracing;

namespace Emergence.Analyzer.Tests.House;

/// <summary>What a program of one's own calls: trace a model, measure it, prune it.</summary>
public class EntryPointTests
{
    private static readonly AnalysisSettings OnCpu = new() { Device = Device.Cpu, Threads = 1 };
    private static readonly ProbeOptions Digits = new() { Samples = 128 };

    private static string File { get; } = Path.Combine(SharedFiles.Repository, "models", "digits-mlp", "ckpt_010.onnx");

    [Fact]
    public async Task a_model_is_traced_measured_and_pruned_without_the_program()
    {
        var checkpoint = Checkpoint.Open(File);
        var graph = LayerTracer.Trace(checkpoint, new TraceOptions());
        var measured = Measurer.Measure(checkpoint, OnCpu, Digits, TestContext.Current.CancellationToken);
        var pruned = Pruner.Prune(checkpoint, new PruneOptions { Amount = 0.75 });
        var after = Measurer.Measure(checkpoint.WithModel(pruned.Model), OnCpu, Digits, TestContext.Current.CancellationToken);

        Assert.Equal(graph.Layers.Select(layer => layer.Name), measured.Measurements[0].Layers.Select(layer => layer.Name));
        Assert.Equal(graph.Layers.Length, pruned.Layers.Length);
        Assert.InRange(pruned.Sparsity, 0.749, 0.751);
        Assert.NotEqual(measured.Measurements[0].Emergence, after.Measurements[0].Emergence);

        // The program says the same of the file.
        var request = new AnalysisRequest([File], OnCpu, Digits);
        var outcome = await Analysis.RunAsync(request, progress: null, TestContext.Current.CancellationToken);
        Assert.Equal(outcome.Series.Checkpoints[0].Measurements[0].Emergence, measured.Measurements[0].Emergence);
        Assert.Equal(outcome.Series.Checkpoints[0].Diagnostics, measured.Diagnostics);
        Assert.Equal(outcome.Series.Checkpoints[0].Accuracy, measured.Profile.Accuracy);
    }

    /// <summary>These tests see what is internal; a program of one's own does not.</summary>
    [Theory]
    [InlineData(typeof(LayerTracer), nameof(LayerTracer.Trace))]
    [InlineData(typeof(Measurer), nameof(Measurer.Measure))]
    [InlineData(typeof(Pruner), nameof(Pruner.Prune))]
    public void an_entry_point_is_public(Type type, string method)
    {
        Assert.True(type.IsPublic);
        Assert.NotNull(type.GetMethod(method));
    }
}
