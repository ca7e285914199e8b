using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Datasets;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests;

/// <summary>Models made by hand through the whole flow, as a user would run them.</summary>
internal static class WholeAnalysis
{
    public static readonly AnalysisSettings OnCpu = new() { Device = Device.Cpu, Threads = 1 };

    /// <summary>Analyzes a model; its failure is the exception.</summary>
    public static async Task<CheckpointResult> Of(TinyModel model, ProbeOptions probe, AnalysisSettings? settings = null)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Path("tiny.onnx");
        ModelFile.Save(model.Proto, path);
        return await Of(path, probe, settings);
    }

    /// <inheritdoc cref="Of(TinyModel, ProbeOptions, AnalysisSettings?)"/>
    public static async Task<CheckpointResult> Of(string path, ProbeOptions probe, AnalysisSettings? settings = null)
    {
        var outcome = await Analysis.RunAsync(new AnalysisRequest([path], settings ?? OnCpu, probe), null,
            TestContext.Current.CancellationToken);
        return outcome.Failures.IsEmpty ? outcome.Series.Checkpoints[0] : throw new UserException(outcome.Failures[0].Message);
    }

    /// <summary>Every layer's mean and maximum, to what a kernel for another batch rounds differently, and
    /// its alive nodes.</summary>
    public static string Numbers(CheckpointResult result) => string.Join("; ", result.Measurements[0].Layers.Select(layer =>
        $"{layer.Name} {layer.ActivationMean:g6} {layer.ActivationMax:g6} "
        + $"{string.Concat(Enumerable.Range(0, layer.Nodes).Select(node => layer.Mask![node] ? '1' : '0'))}"));

    /// <summary>A float32 array file of quarters.</summary>
    public static string Data(TemporaryFolder folder, string name, params int[] shape) => Data(
        folder, name,
        TinyModel.Encode(TinyModel.Quarters(shape.Aggregate(1, (product, size) => product * size), 3), DataType.Float), shape);

    /// <summary>A float32 array file.</summary>
    public static string Data(TemporaryFolder folder, string name, byte[] values, params int[] shape) =>
        folder.Write(name, Bytes.Npy("<f4", $"({string.Join(',', shape)},)", values));
}
